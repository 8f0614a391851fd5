-- The hub's tables: accounts and their sessions, projects and their people.
-- Everything here belongs to lyceum_owner; the services get what they need and no more.

create table accounts (
    account_id uuid primary key default gen_random_uuid(),
    email_address text not null unique check (email_address = lower(email_address) and email_address <> ''),
    first_name text not null default '',
    last_name text not null default '',
    password_hash text,
    administrator boolean not null default false,
    disabled boolean not null default false,
    created timestamptz not null default now()
);

-- The token itself is only in the browser's cookie; here is its SHA-256.
create table sessions (
    token_hash bytea primary key check (length(token_hash) = 32),
    account_id uuid not null references accounts on delete cascade,
    remembered boolean not null default false,
    created timestamptz not null default now(),
    used timestamptz not null default now(),
    expires timestamptz not null
);
create index sessions_account on sessions (account_id);
create index sessions_expires on sessions (expires);

create table api_keys (
    api_key_id uuid primary key default gen_random_uuid(),
    token_hash bytea not null unique check (length(token_hash) = 32),
    account_id uuid not null references accounts on delete cascade,
    name text not null,
    created timestamptz not null default now(),
    used timestamptz
);
create index api_keys_account on api_keys (account_id);

-- Failed sign-ins and sign-ups, counted over all hubs.
create table attempts (
    kind text not null,
    subject text not null,
    at timestamptz not null default clock_timestamp()
);
create index attempts_subject on attempts (kind, subject, at);
create index attempts_at on attempts (at);

create table projects (
    project_id uuid primary key default gen_random_uuid(),
    -- The project's Linux user on every host. A sequence never hands out a number twice, nor does this column take one.
    uid integer not null unique generated always as identity (start 200001 minvalue 200001 maxvalue 2000000000 no cycle),
    title text not null,
    description text not null default '',
    state text not null default 'closed' check (state in
        ('closed', 'opening', 'opened', 'starting', 'running', 'saving', 'stopping', 'closing')),
    state_changed timestamptz not null default now(),
    -- The time, by the compute host's clock, of the latest state that it told: an older one that arrives late is not believed.
    state_told timestamptz not null default '-infinity',
    state_detail text not null default '',
    compute_host text,
    storage_host text,
    placed timestamptz,
    created timestamptz not null default now(),
    last_edited timestamptz,
    last_saved timestamptz,
    disk integer not null check (disk > 0),
    memory integer not null check (memory > 0),
    cores double precision not null check (cores > 0),
    cpu_shares integer not null check (cpu_shares > 0),
    idle_timeout integer not null check (idle_timeout >= 0),
    network boolean not null default false,
    member_host boolean not null default false,
    check ((compute_host is null) = (storage_host is null))
);
create index projects_compute_host on projects (compute_host);

create table collaborators (
    project_id uuid not null references projects on delete cascade,
    account_id uuid not null references accounts on delete cascade,
    role text not null check (role in ('owner', 'collaborator')),
    added timestamptz not null default now(),
    primary key (project_id, account_id)
);
create index collaborators_account on collaborators (account_id);

-- For people who have no account yet; taken up when they make one.
create table invitations (
    project_id uuid not null references projects on delete cascade,
    email_address text not null check (email_address = lower(email_address)),
    role text not null check (role in ('owner', 'collaborator')),
    invited_by uuid references accounts on delete set null,
    created timestamptz not null default now(),
    expires timestamptz not null,
    primary key (project_id, email_address)
);
create index invitations_email_address on invitations (email_address);

-- What the storage service may know (and nothing else): where a project is, and the record kept beside its copy.
create view project_placement as
    select project_id, uid, compute_host, storage_host from projects;

create view project_records as
    select
        p.project_id,
        jsonb_build_object(
            'project_id', p.project_id,
            'uid', p.uid,
            'title', p.title,
            'description', p.description,
            'created', p.created,
            'quota', jsonb_build_object(
                'disk', p.disk, 'memory', p.memory, 'cores', p.cores, 'cpu_shares', p.cpu_shares,
                'idle_timeout', p.idle_timeout, 'network', p.network, 'member_host', p.member_host),
            'people', coalesce((
                select jsonb_agg(jsonb_build_object(
                    'account_id', a.account_id, 'email_address', a.email_address,
                    'first_name', a.first_name, 'last_name', a.last_name, 'role', c.role)
                    order by c.role desc, c.added, a.account_id)
                from collaborators c join accounts a using (account_id)
                where c.project_id = p.project_id), '[]')
        ) as record
    from projects p;

-- Changes, for every hub that listens. The payload is a word and a key, never data: whoever hears it reads the row, and
-- so sees only what was committed and what the reader may see. Equal payloads of one transaction arrive once.

create function notify_project() returns trigger language plpgsql as $$
begin
    perform pg_notify('lyceum_changes', 'project ' || coalesce(new.project_id, old.project_id));
    return null;
end $$;

create function notify_collaborator() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' then
        perform pg_notify('lyceum_changes', 'project ' || old.project_id);
    end if;
    if tg_op <> 'DELETE' then
        perform pg_notify('lyceum_changes', 'project ' || new.project_id);
    end if;
    if tg_op = 'DELETE' or (tg_op = 'UPDATE'
            and (old.project_id, old.account_id) is distinct from (new.project_id, new.account_id)) then
        perform pg_notify('lyceum_changes', 'left ' || old.project_id || ' ' || old.account_id);
    end if;
    return null;
end $$;

create function notify_account() returns trigger language plpgsql as $$
begin
    perform pg_notify('lyceum_changes', 'account ' || coalesce(new.account_id, old.account_id));
    if tg_op = 'UPDATE' and (old.first_name, old.last_name, old.email_address)
            is distinct from (new.first_name, new.last_name, new.email_address) then
        perform pg_notify('lyceum_changes', 'project ' || project_id)
            from collaborators where account_id = new.account_id;
    end if;
    return null;
end $$;

create function notify_credential() returns trigger language plpgsql as $$
begin
    perform pg_notify('lyceum_changes', 'credential ' || encode(old.token_hash, 'hex') || ' ' || old.account_id);
    return null;
end $$;

create function notify_all() returns trigger language plpgsql as $$
begin
    perform pg_notify('lyceum_changes', 'all');
    return null;
end $$;

create trigger projects_changed after insert or update or delete on projects
    for each row execute function notify_project();
create trigger collaborators_changed after insert or update or delete on collaborators
    for each row execute function notify_collaborator();
create trigger accounts_changed after insert or update or delete on accounts
    for each row execute function notify_account();
create trigger sessions_ended after delete on sessions
    for each row execute function notify_credential();
create trigger api_keys_ended after delete on api_keys
    for each row execute function notify_credential();
create trigger projects_emptied after truncate on projects execute function notify_all();
create trigger collaborators_emptied after truncate on collaborators execute function notify_all();
create trigger accounts_emptied after truncate on accounts execute function notify_all();
create trigger sessions_emptied after truncate on sessions execute function notify_all();
create trigger api_keys_emptied after truncate on api_keys execute function notify_all();

grant usage on schema public to lyceum_hub, lyceum_storage, lyceum_dump;
grant select, insert, update, delete
    on accounts, sessions, api_keys, attempts, projects, collaborators, invitations to lyceum_hub;
grant select on project_placement, project_records to lyceum_storage;
grant select on all tables in schema public to lyceum_dump;
grant select on all sequences in schema public to lyceum_dump;
alter default privileges in schema public grant select on tables to lyceum_dump;
alter default privileges in schema public grant select on sequences to lyceum_dump;
