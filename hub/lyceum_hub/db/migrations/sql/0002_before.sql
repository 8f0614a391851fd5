-- What projects used, as the compute hosts counted it, and what their owners ask for.

-- One row for each hour in which a project ran or was looked at. A host tells the sums of an hour again as they grow: a
-- row is replaced, never added to, so that it does not matter how often or by how many hubs it is heard. A host that was
-- set up anew counts from nothing in a ledger of a new name, beside what it had counted before.
create table project_usage (
    project_id uuid not null,
    hour timestamptz not null,
    ledger text not null,
    compute_host text not null,
    cpu_seconds double precision not null check (cpu_seconds >= 0),
    memory_gb_hours double precision not null check (memory_gb_hours >= 0),
    disk double precision not null check (disk >= 0),
    running_seconds double precision not null check (running_seconds >= 0),
    primary key (project_id, hour, ledger)
);
create index project_usage_hour on project_usage (hour);

-- The same for each day (UTC), once its hours are old. No reference to the project: accounts outlive what they are for.
create table project_usage_days (
    project_id uuid not null,
    day date not null,
    cpu_seconds double precision not null,
    memory_gb_hours double precision not null,
    disk double precision not null,
    running_seconds double precision not null,
    primary key (project_id, day)
);

-- How far each host's ledger was read.
create table accounting_marks (
    compute_host text primary key,
    ledger text not null,
    sequence bigint not null
);

create table quota_requests (
    project_id uuid primary key references projects on delete cascade,
    account_id uuid not null references accounts on delete cascade,
    quota jsonb not null,
    reason text not null default '',
    created timestamptz not null default now()
);

grant select, insert, update, delete
    on project_usage, project_usage_days, accounting_marks, quota_requests to lyceum_hub;
