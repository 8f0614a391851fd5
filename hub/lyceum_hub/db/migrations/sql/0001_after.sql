-- Nothing older than the first migration is to be taken away.
select 1;
