"""What is looked after from time to time: states without anybody at work on them, memory, automatic saves, edits."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lyceum_compute.protocol.messages import Edited, State

from . import cgroups, sandbox
from .entry import FAILURES, STATE_LIMITS, describe

if TYPE_CHECKING:
    from collections.abc import Callable

    from lyceum_compute.protocol.messages import Event

    from .entry import Entry
    from .projects import Projects
    from .save import Saver

log = logging.getLogger(__name__)

PAUSE = 5
UNITS_EVERY = 3
FILES_EVERY = 6
ROOT_EVERY = 60
"""Units are compared, files looked at, and the root of sandboxes brought up to date, in every so many rounds."""


class Sweep:
    """Rounds over all projects of the host."""

    def __init__(self, projects: Projects, saver: Saver, publish: Callable[[Event], None]) -> None:
        self._projects = projects
        self._saver = saver
        self._publish = publish
        self._killed: dict[str, int] = {}
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
            for entry in list(self._projects.entries.values()):
                await self._look(entry, files=number % FILES_EVERY == 0)

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
            if (entry.layout.unit in active) != (entry.state is State.RUNNING):
                self._projects.look_again(entry)
            elif entry.state is State.RUNNING and entry.project.quota.network != (entry.layout.network in connected):
                await self._connect(entry)

    async def _connect(self, entry: Entry) -> None:
        """Let a project's network be as its quota says, should that have failed before."""
        try:
            await self._projects.connect(entry)
            self._projects.say(entry, "")
        except FAILURES as error:
            log.warning("%s", describe(error), extra={"action": "network", "project": entry.layout.project_id})
            self._projects.say(entry, "the network outside cannot be reached; the host's log says why")

    async def _look(self, entry: Entry, *, files: bool) -> None:
        try:
            if entry.state in STATE_LIMITS and not entry.busy:
                log.warning("a state was stuck", extra={"action": "sweep", "project": entry.layout.project_id})
                await self._projects.settle(entry)
            if entry.state is State.RUNNING:
                self._look_at_memory(entry)
            if files and not entry.busy and entry.state in {State.RUNNING, State.OPENED}:
                await self._look_at_files(entry)
        except FAILURES as error:
            log.warning("%s", describe(error), extra={"action": "sweep", "project": entry.layout.project_id})
        except Exception:  # the boundary of one project's round
            log.exception("a round failed", extra={"action": "sweep", "project": entry.layout.project_id})

    def _look_at_memory(self, entry: Entry) -> None:
        """Tell when the kernel ended a process because the project's memory was used up."""
        key = entry.layout.project_id
        killed = cgroups.killed_for_memory(entry.layout.slice)
        before = self._killed.get(key)
        self._killed[key] = killed
        if before is not None and killed > before:
            limit = entry.project.quota.memory
            self._projects.say(entry, f"out of memory: a program was ended, as the project used all of its {limit} MB")

    async def _look_at_files(self, entry: Entry) -> None:
        if entry.state is State.RUNNING and await self._saver.edited(entry):
            self._publish(Edited(project_id=entry.layout.project_id, time=datetime.now(UTC)))
        task = asyncio.create_task(self._save(entry), name=f"automatic save {entry.layout.project_id}")
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)

    async def _save(self, entry: Entry) -> None:
        try:
            await self._saver.automatic(entry)
        except FAILURES as error:
            log.warning("not saved: %s", describe(error), extra={"action": "save", "project": entry.layout.project_id})
        except Exception:  # the boundary of one project's save
            log.exception("a save failed", extra={"action": "save", "project": entry.layout.project_id})
