"""Visits to projects' own origins in the database: tickets to them, and the cookies that tickets are changed for.

Of each only a hash is there. Both are as good as the session or API key that they were made with, and end with it.
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from .database import Connection

#: Cookies of one session for one project that count at a time: one for each browser profile or program that shares it.
MOST_COOKIES = 8


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a project's cookie stands for, and by which session or API key."""

    account_id: UUID
    email_address: str
    administrator: bool
    credential_hash: bytes
    api_key: bool
    unnoted: bool
    """Whether the session's time of use that is stored is out of date."""


async def insert_ticket(
    connection: Connection, ticket_hash: bytes, credential_hash: bytes, project_id: UUID, *, seconds: float
) -> None:
    """Make a ticket that lasts so many seconds, and forget those of the same holder that were never used."""
    await connection.execute(
        "delete from project_tickets where credential_hash = $1 and expires <= now()", credential_hash
    )
    await connection.execute(
        """
        insert into project_tickets (ticket_hash, credential_hash, project_id, expires)
        values ($1, $2, $3, now() + make_interval(secs => $4))
        """,
        ticket_hash,
        credential_hash,
        project_id,
        seconds,
    )


async def take_ticket(connection: Connection, ticket_hash: bytes, project_id: UUID) -> bytes | None:
    """Use a ticket up; return the hash of what it was made with, or None if it is not valid for the project."""
    found: bytes | None = await connection.fetchval(
        """
        delete from project_tickets where ticket_hash = $1 and project_id = $2 and expires > now()
        returning credential_hash
        """,
        ticket_hash,
        project_id,
    )
    return found


async def insert_cookie(
    connection: Connection, token_hash: bytes, credential_hash: bytes, project_id: UUID, *, seconds: float
) -> None:
    """Make a cookie for a project; of the same holder's for the same project only the latest few stay."""
    await connection.execute(
        """
        delete from project_cookies where token_hash in (
            select token_hash from project_cookies where credential_hash = $1 and project_id = $2
            order by created desc offset $3)
        """,
        credential_hash,
        project_id,
        MOST_COOKIES - 1,
    )
    await connection.execute(
        """
        insert into project_cookies (token_hash, credential_hash, project_id, expires)
        values ($1, $2, $3, now() + make_interval(secs => $4))
        """,
        token_hash,
        credential_hash,
        project_id,
        seconds,
    )


async def visitor(connection: Connection, token_hash: bytes, project_id: UUID) -> Visitor | None:
    """Return whom a cookie stands for in a project, if it, its session and the account have not ended."""
    row = await connection.fetchrow(
        """
        select a.account_id, a.email_address, a.administrator, c.credential_hash, c.api_key, c.unnoted
        from project_cookies p
        join (
            select token_hash as credential_hash, account_id, false as api_key,
                used < now() - interval '10 minutes' as unnoted
            from sessions where expires > now()
            union all
            select token_hash, account_id, true, false from api_keys
        ) c using (credential_hash)
        join accounts a using (account_id)
        where p.token_hash = $1 and p.project_id = $2 and p.expires > now() and not a.disabled
        """,
        token_hash,
        project_id,
    )
    return None if row is None else Visitor(**row)


async def delete_ended(connection: Connection) -> None:
    """Forget the tickets and cookies whose time is over, or whose session or API key is gone."""
    for table in ("project_tickets", "project_cookies"):
        await connection.execute(
            f"""
            delete from {table} t where expires <= now()
                or not exists (select from sessions s where s.token_hash = t.credential_hash)
                and not exists (select from api_keys k where k.token_hash = t.credential_hash)
            """  # noqa: S608 the names are ours
        )
