"""The projects of this host and their states: one step at a time for each, with time limits, and never stuck."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import Event, Project, ProjectState, Quota, State

from . import btrfs, host, limits, record, systemd
from .entry import FAILURES, Entry, describe
from .layout import Layout, check_id, check_uid
from .ledger import Ledger
from .local_hub import LocalHub
from .ways import Ways

if TYPE_CHECKING:
    from .lifecycle import Lifecycle
    from .settings import Settings

log = logging.getLogger(__name__)


class Projects(Ways):
    """All projects of the host."""

    def __init__(
        self,
        settings: Settings,
        lifecycle: Lifecycle,
        publish: Callable[[Event], None],
        group: asyncio.TaskGroup,
        ledger: Ledger,
    ) -> None:
        super().__init__(lifecycle, publish, group, ledger)
        self.settings = settings
        self.entries: dict[str, Entry] = {}
        self._by_unit: dict[str, Entry] = {}

    # What is known.

    async def recover(self, records: list[record.Record]) -> None:
        """Take up the projects that were known before the daemon started, and go on with what was being done."""
        for found in records:
            entry = self._add(found)
            life, before = entry.life, entry.life.state
            ways = {
                "open": (self._open, State.OPENING),
                "start": (self._start, State.STARTING),
                "restart": (self._restart, State.STOPPING),
                "stop": (self._stop_and_save, State.STOPPING),
                "close": (self._close, State.CLOSING),
            }
            if entry.state is not State.CLOSED:
                await self.limit_disk(entry)
            await self.settle(entry, life.detail)
            if before is State.RUNNING and entry.state is State.OPENED and not life.goal:
                self.say(entry, "the project ended while the host was down")
            if life.goal in ways:
                way, first = ways[life.goal]
                log.info("going on", extra={"action": life.goal, "project": entry.layout.project_id})
                self._begin(entry, life.goal, way, first)

    def known(self, project_id: str) -> Entry:
        """Return a project that is on this host. Raises ``FaultError`` (``not_found``)."""
        entry = self.entries.get(check_id(project_id))
        if entry is None:
            raise FaultError("not_found", "this project is not on this host")
        return entry

    async def look(self, project: Project) -> ProjectState:
        """Return the state of a project, known here or not; of one that is here, the quota is taken over."""
        entry = self.entries.get(check_id(project.project_id))
        if entry is not None:
            if entry.project.quota != project.quota and entry.project.uid == project.uid:
                await self.set_quotas(project.project_id, project.quota, project.quota_revision)
            return entry.view()
        return ProjectState(project_id=project.project_id, state=State.CLOSED, changed=datetime.now(UTC))

    def on_host(self, project: Project) -> Entry:
        """Return a project whose files are on this host. Raises ``FaultError`` (``conflict``)."""
        entry = self.of(project)
        if not btrfs.is_subvolume(entry.layout.subvolume):
            raise FaultError("conflict", f"the project is {entry.state} on this host")
        return entry

    def of(self, project: Project) -> Entry:
        """Return the project that the hub speaks of, with what it says of it now. Raises ``FaultError``."""
        check_id(project.project_id)
        check_uid(project.uid)
        limits.check(project.quota)
        entry = self.entries.get(project.project_id)
        if entry is None:
            taken = [other for other in self.entries.values() if other.project.uid == project.uid]
            if taken:
                raise FaultError("conflict", f"user number {project.uid} is another project's")
            return self._add(record.Record(project=project))
        if entry.project.uid != project.uid:
            raise FaultError("conflict", f"the project's user has number {entry.project.uid} on this host")
        if entry.takes_memory or project.quota_revision < entry.project.quota_revision:
            # Quotas that hold are changed by who lets the new ones hold; and a hub may not have heard of the latest.
            project = msgspec.structs.replace(
                project, quota=entry.project.quota, quota_revision=entry.project.quota_revision
            )
        entry.record.project = project
        return entry

    def _add(self, found: record.Record) -> Entry:
        layout = Layout(Path(self.settings.projects), found.project.project_id)
        state = State.OPENED if btrfs.is_subvolume(layout.subvolume) else State.CLOSED
        life = self.ledger.life(found.project.project_id)
        entry = Entry(layout, found, state, datetime.now(UTC), LocalHub(layout.local_hub), life)
        if life.state is not None and life.changed is not None:
            entry.state, entry.changed, entry.detail = life.state, life.changed, life.detail
        self.entries[found.project.project_id] = entry
        self._by_unit[systemd.escape(layout.unit)] = entry
        return entry

    def committed(self, but: Entry | None = None) -> int:
        """MB of memory that running projects' quotas allow in all."""
        return sum(e.project.quota.memory for e in self.entries.values() if e.takes_memory and e is not but)

    def unit_changed(self, escaped: str) -> None:
        """Look at a project whose unit changed, unless the daemon is changing it."""
        entry = self._by_unit.get(escaped)
        if entry is not None:
            self.look_again(entry)

    # What is asked for. Each answers at once; states follow.

    async def open(self, project: Project) -> ProjectState:
        """Bring a project onto this host."""
        entry = self.of(project)
        if entry.state is State.CLOSED and not entry.busy:
            self._check_draining()
            self._check_room(entry, 0)
        if entry.state in {State.CLOSED, State.CLOSING} and not (entry.busy and entry.goal in {"open", "start"}):
            self._begin(entry, "open", self._open, State.OPENING)
        return entry.view()

    async def start(self, project: Project) -> ProjectState:
        """Start a project, and open it first if need be."""
        entry = self.of(project)
        if entry.goal == "start" and entry.busy:
            return entry.view()
        if entry.state is State.RUNNING and not entry.busy:
            return entry.view()
        self._check_draining()
        self._check_room(entry, project.quota.memory)
        if entry.goal == "stop" and entry.state is State.SAVING and entry.task is not None:
            entry.task.cancel()  # nobody waits for a copy that the next automatic save makes as well
        first = State.OPENING if entry.state is State.CLOSED else State.STARTING
        self._begin(entry, "start", self._start, first)
        return entry.view()

    async def stop(self, project: Project) -> ProjectState:
        """Stop a project; what it changed is saved."""
        entry = self.of(project)
        if not (entry.goal == "stop" and entry.busy) and (entry.busy or entry.state is State.RUNNING):
            self._break_off(entry)
            entry.reason = ""
            self._begin(entry, "stop", self._stop_and_save, State.STOPPING)
        return entry.view()

    async def stop_for(self, entry: Entry, reason: str) -> None:
        """Stop a project of which nobody asked it, and say why."""
        log.info(reason, extra={"action": "stop", "project": entry.layout.project_id})
        entry.reason = reason
        self._begin(entry, "stop", self._stop_and_save, State.STOPPING)

    async def kill(self, project_id: str) -> int:
        """Kill all processes of a running project, which stays running; return how many there were."""
        entry = self.known(project_id)
        if entry.busy and entry.goal == "check" and entry.task is not None:
            await asyncio.wait([entry.task])  # somebody only looks how it is
        if entry.state is not State.RUNNING or entry.busy:
            way = f"{entry.state}, and on the way to another state" if entry.busy else f"{entry.state}, not running"
            raise FaultError("not_running", f"the project is {way}")
        try:
            killed = await self.lifecycle.kill(entry.layout)
        except FAILURES as error:
            raise FaultError("unavailable", f"not all of it could be killed: {describe(error)}") from error
        log.info("killed %d processes", killed, extra={"action": "kill", "project": project_id})
        return killed

    async def restart(self, project: Project) -> ProjectState:
        """Stop and start a project."""
        entry = self.of(project)
        if entry.goal == "restart" and entry.busy:
            return entry.view()
        self._check_room(entry, project.quota.memory)
        self._begin(entry, "restart", self._restart, State.STOPPING)
        return entry.view()

    async def close(self, project: Project) -> ProjectState:
        """Save a project and remove it from this host."""
        entry = self.of(project)
        if (entry.busy or entry.state is not State.CLOSED) and not (entry.goal == "close" and entry.busy):
            self._break_off(entry)
            self._begin(entry, "close", self._close, State.CLOSING)
        return entry.view()

    async def set_quotas(self, project_id: str, quota: Quota, revision: int) -> Quota:
        """Let quotas hold from now on, unless later ones do; return those that hold."""
        entry = self.known(project_id)
        limits.check(quota)
        project = entry.project
        if revision < project.quota_revision:
            return project.quota
        if entry.takes_memory and quota.memory > project.quota.memory:
            self._check_room(entry, quota.memory)
        entry.record.project = msgspec.structs.replace(project, quota=quota, quota_revision=revision)
        running = entry.state in {State.STARTING, State.RUNNING}
        try:
            await self.remember(entry)
            await self.lifecycle.apply(entry.layout, project.uid, quota, running=running, held=entry.held)
        except FAILURES as error:
            raise FaultError("unavailable", f"the quotas could not be applied: {error}") from error
        return quota

    async def limit_disk(self, entry: Entry) -> None:
        """Let the disk quota hold, with what a snapshot holds on top. Raises ``OSError``."""
        project = entry.project
        await self.lifecycle.limit_disk(entry.layout, project.uid, project.quota, held=entry.held)

    def check_taking(self, entry: Entry) -> None:
        """Raise ``FaultError`` (``host_full``) unless the host takes a project that is to run here."""
        self._check_draining()
        self._check_room(entry, entry.project.quota.memory)

    async def accept(self, entry: Entry) -> ProjectState:
        """Let what was received from another host be the project."""
        return await self._at_once(entry, "accept", self._accept, State.OPENING)

    async def set_aside(self, entry: Entry) -> ProjectState:
        """Keep a project's files out of the way: it is on another host."""
        return await self._at_once(entry, "set_aside", self._set_aside, State.CLOSING)

    @property
    def root(self) -> Path:
        """The file system of all projects."""
        return Path(self.settings.projects)

    @property
    def draining(self) -> bool:
        """Whether the host takes no further projects."""
        return self.settings.draining or self.ledger.draining

    def room(self, but: Entry | None = None) -> host.Room:
        """Return what the quotas of further projects may promise; ``but``: as if that one were not here."""
        memory, (total, available) = host.memory().total, host.disk(self.settings.projects)
        here = [e for e in self.entries.values() if e.state is not State.CLOSED and e is not but]
        return host.Room(
            memory=int((memory - self.settings.memory_reserve) * self.settings.memory_overcommit) - self.committed(but),
            disk=int(total * self.settings.disk_overcommit) - sum(e.project.quota.disk for e in here),
            disk_free=available - self.settings.disk_reserve,
        )

    def _check_draining(self) -> None:
        if self.draining:
            raise FaultError("host_full", "this host is being emptied, and takes no projects at the moment")

    def _check_room(self, entry: Entry, memory: int) -> None:
        self.room(entry).check(memory=memory, disk=entry.project.quota.disk if entry.state is State.CLOSED else 0)
