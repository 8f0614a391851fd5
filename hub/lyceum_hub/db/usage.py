"""What projects used, in the database, and what their owners ask for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from lyceum_compute.protocol.messages import AccountedHour

from .database import Connection

Per = Literal["hour", "day"]


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """What a project used in an hour or a day (UTC)."""

    time: datetime
    """When it began."""
    cpu_seconds: float
    memory_gb_hours: float
    """GB are 10^9 bytes."""
    disk: float
    """MB, the most that was seen."""
    running_seconds: float


class QuotaRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asked for, for a project."""

    project_id: UUID
    account_id: UUID
    quota: dict[str, float | bool]
    reason: str
    created: datetime


# Reading the hosts' ledgers.


async def lock_accounting(connection: Connection, host: str) -> bool:
    """Let one hub at a time read a host's ledger, until the transaction ends; return whether it is this one."""
    return bool(await connection.fetchval("select pg_try_advisory_xact_lock(7140004, hashtext($1))", host))


async def mark(connection: Connection, host: str) -> tuple[str, int]:
    """Return the name of a host's ledger and how far it was read."""
    row = await connection.fetchrow("select ledger, sequence from accounting_marks where compute_host = $1", host)
    return ("", 0) if row is None else (row["ledger"], row["sequence"])


async def set_mark(connection: Connection, host: str, ledger: str, sequence: int) -> None:
    """Note how far a host's ledger was read."""
    await connection.execute(
        """
        insert into accounting_marks (compute_host, ledger, sequence) values ($1, $2, $3)
        on conflict (compute_host) do update set ledger = excluded.ledger, sequence = excluded.sequence
        """,
        host,
        ledger,
        sequence,
    )


async def write(connection: Connection, host: str, ledger: str, hours: Sequence[AccountedHour]) -> None:
    """Write down what a host counted for projects that are placed on it; what it says of others is left out."""
    await connection.executemany(
        """
        insert into project_usage
            (project_id, hour, ledger, compute_host, cpu_seconds, memory_gb_hours, disk, running_seconds)
        select project_id, $3, $4, $2, $5, $6, $7, $8 from projects where project_id = $1 and compute_host = $2
        on conflict (project_id, hour, ledger) do update set
            cpu_seconds = greatest(project_usage.cpu_seconds, excluded.cpu_seconds),
            memory_gb_hours = greatest(project_usage.memory_gb_hours, excluded.memory_gb_hours),
            disk = greatest(project_usage.disk, excluded.disk),
            running_seconds = greatest(project_usage.running_seconds, excluded.running_seconds)
        """,
        [
            (
                *(UUID(hour.project_id), host, hour.hour, ledger, hour.cpu_seconds),
                *(hour.memory_gb_hours, hour.disk, hour.running_seconds),
            )
            for hour in hours
        ],
    )


async def fold(connection: Connection, before: date) -> None:
    """Put the hours of days that are old together, one row for each day; done twice, it does nothing."""
    await connection.execute(
        """
        with old as (
            delete from project_usage where hour < $1::date at time zone 'UTC'
            returning project_id, (hour at time zone 'UTC')::date as day,
                cpu_seconds, memory_gb_hours, disk, running_seconds)
        insert into project_usage_days as days
            (project_id, day, cpu_seconds, memory_gb_hours, disk, running_seconds)
        select project_id, day, sum(cpu_seconds), sum(memory_gb_hours), max(disk), sum(running_seconds)
            from old group by project_id, day
        on conflict (project_id, day) do update set
            cpu_seconds = days.cpu_seconds + excluded.cpu_seconds,
            memory_gb_hours = days.memory_gb_hours + excluded.memory_gb_hours,
            disk = greatest(days.disk, excluded.disk),
            running_seconds = days.running_seconds + excluded.running_seconds
        """,
        before,
    )


# Reading.

_HISTORY = {
    "hour": """
        select hour as time, sum(cpu_seconds) as cpu_seconds, sum(memory_gb_hours) as memory_gb_hours,
            max(disk) as disk, sum(running_seconds) as running_seconds
        from project_usage where project_id = $1 and hour >= $2 and hour < $3 group by hour order by hour limit $4
    """,
    "day": """
        select day::timestamp at time zone 'UTC' as time, sum(cpu_seconds) as cpu_seconds,
            sum(memory_gb_hours) as memory_gb_hours, max(disk) as disk, sum(running_seconds) as running_seconds
        from (
            select day, cpu_seconds, memory_gb_hours, disk, running_seconds
            from project_usage_days where project_id = $1
            union all
            select (hour at time zone 'UTC')::date, cpu_seconds, memory_gb_hours, disk, running_seconds
            from project_usage where project_id = $1) as all_days
        where day >= ($2::timestamptz at time zone 'UTC')::date and day < $3::timestamptz at time zone 'UTC'
        group by day order by day limit $4
    """,
}


async def history(
    connection: Connection, project_id: UUID, *, since: datetime, until: datetime, per: Per, most: int
) -> list[Used]:
    """Return what a project used between two times, oldest first; hours are there for the last month."""
    rows = await connection.fetch(_HISTORY[per], project_id, since, until, most)
    return [Used(**row) for row in rows]


# What owners ask for.


async def request(
    connection: Connection, project_id: UUID, account_id: UUID, quota: dict[str, Any], reason: str
) -> None:
    """Note what somebody asks for; it takes the place of what was asked for the project before."""
    await connection.execute(
        """
        insert into quota_requests (project_id, account_id, quota, reason) values ($1, $2, $3, $4)
        on conflict (project_id) do update set account_id = excluded.account_id, quota = excluded.quota,
            reason = excluded.reason, created = now()
        """,
        project_id,
        account_id,
        msgspec.json.encode(quota).decode(),
        reason,
    )


async def requests(connection: Connection, project_id: UUID | None = None) -> list[QuotaRequest]:
    """Return what is asked for, for one project or all, oldest first."""
    rows = await connection.fetch(
        """
        select project_id, account_id, quota::text, reason, created from quota_requests
        where $1::uuid is null or project_id = $1 order by created
        """,
        project_id,
    )
    return [QuotaRequest(**{**row, "quota": msgspec.json.decode(row["quota"])}) for row in rows]


async def close_request(connection: Connection, project_id: UUID) -> bool:
    """Take what is asked for off the list; return whether there was something."""
    return await connection.execute("delete from quota_requests where project_id = $1", project_id) != "DELETE 0"
