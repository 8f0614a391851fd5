"""What projects use, and what to do when a limit is reached."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from lyceum_compute.protocol import messages
from lyceum_compute.protocol.messages import State

from lyceum_hub.compute_client import ComputeHosts
from lyceum_hub.db import usage
from lyceum_hub.db.database import Database
from lyceum_hub.db.projects import Project
from lyceum_hub.db.usage import Per, Used
from lyceum_hub.errors import ForbiddenError, HubError, InvalidError

#: Entries of one answer: a month of hours, or two years of days.
MOST_ENTRIES = 800
#: Part of a limit from which on it is said that there is little left.
NEARLY = 0.95
#: A limit that was reached so long ago is not spoken of any more.
RECENT = timedelta(days=1)


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """A limit that was reached, or nearly so, and what to do."""

    quota: str
    message: str


class Usages:
    """What can be known of a project's use."""

    def __init__(self, database: Database, compute: ComputeHosts) -> None:
        self._database = database
        self._compute = compute

    async def now(self, project: Project) -> messages.Usage | None:
        """Return what a project uses now; None for one that is on no host."""
        if project.compute_host is None or project.state == State.CLOSED:
            return None
        try:
            return await self._compute.usage(project.compute_host, project.project_id)
        except HubError as error:
            if error.code == "not_found":
                return None
            raise

    async def history(
        self, role: str, project_id: UUID, *, since: datetime | None, until: datetime | None, per: Per
    ) -> list[Used]:
        """Return what a project used, by the hour (of the last month) or by the day."""
        if role == "collaborator":
            raise ForbiddenError("Only the project's owners see what it used.")
        until = until or datetime.now(UTC) + timedelta(seconds=1)
        since = since or until - timedelta(days=2 if per == "hour" else 31)
        if since.tzinfo is None or until.tzinfo is None:
            raise InvalidError("Times need a time zone, for instance 2026-11-22T10:00:00Z.", "since")
        if since >= until:
            raise InvalidError("since must be before until.", "since")
        async with self._database.connection() as connection:
            return await usage.history(connection, project_id, since=since, until=until, per=per, most=MOST_ENTRIES)


def advice(use: messages.Usage) -> list[Advice]:
    """Return what to say about limits that were reached."""
    return [
        Advice(quota=quota, message=message)
        for quota, message in (
            ("memory", _memory(use)),
            ("disk", _disk(use)),
            ("tasks", _tasks(use)),
            ("cores", _cores(use)),
        )
        if message
    ]


def _memory(use: messages.Usage) -> str:
    limit = use.memory_limit
    if use.memory_kills and use.memory_killed is not None and use.time - use.memory_killed < RECENT:
        often = "once" if use.memory_kills == 1 else f"{use.memory_kills} times"
        return (
            f"The memory limit of {limit} MB was reached {often}, the last time at"
            f" {use.memory_killed:%Y-%m-%d %H:%M} UTC: programs were ended. Work on less at a time, close notebooks and"
            " programs that you do not need, or have an owner ask for more memory."
        )
    if use.memory >= NEARLY * limit:
        return (
            f"The memory is nearly used up ({use.memory:.0f} of {limit} MB); at the limit programs are ended. Close"
            " notebooks and programs that you do not need, empty /tmp, or have an owner ask for more memory."
        )
    return ""


def _disk(use: messages.Usage) -> str:
    if use.disk < NEARLY * use.disk_limit:
        return ""
    return (
        f"The disk is full or nearly so ({use.disk:.0f} of {use.disk_limit} MB). Delete files that you do not need,"
        " also in .trash, .cache and .local; or have an owner ask for more disk."
    )


def _tasks(use: messages.Usage) -> str:
    refused = use.tasks_refused_last
    if use.tasks < NEARLY * use.tasks_limit and (refused is None or use.time - refused > timedelta(minutes=10)):
        return ""
    return (
        f"The project has {use.tasks} processes and threads, and cannot have more than {use.tasks_limit}: new programs"
        " may not start. End programs, kill all processes of the project, or restart it."
    )


def _cores(use: messages.Usage) -> str:
    if use.cores < NEARLY * use.cores_limit:
        return ""
    return (
        f"The project uses all of its processor time ({use.cores_limit:g} cores): everything in it takes longer."
        " End computations that you do not need, or have an owner ask for more cores."
    )
