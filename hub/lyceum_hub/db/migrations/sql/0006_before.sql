-- A project that is being moved: where to, and until when the hub that moves it may take, unless it says so again. The compute
-- host that it goes to may fetch its copy meanwhile, and nothing else.

alter table projects add column moving_to text, add column moving_until timestamptz;

create or replace view project_placement as
    select project_id, uid, compute_host, storage_host,
        case when moving_until > now() then moving_to end as moving_to
    from projects;
