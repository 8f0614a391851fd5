"""Accounts in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from .database import Connection


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``accounts`` without what only signing in needs."""

    account_id: UUID
    email_address: str
    first_name: str
    last_name: str
    administrator: bool
    disabled: bool
    created: datetime


_COLUMNS = "account_id, email_address, first_name, last_name, administrator, disabled, created"


def _account(row: asyncpg.Record) -> Account:
    return Account(**{name: row[name] for name in Account.__struct_fields__})


async def insert(
    connection: Connection,
    *,
    email_address: str,
    first_name: str,
    last_name: str,
    password_hash: str,
    administrator: bool = False,
) -> UUID | None:
    """Make an account; return its id, or None if the address is taken."""
    found: UUID | None = await connection.fetchval(
        """
        insert into accounts (email_address, first_name, last_name, password_hash, administrator)
        values ($1, $2, $3, $4, $5)
        on conflict (email_address) do nothing
        returning account_id
        """,
        email_address,
        first_name,
        last_name,
        password_hash,
        administrator,
    )
    return found


async def find(connection: Connection, account_id: UUID) -> Account | None:
    """Return an account by its id."""
    row = await connection.fetchrow(f"select {_COLUMNS} from accounts where account_id = $1", account_id)  # noqa: S608
    return None if row is None else _account(row)


async def find_by_email(connection: Connection, email_address: str) -> Account | None:
    """Return an account by its address (in normal form)."""
    row = await connection.fetchrow(f"select {_COLUMNS} from accounts where email_address = $1", email_address)  # noqa: S608
    return None if row is None else _account(row)


async def find_many(connection: Connection, account_ids: Sequence[UUID]) -> list[Account]:
    """Return those of the accounts that are there."""
    rows = await connection.fetch(f"select {_COLUMNS} from accounts where account_id = any($1)", account_ids)  # noqa: S608
    return [_account(row) for row in rows]


async def all_accounts(connection: Connection) -> list[Account]:
    """Return every account by its address."""
    return [_account(row) for row in await connection.fetch(f"select {_COLUMNS} from accounts order by email_address")]  # noqa: S608


async def password_hash(connection: Connection, email_address: str) -> tuple[UUID, str | None, bool] | None:
    """Return id, password hash and whether the account is disabled, by its address."""
    row = await connection.fetchrow(
        "select account_id, password_hash, disabled from accounts where email_address = $1", email_address
    )
    return None if row is None else (row["account_id"], row["password_hash"], row["disabled"])


async def set_password_hash(connection: Connection, account_id: UUID, password_hash: str) -> None:
    """Replace the password hash."""
    await connection.execute("update accounts set password_hash = $2 where account_id = $1", account_id, password_hash)


async def set_disabled(connection: Connection, account_id: UUID, *, disabled: bool) -> bool:
    """Disable or enable; return whether that changed anything."""
    done = await connection.execute(
        "update accounts set disabled = $2 where account_id = $1 and disabled <> $2", account_id, disabled
    )
    return done != "UPDATE 0"


async def set_administrator(connection: Connection, account_id: UUID) -> bool:
    """Make an account an administrator's; return whether that changed anything."""
    done = await connection.execute(
        "update accounts set administrator = true where account_id = $1 and not administrator", account_id
    )
    return done != "UPDATE 0"
