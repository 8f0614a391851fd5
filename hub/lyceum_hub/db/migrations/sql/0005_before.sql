-- A quota that was changed has a higher number than before: a compute host that hears of it from several hubs keeps the latest.
create sequence quota_revisions;
alter table projects add column quota_revision bigint not null default 0;
grant usage on quota_revisions to lyceum_hub;
