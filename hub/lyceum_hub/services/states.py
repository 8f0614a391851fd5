"""Projects' states: what compute hosts tell goes into the database, and who waits for a state is woken."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable
from uuid import UUID

from lyceum_compute.protocol.messages import ProjectState

from lyceum_hub.compute_client import Edited, Event, Saved, StateChanged
from lyceum_hub.db import projects
from lyceum_hub.db.changes import Change, EverythingChanged, ProjectChanged
from lyceum_hub.db.database import Connection, Database
from lyceum_hub.db.projects import Project
from lyceum_hub.errors import UnavailableError, unknown_project

log = logging.getLogger(__name__)

#: Seconds after which who waits looks again, in case a change was not heard.
LOOK_AGAIN = 5.0
#: Events that may wait for the database.
MOST_PENDING = 100_000


class States:
    """Writes hosts' events down in order, and lets calls wait for a project to come to a state."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pending: dict[tuple[str, str, type[Event]], Event] = {}
        self._work = asyncio.Event()
        self._waiting: dict[UUID, set[asyncio.Event]] = defaultdict(set)
        self._closing = asyncio.Event()

    # From compute hosts.

    def note(self, host: str, event: Event) -> None:
        """Take an event; of several of one kind for one project only the last counts."""
        if len(self._pending) >= MOST_PENDING:
            log.warning("%s tells more than can be written down", host, extra={"action": "event", "host": host})
            return
        self._pending[host, event.project_id, type(event)] = event
        self._work.set()

    async def run(self) -> None:
        """Write events down until cancelled; while the database is away they are kept."""
        while True:
            await self._work.wait()
            self._work.clear()
            batch, self._pending = self._pending, {}
            try:
                async with self._database.connection() as connection:
                    for (host, _, _), event in batch.items():
                        await self._write_or_skip(connection, host, event)
            except UnavailableError:
                self._pending = batch | self._pending
                await asyncio.sleep(1)
                self._work.set()

    async def _write_or_skip(self, connection: Connection, host: str, event: Event) -> None:
        try:
            await self._write(connection, host, event)
        except UnavailableError:
            raise
        except Exception:  # the boundary of the loop: no host may stop the events of others by what it tells
            log.exception("an event could not be written down", extra={"action": "event", "host": host})

    async def apply(self, host: str, state: ProjectState) -> None:
        """Write down the state that a host answered with, so that whoever asks next sees it."""
        event = StateChanged(project_id=state.project_id, state=state.state, changed=state.changed, detail=state.detail)
        async with self._database.connection() as connection:
            await self._write(connection, host, event)

    @staticmethod
    async def _write(connection: Connection, host: str, event: Event) -> None:
        try:
            project_id = UUID(event.project_id)
        except ValueError:
            log.warning("%s tells of a project whose id is none", host, extra={"action": "event", "host": host})
            return
        match event:
            case StateChanged(state=state, changed=changed, detail=detail):
                clean = detail.replace("\0", "")[:500]
                await projects.set_state(connection, project_id, host, state=state, changed=changed, detail=clean)
            case Saved(time=when):
                await projects.set_saved(connection, project_id, host, when)
            case Edited(time=when):
                await projects.set_edited(connection, project_id, host, when)

    # For those who wait.

    def heard(self, change: Change) -> None:
        """Wake who waits for a project that changed."""
        if isinstance(change, ProjectChanged):
            for event in self._waiting.get(change.project_id, ()):
                event.set()
        elif isinstance(change, EverythingChanged):
            self._wake_all()

    def close(self) -> None:
        """Let everybody who waits have the state of now: the hub is going down."""
        self._closing.set()
        self._wake_all()

    def _wake_all(self) -> None:
        for events in self._waiting.values():
            for event in events:
                event.set()

    async def wait(self, project_id: UUID, reached: Callable[[Project], bool], seconds: float) -> Project:
        """Return the project once ``reached`` says so, or as it is when the time is up."""
        deadline = time.monotonic() + seconds
        woken = asyncio.Event()
        self._waiting[project_id].add(woken)
        try:
            while True:
                project = await self._read(project_id)
                left = deadline - time.monotonic()
                if reached(project) or left <= 0 or self._closing.is_set():
                    return project
                try:
                    async with asyncio.timeout(min(left, LOOK_AGAIN)):
                        await woken.wait()
                except TimeoutError:
                    pass
                woken.clear()
        finally:
            self._waiting[project_id].discard(woken)
            if not self._waiting[project_id]:
                del self._waiting[project_id]

    async def _read(self, project_id: UUID) -> Project:
        async with self._database.connection() as connection:
            project = await projects.find(connection, project_id)
        if project is None:
            raise unknown_project()
        return project
