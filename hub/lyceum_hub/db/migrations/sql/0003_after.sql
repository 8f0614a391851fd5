-- Nothing older than this pair is to be taken away.
select 1;
