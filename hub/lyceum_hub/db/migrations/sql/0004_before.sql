-- Public SSH keys: an account's, good for all projects that it works in (project_id is null), and a project's own. A project's
-- key goes with the person who added it: whoever is removed from a project leaves no door open. One that an administrator
-- added who does not work in the project is nobody's.

create table ssh_keys (
    ssh_key_id uuid primary key default gen_random_uuid(),
    account_id uuid references accounts on delete cascade,
    project_id uuid references projects on delete cascade,
    title text not null,
    algorithm text not null,
    blob bytea not null,
    fingerprint bytea not null generated always as (sha256(blob)) stored,
    created timestamptz not null default now(),
    used timestamptz,
    foreign key (project_id, account_id) references collaborators (project_id, account_id) on delete cascade,
    check (account_id is not null or project_id is not null)
);
create unique index ssh_keys_account on ssh_keys (account_id, fingerprint) where project_id is null;
create unique index ssh_keys_project on ssh_keys (project_id, fingerprint) where project_id is not null;
create index ssh_keys_fingerprint on ssh_keys (fingerprint);

create function notify_ssh_key() returns trigger language plpgsql as $$
begin
    perform pg_notify('lyceum_changes', 'ssh_key ' || old.ssh_key_id
        || ' ' || coalesce(old.project_id::text, '-') || ' ' || coalesce(old.account_id::text, '-'));
    return null;
end $$;

create trigger ssh_keys_ended after delete on ssh_keys for each row execute function notify_ssh_key();
create trigger ssh_keys_emptied after truncate on ssh_keys execute function notify_all();

grant select, insert, update, delete on ssh_keys to lyceum_hub;
