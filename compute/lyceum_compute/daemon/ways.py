"""The ways of a project from state to state: one at a time, each step with a time limit, and what is so in the end."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from lyceum_compute.protocol.messages import Event, ProjectState, State

from . import btrfs, network, record
from .entry import ENDINGS, FAILURES, STATE_LIMITS, Entry, describe, event_of
from .ledger import Ledger
from .systemd import UnitError
from .usage import Meter

if TYPE_CHECKING:
    from .lifecycle import Lifecycle

log = logging.getLogger(__name__)


class StepError(Exception):
    """A step on the way to a state failed; the message says what and why."""


class Saver(Protocol):
    """What saves a project before it is stopped or closed (``save.Saver``)."""

    async def now(self, entry: Entry) -> object:
        """Save a project that changed."""

    def forget(self, entry: Entry) -> None:
        """Drop what is remembered of a project."""


class Ways:
    """The ways, and how each is begun, gone and noted."""

    def __init__(
        self, lifecycle: Lifecycle, publish: Callable[[Event], None], group: asyncio.TaskGroup, ledger: Ledger
    ) -> None:
        self.saver: Saver | None = None
        self.ledger = ledger
        self.meter = Meter(ledger)
        self.lifecycle = lifecycle
        self._publish = publish
        self._group = group

    def _begin(self, entry: Entry, goal: str, way: Callable[[Entry], Awaitable[None]], first: State) -> None:
        """Go a way in the background, after the one that is being gone."""
        previous = entry.task if entry.busy else None
        entry.goal = entry.life.goal = goal
        self._keep(entry)
        if previous is None:
            self._set(entry, first, "")
        entry.task = self._group.create_task(self._go(entry, previous, way), name=f"{goal} {entry.layout.project_id}")

    async def _at_once(
        self, entry: Entry, goal: str, way: Callable[[Entry], Awaitable[None]], first: State
    ) -> ProjectState:
        """Go a short way to its end, whether or not the caller waits for it; return the state then."""
        self._begin(entry, goal, way, first)
        if entry.task is not None:
            await asyncio.wait([entry.task])
        return entry.view()

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
        if entry.task is asyncio.current_task():
            entry.life.goal = ""
            self._keep(entry)

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
            await self._step(entry, State.OPENING, "opened", self.lifecycle.open(entry.layout, entry.project))

    async def _start(self, entry: Entry) -> None:
        await self._fill(entry)
        if not await self._whole(entry):
            await self.remember(entry)
            if await self._active(entry) != "active":
                entry.life.begin(datetime.now(UTC))
            work = self.lifecycle.start(entry.layout, entry.project, held=entry.held)
            try:
                await self._step(entry, State.STARTING, "started", work)
            except Exception:
                with suppress(*FAILURES):
                    await self.lifecycle.stop(entry.layout)  # half of a project is none
                raise
        await self.settle(entry)

    async def _stop(self, entry: Entry) -> None:
        if entry.state is State.RUNNING or await self._active(entry) == "active":
            with suppress(*FAILURES):
                await self.meter.look(entry)  # the last of what it used
        await self._step(entry, State.STOPPING, "stopped", self.lifecycle.stop(entry.layout))

    async def _stop_and_save(self, entry: Entry) -> None:
        reason, entry.reason = entry.reason, ""
        await self._stop(entry)
        if self.saver is not None and btrfs.is_subvolume(entry.layout.subvolume):
            try:
                await self._step(entry, State.SAVING, "saved", self.saver.now(entry))
            except StepError as error:
                raise StepError(f"{reason}; {error}" if reason else str(error)) from error
        await self.settle(entry, reason)

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
        await self._step(entry, State.CLOSING, "closed", self.lifecycle.close(entry.layout, entry.project.uid))
        self._forget(entry)

    async def _accept(self, entry: Entry) -> None:
        await self.remember(entry)
        await self._step(entry, State.OPENING, "opened", self.lifecycle.accept(entry.layout, entry.project))
        await self.settle(entry)

    async def _set_aside(self, entry: Entry) -> None:
        work = self.lifecycle.set_aside(entry.layout, entry.project.uid)
        await self._step(entry, State.CLOSING, "set aside", work)
        self._forget(entry)

    def _forget(self, entry: Entry) -> None:
        """Note that a project is not here any more."""
        with suppress(FileNotFoundError):
            entry.layout.record.unlink()
        if self.saver is not None:
            self.saver.forget(entry)
        entry.record.generations, entry.record.saved = {}, None
        self._set(entry, State.CLOSED, "")
        self.ledger.forget(entry.layout.project_id)

    # What is so.

    async def _active(self, entry: Entry) -> str:
        return await self.lifecycle.systemd.active(entry.layout.unit)

    async def _whole(self, entry: Entry) -> bool:
        """Whether the project's unit and all of its sockets are up."""
        for unit in (entry.layout.unit, *entry.layout.sockets):
            if await self.lifecycle.systemd.active(unit) != "active":
                return False
        return True

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

    async def active_units(self) -> set[str]:
        """Return the units of projects that are up, with their sockets."""
        found = await self.lifecycle.systemd.units("lyceum-project@*.service", "lyceum-*@*.socket")
        return {unit.name for unit in found if unit.active == "active"}

    async def connected_units(self) -> set[str]:
        """Return the units of projects that are connected to the network outside."""
        return await network.connected(self.lifecycle.systemd)

    async def connect(self, entry: Entry) -> None:
        """Connect a running project to the network outside, or cut it off, as its quota says. Raises ``UnitError``."""
        await network.apply(self.lifecycle.systemd, entry.layout, allowed=entry.project.quota.network)

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
        if active == "active" and entry.state is State.RUNNING and not await self._whole(entry):
            with suppress(UnitError):  # the sockets of a project that ends right now end before it seems to
                await self.lifecycle.listen(entry.layout)
            active = await self._active(entry)
        if entry.state is State.RUNNING and active in {"inactive", "failed"}:
            result = await self.lifecycle.systemd.property(entry.layout.unit, "Service", "Result")
            detail = ENDINGS.get(str(result), f"the project ended by itself ({result})")
            log.warning(detail, extra={"action": "ended", "project": entry.layout.project_id})
            await self.lifecycle.stop(entry.layout)
            await self.settle(entry, detail)
        elif entry.state is State.OPENED and active == "active":
            self._set(entry, State.RUNNING, "")

    def _set(self, entry: Entry, state: State, detail: str) -> None:
        if (entry.state, entry.detail) == (state, detail):
            return
        if entry.state is not state:
            entry.changed = datetime.now(UTC)
        entry.state, entry.detail = state, detail
        self._keep(entry)
        log.info(
            "project is %s", state, extra={"action": "state", "project": entry.layout.project_id, "detail": detail}
        )
        self._publish(event_of(entry))

    def _keep(self, entry: Entry) -> None:
        """Write down what is known of the project's life; it is not worth failing for."""
        life = entry.life
        if entry.state not in STATE_LIMITS:
            life.state, life.changed, life.detail = entry.state, entry.changed, entry.detail
        try:
            self.ledger.keep(entry.layout.project_id, life)
        except sqlite3.Error as error:
            log.error("%s", error, extra={"action": "ledger", "project": entry.layout.project_id})  # noqa: TRY400 says all

    def say(self, entry: Entry, detail: str) -> None:
        """Tell hubs something of a project whose state stays."""
        self._set(entry, entry.state, detail)

    async def remember(self, entry: Entry) -> None:
        """Write down what must be known after a restart. Raises ``OSError``."""
        async with entry.record_lock:
            await asyncio.to_thread(record.store, entry.layout.record, entry.record)
