"""Public SSH keys in the database: of accounts, for all their projects, and of single projects."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from .database import Connection


class SshKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key. ``project_id`` is None for one that is good for all projects of its account."""

    ssh_key_id: UUID
    account_id: UUID | None
    """Whose it is, or for a project's key, who added it (None: an administrator who is not in the project)."""
    project_id: UUID | None
    title: str
    algorithm: str
    blob: bytes
    fingerprint: bytes
    created: datetime
    used: datetime | None


class Entrance(msgspec.Struct, frozen=True, kw_only=True):
    """A key that opens a project."""

    ssh_key_id: UUID
    account_id: UUID | None
    unnoted: bool
    """Whether the time of use that is stored is out of date."""


_COLUMNS = ", ".join(SshKey.__struct_fields__)


async def insert(
    connection: Connection,
    *,
    account_id: UUID | None,
    project_id: UUID | None,
    title: str,
    algorithm: str,
    blob: bytes,
) -> SshKey | None:
    """Add a key; None if the account (or the project) has it already."""
    row = await connection.fetchrow(
        f"""
        insert into ssh_keys (account_id, project_id, title, algorithm, blob) values ($1, $2, $3, $4, $5)
        on conflict do nothing
        returning {_COLUMNS}
        """,  # noqa: S608 only names of columns are put in
        account_id,
        project_id,
        title,
        algorithm,
        blob,
    )
    return None if row is None else _key(row)


async def of_account(connection: Connection, account_id: UUID) -> list[SshKey]:
    """Return an account's own keys, oldest first."""
    rows = await connection.fetch(
        f"""
        select {_COLUMNS} from ssh_keys where account_id = $1 and project_id is null
        order by created, ssh_key_id
        """,  # noqa: S608 only names of columns are put in
        account_id,
    )
    return [_key(row) for row in rows]


async def of_project(connection: Connection, project_id: UUID) -> list[SshKey]:
    """Return a project's own keys, oldest first."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from ssh_keys where project_id = $1 order by created, ssh_key_id",  # noqa: S608 only names
        project_id,
    )
    return [_key(row) for row in rows]


async def find(connection: Connection, ssh_key_id: UUID) -> SshKey | None:
    """Return a key."""
    row = await connection.fetchrow(
        f"select {_COLUMNS} from ssh_keys where ssh_key_id = $1",  # noqa: S608 only names of columns are put in
        ssh_key_id,
    )
    return None if row is None else _key(row)


async def delete(connection: Connection, ssh_key_id: UUID) -> bool:
    """Take a key away; return whether there was one."""
    return await connection.execute("delete from ssh_keys where ssh_key_id = $1", ssh_key_id) != "DELETE 0"


async def lock_owner(connection: Connection, owner: UUID) -> None:
    """Let keys of one account or project be counted and added one at a time, until the transaction ends."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 7140004))", str(owner))


async def entrance(connection: Connection, project_id: UUID, blob: bytes) -> Entrance | None:
    """Return how a key opens a project: as one of its own, or of somebody who works in it. An account's comes first."""
    row = await connection.fetchrow(
        """
        select k.ssh_key_id, k.account_id, k.used is null or k.used < now() - interval '1 minute' as unnoted
        from ssh_keys k left join accounts a using (account_id)
        where k.fingerprint = sha256($2) and k.blob = $2 and not coalesce(a.disabled, false)
            and (k.project_id = $1 or k.project_id is null and exists (
                select from collaborators c where c.project_id = $1 and c.account_id = k.account_id))
        order by k.project_id nulls first, k.created, k.ssh_key_id
        limit 1
        """,
        project_id,
        blob,
    )
    return None if row is None else Entrance(**row)


async def note_used(connection: Connection, ssh_key_id: UUID) -> None:
    """Note the time of use."""
    await connection.execute("update ssh_keys set used = now() where ssh_key_id = $1", ssh_key_id)


def _key(row: asyncpg.Record) -> SshKey:
    return SshKey(**row)
