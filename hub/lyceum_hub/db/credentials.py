"""Sessions and API keys in the database: only hashes of their tokens are there."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from .database import Connection


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a valid session or API key stands for."""

    account_id: UUID
    email_address: str
    administrator: bool
    unnoted: bool
    """Whether the time of use that is stored is out of date."""


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """An API key as its owner sees it."""

    api_key_id: UUID
    name: str
    created: datetime
    used: datetime | None


async def insert_session(
    connection: Connection, token_hash: bytes, account_id: UUID, *, remembered: bool, seconds: int
) -> None:
    """Begin a session that lasts so many seconds."""
    await connection.execute(
        """
        insert into sessions (token_hash, account_id, remembered, expires)
        values ($1, $2, $3, now() + make_interval(secs => $4))
        """,
        token_hash,
        account_id,
        remembered,
        float(seconds),
    )


async def session_holder(connection: Connection, token_hash: bytes) -> Holder | None:
    """Return whom a session stands for, if it has not ended and the account is not disabled."""
    row = await connection.fetchrow(
        """
        select a.account_id, a.email_address, a.administrator, s.used < now() - interval '10 minutes' as unnoted
        from sessions s join accounts a using (account_id)
        where s.token_hash = $1 and s.expires > now() and not a.disabled
        """,
        token_hash,
    )
    return None if row is None else Holder(**row)


async def valid(connection: Connection, token_hashes: list[bytes]) -> dict[bytes, bool]:
    """Return which of these sessions and API keys are valid, and whether each is an administrator's."""
    rows = await connection.fetch(
        """
        select c.token_hash, a.administrator
        from (
            select token_hash, account_id from sessions where token_hash = any($1) and expires > now()
            union all
            select token_hash, account_id from api_keys where token_hash = any($1)
        ) c join accounts a using (account_id)
        where not a.disabled
        """,
        token_hashes,
    )
    return {row["token_hash"]: row["administrator"] for row in rows}


async def extend_sessions(connection: Connection, token_hashes: list[bytes], seconds: int) -> None:
    """Note that sessions are in use; those that are not remembered then last so many seconds more."""
    await connection.execute(
        """
        update sessions set used = now(),
            expires = case when remembered then expires else now() + make_interval(secs => $2) end
        where token_hash = any($1) and expires > now() and used < now() - interval '10 minutes'
        """,
        token_hashes,
        float(seconds),
    )


async def delete_session(connection: Connection, token_hash: bytes) -> None:
    """End one session."""
    await connection.execute("delete from sessions where token_hash = $1", token_hash)


async def delete_sessions(connection: Connection, account_id: UUID, *, but: bytes | None = None) -> None:
    """End all sessions of an account, but perhaps for one."""
    await connection.execute(
        "delete from sessions where account_id = $1 and token_hash is distinct from $2", account_id, but
    )


async def delete_ended_sessions(connection: Connection) -> None:
    """Forget the sessions whose time is over."""
    await connection.execute("delete from sessions where expires <= now()")


async def insert_api_key(connection: Connection, token_hash: bytes, account_id: UUID, name: str) -> ApiKey:
    """Make an API key."""
    rows = await connection.fetch(
        """
        insert into api_keys (token_hash, account_id, name) values ($1, $2, $3)
        returning api_key_id, name, created, used
        """,
        token_hash,
        account_id,
        name,
    )
    return ApiKey(**rows[0])


async def api_keys(connection: Connection, account_id: UUID) -> list[ApiKey]:
    """Return an account's API keys, oldest first."""
    rows = await connection.fetch(
        "select api_key_id, name, created, used from api_keys where account_id = $1 order by created, api_key_id",
        account_id,
    )
    return [ApiKey(**row) for row in rows]


async def delete_api_key(connection: Connection, account_id: UUID, api_key_id: UUID) -> bool:
    """Take an API key away; return whether there was one."""
    done = await connection.execute(
        "delete from api_keys where account_id = $1 and api_key_id = $2", account_id, api_key_id
    )
    return done != "DELETE 0"


async def delete_api_keys(connection: Connection, account_id: UUID) -> None:
    """Take all API keys of an account away."""
    await connection.execute("delete from api_keys where account_id = $1", account_id)


async def api_key_holder(connection: Connection, token_hash: bytes) -> Holder | None:
    """Return whom an API key stands for, if the account is not disabled."""
    row = await connection.fetchrow(
        """
        select a.account_id, a.email_address, a.administrator,
            k.used is null or k.used < now() - interval '1 minute' as unnoted
        from api_keys k join accounts a using (account_id)
        where k.token_hash = $1 and not a.disabled
        """,
        token_hash,
    )
    return None if row is None else Holder(**row)


async def note_api_key_used(connection: Connection, token_hash: bytes) -> None:
    """Note the time of use."""
    await connection.execute("update api_keys set used = now() where token_hash = $1", token_hash)
