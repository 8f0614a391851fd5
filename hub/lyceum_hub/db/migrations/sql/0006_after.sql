-- Nothing older is to be taken away.
select 1;
