"""What is looked after from time to time: states without anybody at work on them, memory, automatic saves, edits."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import Edited, State

from . import cgroups, sandbox
from .entry import FAILURES, STATE_LIMITS, describe
from .usage import count_kills

if TYPE_CHECKING:
    from collections.abc import Callable

    from lyceum_compute.protocol.messages import Event

    from .entry import Entry
    from .idle import Idle
    from .moves import Moves
    from .projects import Projects
    from .save import Saver

log = logging.getLogger(__name__)

PAUSE = 5
MEMORY_EVERY = 3
UNITS_EVERY = 6
FILES_EVERY = 6
USE_EVERY = 12
GATEWAY_EVERY = 12
ROOT_EVERY = 60
REST_EVERY = 180
THIN_EVERY = 720
"""In every so many rounds: programs that were ended for memory are told, units compared, files looked at, the use of
running projects counted, the gateway asked for activity, the root of sandboxes brought up to date and what moves left
deleted, the disk of resting projects noted, old hours forgotten. Three hundred idle projects are to take less than a
hundredth of a core."""
ON_DISK = frozenset({State.RUNNING, State.OPENED})
"""States in which a project's files are here, and nobody is at work on them but its own programs."""
NOT_SAVED = "not saved: "
#: Seconds beyond a state's time limit after which a way that does not end by itself is broken off.
OVERDUE = 30


class Sweep:
    """Rounds over all projects of the host."""

    def __init__(
        self, projects: Projects, saver: Saver, idle: Idle, moves: Moves, publish: Callable[[Event], None]
    ) -> None:
        self._projects = projects
        self._saver = saver
        self._idle = idle
        self._moves = moves
        self._publish = publish
        self._saving: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Go round until cancelled."""
        number = 0
        while True:
            await asyncio.sleep(PAUSE)
            number += 1
            if number % ROOT_EVERY == 0:
                await self._refresh()
            if number % UNITS_EVERY == 0:
                await self._compare()
            if number % GATEWAY_EVERY == 0:
                await self._idle.ask_gateway()
            await self._look(list(self._projects.entries.values()), number)
            await self._stop_idle()
            if number % ROOT_EVERY == 0:
                await self._look_at_moves()
            if number % THIN_EVERY == 0:
                self._projects.ledger.thin(datetime.now(UTC))

    async def _stop_idle(self) -> None:
        try:
            await self._idle.round()
        except FAILURES as error:
            log.warning("%s", describe(error), extra={"action": "idle"})

    async def _look_at_moves(self) -> None:
        try:
            await self._moves.sweep()
        except OSError as error:
            log.warning("%s", describe(error), extra={"action": "move"})

    async def _note_rest(self, entry: Entry) -> None:
        """Note the disk that a project takes which does not run."""
        if entry.state is not State.OPENED:
            return
        try:
            disk = await self._projects.meter.disk(entry)
            self._projects.ledger.rest(entry.layout.project_id, disk, datetime.now(UTC))
        except (OSError, sqlite3.Error) as error:
            log.warning("%s", error, extra={"action": "usage", "project": entry.layout.project_id})

    async def _refresh(self) -> None:
        """Let projects see what changed in the host's ``/etc``, after an upgrade for instance."""
        try:
            await asyncio.to_thread(sandbox.make_root, self._projects.settings.network)
        except OSError as error:
            log.warning("the root of sandboxes: %s", describe(error), extra={"action": "sweep"})

    async def _compare(self) -> None:
        """Look again at projects whose unit is not as it was thought to be, should a signal have been missed."""
        try:
            active, connected = await self._projects.active_units(), await self._projects.connected_units()
        except FAILURES as error:
            log.warning("%s", describe(error), extra={"action": "sweep"})
            return
        for entry in self._projects.entries.values():
            running = entry.state is State.RUNNING
            if (entry.layout.unit in active) != running or (running and not active.issuperset(entry.layout.sockets)):
                self._projects.look_again(entry)
            elif running and entry.project.quota.network != (entry.layout.network in connected):
                await self._connect(entry)

    async def _connect(self, entry: Entry) -> None:
        """Let a project's network be as its quota says, should that have failed before."""
        try:
            await self._projects.connect(entry)
            self._projects.say(entry, "")
        except FAILURES as error:
            log.warning("%s", describe(error), extra={"action": "network", "project": entry.layout.project_id})
            self._projects.say(entry, "the network outside cannot be reached; the host's log says why")

    async def _look(self, entries: list[Entry], number: int) -> None:
        """Look at all; what costs more is due for some of them in each round."""
        for turn, entry in enumerate(entries, number):
            await self._look_at(entry, memory=turn % MEMORY_EVERY == 0)
            if number % REST_EVERY == 1:
                await self._note_rest(entry)
        free = [(turn, entry) for turn, entry in enumerate(entries, number) if not entry.busy]
        used = [entry for turn, entry in free if turn % USE_EVERY == 0 and entry.state is State.RUNNING]
        files = [entry for turn, entry in free if turn % FILES_EVERY == 0 and entry.state in ON_DISK]
        try:
            if used:
                await self._projects.meter.look_at_all(used)
            if files:
                await self._look_at_files(files)
        except Exception:  # the boundary of what is looked at together
            log.exception("a round failed", extra={"action": "sweep"})

    async def _look_at(self, entry: Entry, *, memory: bool) -> None:
        try:
            await self._resolve(entry)
            if memory and entry.state is State.RUNNING:
                self._look_at_memory(entry)
        except FAILURES as error:
            log.warning("%s", describe(error), extra={"action": "sweep", "project": entry.layout.project_id})
        except Exception:  # the boundary of one project's round
            log.exception("a round failed", extra={"action": "sweep", "project": entry.layout.project_id})

    async def _resolve(self, entry: Entry) -> None:
        """Bring a project that is stuck on its way to where it is as a fact."""
        limit = STATE_LIMITS.get(entry.state)
        if limit is None:
            return
        late = datetime.now(UTC) - entry.changed > timedelta(seconds=limit + OVERDUE)
        if entry.busy and not late:
            return
        log.warning("%s is stuck", entry.state, extra={"action": "sweep", "project": entry.layout.project_id})
        stuck = entry.state
        if entry.busy and entry.task is not None:
            entry.task.cancel()
            await asyncio.wait([entry.task], timeout=OVERDUE)
        await self._projects.settle(entry, f"{stuck} took too long and was given up")

    def _look_at_memory(self, entry: Entry) -> None:
        """Tell when the kernel ended a process because the project's memory was used up."""
        life = entry.life
        shortages = cgroups.memory_shortages(entry.layout.slice)
        if shortages != life.counted_shortages:
            life.counted_shortages = shortages
            count_kills(entry, cgroups.killed_for_memory(entry.layout.slice), datetime.now(UTC))
        if life.memory_kills <= life.told_kills or life.memory_killed is None:
            return
        life.told_kills = life.memory_kills
        often = "once" if life.memory_kills == 1 else f"{life.memory_kills} times"
        self._projects.say(
            entry,
            f"out of memory: programs were ended {often}, the last at {life.memory_killed:%Y-%m-%d %H:%M} UTC,"
            f" as the project used all of its {entry.project.quota.memory} MB",
        )

    async def _look_at_files(self, entries: list[Entry]) -> None:
        for looked in await self._saver.look(entries):
            entry = looked.entry
            if looked.edited and entry.state is State.RUNNING:
                self._publish(Edited(project_id=entry.layout.project_id, time=datetime.now(UTC)))
            if not looked.saved:
                task = asyncio.create_task(self._save(entry), name=f"automatic save {entry.layout.project_id}")
                self._saving.add(task)
                task.add_done_callback(self._saving.discard)
            elif entry.detail.startswith(NOT_SAVED):
                self._projects.say(entry, "")

    async def _save(self, entry: Entry) -> None:
        try:
            if await self._saver.automatic(entry) and entry.detail.startswith(NOT_SAVED):
                self._projects.say(entry, "")
        except FAILURES as error:
            if isinstance(error, FaultError) and error.code == "too_large":  # its people's to mend, so they are told
                self._projects.say(entry, NOT_SAVED + error.message)
            log.warning("not saved: %s", describe(error), extra={"action": "save", "project": entry.layout.project_id})
        except Exception:  # the boundary of one project's save
            log.exception("a save failed", extra={"action": "save", "project": entry.layout.project_id})
