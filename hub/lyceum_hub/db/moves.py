"""Moves of projects in the database: one hub at a time moves a project, for as long as it says that it still does."""

from __future__ import annotations

from uuid import UUID

from .database import Connection

#: Seconds after which a move of which nothing was heard is nobody's.
LEASE = 60


async def begin(connection: Connection, project_id: UUID, old: str, new: str) -> bool:
    """Begin to move a project that rests on a host; return whether it does, and nobody else moves it."""
    done = await connection.execute(
        """
        update projects set moving_to = $3, moving_until = now() + make_interval(secs => $4)
        where project_id = $1 and compute_host = $2 and state in ('closed', 'opened')
            and (moving_until is null or moving_until < now())
        """,
        project_id,
        old,
        new,
        LEASE,
    )
    return done != "UPDATE 0"


async def go_on(connection: Connection, project_id: UUID, new: str) -> None:
    """Say that a move goes on."""
    await connection.execute(
        """
        update projects set moving_until = now() + make_interval(secs => $3)
        where project_id = $1 and moving_to = $2
        """,
        project_id,
        new,
        LEASE,
    )


async def finish(connection: Connection, project_id: UUID, old: str, new: str) -> bool:
    """Place a closed project on the host that it moved to; return whether it was still being moved there.

    What the new host tells of it counts from its first word, whatever the old one's clock said.
    """
    done = await connection.execute(
        """
        update projects set compute_host = $3, placed = now(), state_told = '-infinity'
        where project_id = $1 and compute_host = $2 and state = 'closed'
            and moving_to = $3 and moving_until > now()
        """,
        project_id,
        old,
        new,
    )
    return done != "UPDATE 0"


async def end(connection: Connection, project_id: UUID, new: str) -> None:
    """Note that a move is over, however it ended."""
    await connection.execute(
        "update projects set moving_to = null, moving_until = null where project_id = $1 and moving_to = $2",
        project_id,
        new,
    )


async def resting_on(connection: Connection, host: str) -> list[UUID]:
    """Return the projects that could leave a host now."""
    rows = await connection.fetch(
        """
        select project_id from projects
        where compute_host = $1 and state in ('closed', 'opened') and (moving_until is null or moving_until < now())
        order by random()
        """,
        host,
    )
    return [row["project_id"] for row in rows]
