"""Counting attempts over all hubs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from .database import Connection


class Limit(msgspec.Struct, frozen=True):
    """At most so many attempts of a kind by a subject in so long a time."""

    kind: str
    subject: str
    most: int
    within: timedelta


async def wait_time(connection: Connection, limits: Sequence[Limit]) -> int:
    """Return in how many seconds the next attempt is allowed; 0 if it is now."""
    longest = 0.0
    for limit in limits:
        seconds = await connection.fetchval(
            """
            select extract(epoch from min(at) + $4::interval - clock_timestamp())
            from (
                select at from attempts
                where kind = $1 and subject = $2 and at > clock_timestamp() - $4::interval
                order by at desc limit $3
            ) latest
            having count(*) >= $3
            """,
            limit.kind,
            limit.subject,
            limit.most,
            limit.within,
        )
        if seconds is not None:
            longest = max(longest, float(seconds), 1.0)
    return math.ceil(longest)


async def record(connection: Connection, limits: Sequence[Limit]) -> int:
    """Count one attempt, unless it is over a limit: then return in how many seconds it is allowed.

    In a transaction: attempts by the same subject wait for one another, whichever hub they came to, so that a hundred
    at once are counted one by one. Locks are taken in one order, so that no two wait for each other.
    """
    subjects = sorted({(limit.kind, limit.subject) for limit in limits})
    for kind, subject in subjects:
        await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 7140002))", f"{kind} {subject}")
    wait = await wait_time(connection, limits)
    if wait == 0:
        await connection.executemany("insert into attempts (kind, subject) values ($1, $2)", subjects)
    return wait


async def delete_old(connection: Connection, age: timedelta) -> None:
    """Forget what counts no more."""
    await connection.execute("delete from attempts where at < clock_timestamp() - $1::interval", age)
