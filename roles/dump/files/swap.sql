-- From one moment to the next, and back to how it was if it cannot be done. Run in the database `postgres`, with -v kept=<name for the present one>.
alter database lyceum with allow_connections false;
select pg_terminate_backend(pid) from pg_stat_activity where datname in ('lyceum', 'lyceum_restoring');
begin;
alter database lyceum rename to :"kept";
alter database lyceum_restoring rename to lyceum;
commit;
alter database :"kept" with allow_connections true;
