"""Projects and their people in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from lyceum_compute.protocol.messages import Quota, State

from .database import Connection


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who works in a project."""

    account_id: UUID
    email_address: str
    first_name: str
    last_name: str
    role: str


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A project with its people."""

    project_id: UUID
    uid: int
    title: str
    description: str
    state: State
    state_changed: datetime
    state_detail: str
    compute_host: str | None
    storage_host: str | None
    moving: bool
    """Whether it is on its way to another compute host."""
    created: datetime
    last_edited: datetime | None
    last_saved: datetime | None
    quota: Quota
    quota_revision: int
    users: list[Person]

    def role_of(self, account_id: UUID) -> str | None:
        """Return what somebody is in the project, or None."""
        return next((person.role for person in self.users if person.account_id == account_id), None)

    def name_of(self, account_id: UUID) -> str | None:
        """Return what somebody who works in the project is called, or None."""
        names = (f"{person.first_name} {person.last_name}" for person in self.users if person.account_id == account_id)
        return next(names, None)


_QUOTA = Quota.__struct_fields__
_PLAIN = [name for name in Project.__struct_fields__ if name not in {"quota", "users", "state", "moving"}]

_SELECT = f"""
    select {", ".join(f"p.{name}" for name in (*_PLAIN, "state", *_QUOTA))},
        coalesce(p.moving_until > now(), false) as moving,
        coalesce((
            select json_agg(json_build_object(
                'account_id', a.account_id, 'email_address', a.email_address,
                'first_name', a.first_name, 'last_name', a.last_name, 'role', c.role)
                order by c.role desc, c.added, a.account_id)
            from collaborators c join accounts a using (account_id)
            where c.project_id = p.project_id), '[]')::text as users
    from projects p
"""  # noqa: S608 only names of columns are put in

_people = msgspec.json.Decoder(list[Person])


def _project(row: asyncpg.Record) -> Project:
    plain: dict[str, Any] = {name: row[name] for name in (*_PLAIN, "moving")}
    quota = Quota(**{name: row[name] for name in _QUOTA})
    return Project(**plain, state=State(row["state"]), quota=quota, users=_people.decode(row["users"]))


async def insert(
    connection: Connection, project_id: UUID, owner: UUID, *, title: str, description: str, quota: Quota
) -> None:
    """Make a project and its owner (in a transaction)."""
    await connection.execute(
        """
        insert into projects
            (project_id, title, description, disk, memory, cores, cpu_shares, idle_timeout, network, member_host)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        project_id,
        title,
        description,
        *(getattr(quota, name) for name in _QUOTA),
    )
    await add_person(connection, project_id, owner, "owner")


async def find(connection: Connection, project_id: UUID) -> Project | None:
    """Return a project."""
    row = await connection.fetchrow(_SELECT + " where p.project_id = $1", project_id)
    return None if row is None else _project(row)


async def find_many(connection: Connection, project_ids: Sequence[UUID]) -> list[Project]:
    """Return those of the projects that are there."""
    return [_project(row) for row in await connection.fetch(_SELECT + " where p.project_id = any($1)", project_ids)]


async def of_account(connection: Connection, account_id: UUID) -> list[Project]:
    """Return the projects that somebody works in, the latest first."""
    query = _SELECT + " join collaborators mine using (project_id) where mine.account_id = $1 order by p.created desc"
    return [_project(row) for row in await connection.fetch(query, account_id)]


async def every(connection: Connection) -> list[Project]:
    """Return all projects, the latest first."""
    return [_project(row) for row in await connection.fetch(_SELECT + " order by p.created desc")]


async def owned_count(connection: Connection, account_id: UUID) -> int:
    """Return how many projects somebody owns."""
    count: int = await connection.fetchval(
        "select count(*) from collaborators where account_id = $1 and role = 'owner'", account_id
    )
    return count


async def role_of(connection: Connection, project_id: UUID, account_id: UUID) -> tuple[bool, str | None]:
    """Return whether there is such a project, and what somebody is in it."""
    row = await connection.fetchrow(
        """
        select c.role from projects p left join collaborators c on c.project_id = p.project_id and c.account_id = $2
        where p.project_id = $1
        """,
        project_id,
        account_id,
    )
    return (False, None) if row is None else (True, row["role"])


async def set_texts(connection: Connection, project_id: UUID, *, title: str | None, description: str | None) -> None:
    """Change title or description, or both."""
    await connection.execute(
        """
        update projects set title = coalesce($2, title), description = coalesce($3, description)
        where project_id = $1
            and (title, description) is distinct from (coalesce($2, title), coalesce($3, description))
        """,
        project_id,
        title,
        description,
    )


async def next_quota_revision(connection: Connection) -> int:
    """Return a number that is higher than that of every quota there is."""
    revision: int = await connection.fetchval("select nextval('quota_revisions')")
    return revision


async def set_quota(connection: Connection, project_id: UUID, quota: Quota, revision: int) -> None:
    """Replace the quota."""
    await connection.execute(
        """
        update projects set disk = $3, memory = $4, cores = $5, cpu_shares = $6, idle_timeout = $7, network = $8,
            member_host = $9, quota_revision = $2
        where project_id = $1
        """,
        project_id,
        revision,
        *(getattr(quota, name) for name in _QUOTA),
    )


# State, as the compute hosts tell it.


async def set_state(
    connection: Connection, project_id: UUID, host: str, *, state: State, changed: datetime, detail: str
) -> None:
    """Note a state that a host told, unless a later one is known or the project is not placed there.

    A time in the future was told by a clock that was wrong, and holds nothing up once it is set right.
    """
    await connection.execute(
        """
        update projects set state = $3, state_changed = $4, state_told = $4, state_detail = $5
        where project_id = $1 and compute_host = $2
            and (state_told <= $4 or state_told > now() + interval '1 minute')
            and (state, state_told, state_detail) is distinct from ($3, $4, $5)
        """,
        project_id,
        host,
        state.value,
        changed,
        detail,
    )


async def set_saved(connection: Connection, project_id: UUID, host: str, time: datetime) -> None:
    """Note when a copy was completed."""
    await connection.execute(
        """
        update projects set last_saved = $3
        where project_id = $1 and compute_host = $2 and (last_saved is null or last_saved < $3)
        """,
        project_id,
        host,
        time,
    )


async def set_edited(connection: Connection, project_id: UUID, host: str, time: datetime) -> None:
    """Note when files changed."""
    await connection.execute(
        """
        update projects set last_edited = $3
        where project_id = $1 and compute_host = $2 and (last_edited is null or last_edited < $3)
        """,
        project_id,
        host,
        time,
    )


async def set_detail(connection: Connection, project_id: UUID, detail: str) -> None:
    """Say something about the present state, from now on."""
    await connection.execute(
        "update projects set state_detail = $2, state_changed = now() where project_id = $1", project_id, detail
    )


# Where projects are.


class Committed(msgspec.Struct, frozen=True, kw_only=True):
    """What the database knows of a host's load."""

    host: str
    memory: int
    """MB that the quotas of projects there allow which run, are on their way there, or came within the last minute."""
    projects: int


async def lock_placement(connection: Connection) -> None:
    """Let one placement at a time be decided, over all hubs, until the transaction ends."""
    await connection.execute("select pg_advisory_xact_lock(7140003)")


async def committed(connection: Connection) -> list[Committed]:
    """Return the load of every host that has projects.

    Memory is promised to what runs, to what moves, and to what was placed just now and is not known there yet: it is
    closed. What came to rest on its host takes none, or a drained host's projects would keep others from starting.
    """
    rows = await connection.fetch(
        """
        select host, count(*) as projects,
            coalesce(sum(memory) filter (
                where state in ('opening', 'starting', 'running', 'stopping')
                    or (state = 'closed' and placed > now() - interval '1 minute')
                    or moving_until > now()), 0)::bigint as memory
        from (
            select *, case when moving_until > now() then moving_to else compute_host end as host from projects
        ) as placed_or_moving
        where host is not null group by host
        """
    )
    return [Committed(**row) for row in rows]


async def place(connection: Connection, project_id: UUID, compute_host: str, storage_host: str) -> None:
    """Give a project its hosts, unless it has them."""
    await connection.execute(
        """
        update projects set compute_host = $2, storage_host = $3, placed = now()
        where project_id = $1 and compute_host is null
        """,
        project_id,
        compute_host,
        storage_host,
    )


async def placed_on(connection: Connection, host: str) -> list[UUID]:
    """Return the projects that are placed on a compute host."""
    rows = await connection.fetch("select project_id from projects where compute_host = $1", host)
    return [row["project_id"] for row in rows]


async def not_closed_on(connection: Connection, host: str) -> list[Project]:
    """Return the projects on a compute host that are in any state but ``closed``."""
    query = _SELECT + " where p.compute_host = $1 and p.state <> 'closed'"
    return [_project(row) for row in await connection.fetch(query, host)]


# People.


async def add_person(connection: Connection, project_id: UUID, account_id: UUID, role: str) -> bool:
    """Let somebody work in a project; return whether they did not already."""
    done = await connection.execute(
        """
        insert into collaborators (project_id, account_id, role) values ($1, $2, $3)
        on conflict (project_id, account_id) do nothing
        """,
        project_id,
        account_id,
        role,
    )
    return done != "INSERT 0 0"


async def set_role(connection: Connection, project_id: UUID, account_id: UUID, role: str) -> None:
    """Change what somebody is in a project."""
    await connection.execute(
        "update collaborators set role = $3 where project_id = $1 and account_id = $2 and role <> $3",
        project_id,
        account_id,
        role,
    )


async def remove_person(connection: Connection, project_id: UUID, account_id: UUID) -> None:
    """Take somebody out of a project."""
    await connection.execute(
        "delete from collaborators where project_id = $1 and account_id = $2", project_id, account_id
    )


async def lock(connection: Connection, project_id: UUID) -> None:
    """Let one change of a project's people be decided at a time, until the transaction ends."""
    await connection.execute("select 1 from projects where project_id = $1 for update", project_id)


async def hosts_of_account(connection: Connection, account_id: UUID) -> list[tuple[UUID, str]]:
    """Return the running projects that somebody works in, with their hosts."""
    rows = await connection.fetch(
        """
        select project_id, compute_host from projects join collaborators using (project_id)
        where account_id = $1 and compute_host is not null and state = 'running'
        """,
        account_id,
    )
    return [(row["project_id"], row["compute_host"]) for row in rows]


async def invite(
    connection: Connection, project_id: UUID, email_address: str, role: str, *, invited_by: UUID, days: int
) -> None:
    """Note an invitation for somebody who has no account; one that is there begins anew."""
    await connection.execute(
        """
        insert into invitations (project_id, email_address, role, invited_by, expires)
        values ($1, $2, $3, $4, now() + make_interval(days => $5))
        on conflict (project_id, email_address) do update
            set role = excluded.role, invited_by = excluded.invited_by, created = now(), expires = excluded.expires
        """,
        project_id,
        email_address,
        role,
        invited_by,
        days,
    )


async def withdraw_invitation(connection: Connection, project_id: UUID, email_address: str) -> bool:
    """Take an invitation back; return whether there was one."""
    done = await connection.execute(
        "delete from invitations where project_id = $1 and email_address = $2", project_id, email_address
    )
    return done != "DELETE 0"


async def take_up_invitations(connection: Connection, account_id: UUID, email_address: str) -> None:
    """Let a new account into the projects that it was invited to."""
    await connection.execute(
        """
        with taken as (delete from invitations where email_address = $2 returning project_id, role, expires)
        insert into collaborators (project_id, account_id, role)
        select project_id, $1, role from taken where expires > now()
        on conflict (project_id, account_id) do nothing
        """,
        account_id,
        email_address,
    )


async def delete_old_invitations(connection: Connection) -> None:
    """Forget invitations whose time is over."""
    await connection.execute("delete from invitations where expires <= now()")
