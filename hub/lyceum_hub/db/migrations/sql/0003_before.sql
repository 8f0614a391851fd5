-- Projects' own origins: the way there is a ticket of one use, changed for a cookie that is good for one project.
-- Of ticket and cookie only the SHA-256 is here; credential_hash is that of the session or API key they were made with.

create table project_tickets (
    ticket_hash bytea primary key check (length(ticket_hash) = 32),
    credential_hash bytea not null check (length(credential_hash) = 32),
    project_id uuid not null references projects on delete cascade,
    expires timestamptz not null
);
create index project_tickets_credential on project_tickets (credential_hash);
create index project_tickets_project on project_tickets (project_id);

create table project_cookies (
    token_hash bytea primary key check (length(token_hash) = 32),
    credential_hash bytea not null check (length(credential_hash) = 32),
    project_id uuid not null references projects on delete cascade,
    created timestamptz not null default clock_timestamp(),
    expires timestamptz not null
);
create index project_cookies_credential on project_cookies (credential_hash, project_id);
create index project_cookies_project on project_cookies (project_id);

grant select, insert, update, delete on project_tickets, project_cookies to lyceum_hub;
