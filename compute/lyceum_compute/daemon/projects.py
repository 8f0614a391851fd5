"""The projects of this host and their states: one step at a time for each, with time limits, and never stuck."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import Event, Project, ProjectState, Quota, State

from . import btrfs, host, limits, network, record, systemd
from .entry import ENDINGS, FAILURES, STATE_LIMITS, Entry, describe, event_of
from .layout import Layout, check_id, check_uid
from .local_hub import LocalHub
from .systemd import UnitError

if TYPE_CHECKING:
    from .lifecycle import Lifecycle
    from .settings import Settings

log = logging.getLogger(__name__)


class StepError(Exception):
    """A step on the way to a state failed; the message says what and why."""


class Saver(Protocol):
    """What saves a project before it is stopped or closed (``save.Saver``)."""

    async def now(self, entry: Entry) -> object:
        """Save a project that changed."""

    def forget(self, entry: Entry) -> None:
        """Drop what is remembered of a project."""


class Projects:
    """All projects of the host."""

    def __init__(
        self,
        settings: Settings,
        lifecycle: Lifecycle,
        publish: Callable[[Event], None],
        group: asyncio.TaskGroup,
    ) -> None:
        self.settings = settings
        self.entries: dict[str, Entry] = {}
        self.saver: Saver | None = None
        self._by_unit: dict[str, Entry] = {}
        self._lifecycle = lifecycle
        self._publish = publish
        self._group = group

    # What is known.

    async def recover(self, records: list[record.Record]) -> None:
        """Take up the projects that were known before the daemon started."""
        for found in records:
            entry = self._add(found)
            await self.settle(entry, "")

    def known(self, project_id: str) -> Entry:
        """Return a project that is on this host. Raises ``FaultError`` (``not_found``)."""
        entry = self.entries.get(check_id(project_id))
        if entry is None:
            raise FaultError("not_found", "this project is not on this host")
        return entry

    def look(self, project: Project) -> ProjectState:
        """Return the state of a project, known here or not."""
        entry = self.entries.get(check_id(project.project_id))
        if entry is not None:
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
        entry.record.project = project
        return entry

    def _add(self, found: record.Record) -> Entry:
        layout = Layout(Path(self.settings.projects), found.project.project_id)
        state = State.OPENED if btrfs.is_subvolume(layout.subvolume) else State.CLOSED
        entry = Entry(layout, found, state, datetime.now(UTC), LocalHub(layout.local_hub))
        self.entries[found.project.project_id] = entry
        self._by_unit[systemd.escape(layout.unit)] = entry
        return entry

    def committed(self, but: Entry | None = None) -> int:
        """MB of memory that running projects' quotas allow in all."""
        return sum(e.project.quota.memory for e in self.entries.values() if e.takes_memory and e is not but)

    # What is asked for. Each answers at once; states follow.

    async def open(self, project: Project) -> ProjectState:
        """Bring a project onto this host."""
        entry = self.of(project)
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
            self._begin(entry, "stop", self._stop_and_save, State.STOPPING)
        return entry.view()

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

    async def set_quotas(self, project_id: str, quota: Quota) -> Quota:
        """Let quotas hold from now on."""
        entry = self.known(project_id)
        limits.check(quota)
        project = entry.project
        entry.record.project = Project(
            project_id=project.project_id, uid=project.uid, storage_host=project.storage_host, quota=quota
        )
        running = entry.state in {State.STARTING, State.RUNNING}
        try:
            await self.remember(entry)
            await self._lifecycle.apply(entry.layout, project.uid, quota, running=running)
        except FAILURES as error:
            raise FaultError("unavailable", f"the quotas could not be applied: {error}") from error
        return quota

    def _check_room(self, entry: Entry, wanted: int) -> None:
        host.check_room(
            total=host.memory().total,
            reserve=self.settings.memory_reserve,
            overcommit=self.settings.memory_overcommit,
            committed=self.committed(but=entry),
            wanted=wanted,
        )

    # The ways from state to state.

    def _begin(self, entry: Entry, goal: str, way: Callable[[Entry], Awaitable[None]], first: State) -> None:
        """Go a way in the background, after the one that is being gone."""
        previous = entry.task if entry.busy else None
        entry.goal = goal
        if previous is None:
            self._set(entry, first, "")
        entry.task = self._group.create_task(self._go(entry, previous, way), name=f"{goal} {entry.layout.project_id}")

    @staticmethod
    def _break_off(entry: Entry) -> None:
        """Give up a start that is under way: it may take long, and is not wanted any more."""
        if entry.busy and entry.task is not None and entry.goal in {"open", "start", "restart"}:
            entry.task.cancel()

    async def _go(
        self, entry: Entry, previous: asyncio.Task[None] | None, way: Callable[[Entry], Awaitable[None]]
    ) -> None:
        if previous is not None:
            await asyncio.wait([previous])
        detail = ""
        try:
            await way(entry)
        except (StepError, *FAILURES) as error:
            detail = describe(error)
            log.warning(detail, extra={"action": entry.goal, "project": entry.layout.project_id})
        except Exception:  # the boundary of a way: no project may end the daemon
            detail = "something went wrong; the host's log has it"
            log.exception("a step failed", extra={"action": entry.goal, "project": entry.layout.project_id})
        if entry.state in STATE_LIMITS or detail:
            await self.settle(entry, detail)

    async def _step(self, entry: Entry, state: State, what: str, work: Awaitable[object]) -> None:
        """Do one step within its state's time limit."""
        self._set(entry, state, "")
        try:
            async with asyncio.timeout(STATE_LIMITS[state]):
                await work
        except TimeoutError as error:
            raise StepError(f"the project could not be {what}: it took longer than {STATE_LIMITS[state]} s") from error
        except FAILURES as error:
            raise StepError(f"the project could not be {what}: {describe(error)}") from error

    async def _open(self, entry: Entry) -> None:
        await self._fill(entry)
        await self.settle(entry)

    async def _fill(self, entry: Entry) -> None:
        """Bring the project's files here, if they are not."""
        if not btrfs.is_subvolume(entry.layout.subvolume):
            await self.remember(entry)
            await self._step(entry, State.OPENING, "opened", self._lifecycle.open(entry.layout, entry.project))

    async def _start(self, entry: Entry) -> None:
        await self._fill(entry)
        if await self._active(entry) != "active":
            await self.remember(entry)
            try:
                await self._step(entry, State.STARTING, "started", self._lifecycle.start(entry.layout, entry.project))
            except Exception:
                with suppress(*FAILURES):
                    await self._lifecycle.stop(entry.layout)  # half of a project is none
                raise
        await self.settle(entry)

    async def _stop(self, entry: Entry) -> None:
        await self._step(entry, State.STOPPING, "stopped", self._lifecycle.stop(entry.layout))

    async def _stop_and_save(self, entry: Entry) -> None:
        await self._stop(entry)
        if self.saver is not None and btrfs.is_subvolume(entry.layout.subvolume):
            await self._step(entry, State.SAVING, "saved", self.saver.now(entry))
        await self.settle(entry)

    async def _restart(self, entry: Entry) -> None:
        if btrfs.is_subvolume(entry.layout.subvolume):
            await self._stop(entry)
        await self._start(entry)

    async def _close(self, entry: Entry) -> None:
        await self._stop(entry)
        if btrfs.is_subvolume(entry.layout.subvolume):
            if self.saver is None:
                raise StepError("the project could not be closed: it cannot be saved")
            await self._step(entry, State.SAVING, "saved", self.saver.now(entry))
        await self._step(entry, State.CLOSING, "closed", self._lifecycle.close(entry.layout, entry.project.uid))
        with suppress(FileNotFoundError):
            entry.layout.record.unlink()
        if self.saver is not None:
            self.saver.forget(entry)
        entry.record.generations, entry.record.saved = {}, None
        self._set(entry, State.CLOSED, "")

    # What is so.

    async def _active(self, entry: Entry) -> str:
        return await self._lifecycle.systemd.active(entry.layout.unit)

    async def settle(self, entry: Entry, detail: str = "") -> None:
        """Set the state that is a fact, from the service manager and the disk."""
        try:
            active = await self._active(entry)
        except UnitError as error:
            log.warning("%s", error, extra={"action": "settle"})
            active = "inactive"
        if active in {"active", "activating", "deactivating", "reloading"}:
            self._set(entry, State.RUNNING, detail)
        elif btrfs.is_subvolume(entry.layout.subvolume):
            self._set(entry, State.OPENED, detail)
        else:
            self._set(entry, State.CLOSED, detail)

    def unit_changed(self, escaped: str) -> None:
        """Look at a project whose unit changed, unless the daemon is changing it."""
        entry = self._by_unit.get(escaped)
        if entry is not None:
            self.look_again(entry)

    async def active_units(self) -> set[str]:
        """Return the units of projects that run."""
        return {
            unit.name for unit in await self._lifecycle.systemd.units("lyceum-project@*") if unit.active == "active"
        }

    async def connected_units(self) -> set[str]:
        """Return the units of projects that are connected to the network outside."""
        return await network.connected(self._lifecycle.systemd)

    async def connect(self, entry: Entry) -> None:
        """Connect a running project to the network outside, or cut it off, as its quota says. Raises ``UnitError``."""
        await network.apply(self._lifecycle.systemd, entry.layout, allowed=entry.project.quota.network)

    def look_again(self, entry: Entry) -> None:
        """Compare a project's state with the facts, unless it is on the way to another."""
        if entry.busy:
            return
        entry.goal = "check"
        entry.task = self._group.create_task(
            self._go(entry, None, self._check), name=f"check {entry.layout.project_id}"
        )

    async def _check(self, entry: Entry) -> None:
        """Notice what happened to a project without the daemon."""
        active = await self._active(entry)
        if entry.state is State.RUNNING and active in {"inactive", "failed"}:
            result = await self._lifecycle.systemd.property(entry.layout.unit, "Service", "Result")
            detail = ENDINGS.get(str(result), f"the project ended by itself ({result})")
            log.warning(detail, extra={"action": "ended", "project": entry.layout.project_id})
            await self._lifecycle.stop(entry.layout)
            await self.settle(entry, detail)
        elif entry.state is State.OPENED and active == "active":
            self._set(entry, State.RUNNING, "")

    def _set(self, entry: Entry, state: State, detail: str) -> None:
        if (entry.state, entry.detail) == (state, detail):
            return
        if entry.state is not state:
            entry.changed = datetime.now(UTC)
        entry.state, entry.detail = state, detail
        log.info(
            "project is %s", state, extra={"action": "state", "project": entry.layout.project_id, "detail": detail}
        )
        self._publish(event_of(entry))

    def say(self, entry: Entry, detail: str) -> None:
        """Tell hubs something of a project whose state stays."""
        self._set(entry, entry.state, detail)

    async def remember(self, entry: Entry) -> None:
        """Write down what must be known after a restart. Raises ``OSError``."""
        async with entry.record_lock:
            await asyncio.to_thread(record.store, entry.layout.record, entry.record)
