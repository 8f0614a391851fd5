"""A project that rests moves to another host: what each of the two daemons does of it. A hub leads (its ``moves.py``).

The new host receives the copy beside the project's place, and both hosts say what they hold. Only if that is the same
does the hub have the old host set its files aside, and only if nothing was written there meanwhile does that host do
it. So a move that breaks off, wherever it does, leaves one whole project on one of the hosts or on the storage host.
"""

from __future__ import annotations

import asyncio
import logging
import time
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import CopyManifest, State

from . import aside, btrfs, manifest, save
from .entry import FAILURES, describe

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path

    from lyceum_compute.protocol.messages import CopyOfProject, Project, ProjectState, SetAside

    from .entry import Entry
    from .projects import Projects

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Seconds that a copy which was received waits to be accepted.
PATIENCE = 3600.0


class Moves:
    """Receives projects from other hosts, and lets projects go to them."""

    def __init__(self, projects: Projects) -> None:
        self._projects = projects
        self._arrived: dict[str, tuple[str, float]] = {}
        """Of each project whose copy is here: its snapshot, and until when it waits."""

    async def manifest(self, project: Project) -> CopyManifest:
        """Say what a project at rest holds."""
        entry = self._projects.on_host(project)
        _check_resting(entry, State.OPENED)
        return await _told(self._manifest(entry, entry.layout.subvolume))

    async def receive(self, asked: CopyOfProject) -> CopyManifest:
        """Fetch a project as it is in a snapshot, and say what came."""
        entry = self._projects.of(asked.project)
        _check_resting(entry, State.CLOSED)
        self._projects.check_taking(entry)
        self._arrived.pop(entry.layout.project_id, None)
        async with entry.save_lock:
            try:
                await _told(self._projects.lifecycle.receive(entry.layout, entry.project, asked.snapshot))
                found = await _told(self._manifest(entry, entry.layout.opening))
            except BaseException:
                await self._refuse(entry)
                raise
        self._arrived[entry.layout.project_id] = (asked.snapshot, time.monotonic() + PATIENCE)
        return found

    async def accept(self, asked: CopyOfProject) -> ProjectState:
        """Let the copy that was received be the project. Raises ``FaultError`` (``conflict``) if it is not here."""
        entry = self._projects.of(asked.project)
        _check_resting(entry, State.CLOSED)
        snapshot, _ = self._arrived.pop(entry.layout.project_id, ("", 0.0))
        if snapshot != asked.snapshot:
            raise FaultError("conflict", "this copy of the project is not here")
        return await self._projects.accept(entry)

    async def set_aside(self, asked: SetAside) -> ProjectState:
        """Let a project go to another host, which has all of it; its files stay for a while."""
        entry = self._projects.on_host(asked.project)
        async with entry.save_lock:
            _check_resting(entry, State.OPENED)
            if await _told(_changed(entry)) != asked.changed:
                raise FaultError("conflict", "the project was changed meanwhile")
            return await self._projects.set_aside(entry)

    async def sweep(self) -> None:
        """Delete what nobody accepted, and what was set aside long ago."""
        settings = self._projects.settings
        for project_id, (_, until) in list(self._arrived.items()):
            if until < time.monotonic():
                del self._arrived[project_id]
                await self._refuse(self._projects.known(project_id))
        await asyncio.to_thread(
            aside.sweep, self._projects.root, kept=settings.moved_kept, reserve=settings.disk_reserve
        )

    async def _manifest(self, entry: Entry, subvolume: Path) -> CopyManifest:
        changed = await _changed(entry) if subvolume == entry.layout.subvolume else ""
        found = await asyncio.to_thread(manifest.of_home, subvolume / "home")
        return CopyManifest(digest=found.digest, entries=found.entries, size=found.size, changed=changed)

    async def _refuse(self, entry: Entry) -> None:
        try:
            await self._projects.lifecycle.refuse(entry.layout, entry.project.uid)
        except OSError as error:
            log.warning("%s", describe(error), extra={"action": "move", "project": entry.layout.project_id})


async def _changed(entry: Entry) -> str:
    """Return what is another after every write to the project."""
    await asyncio.to_thread(btrfs.sync, entry.layout.root)
    found = await asyncio.to_thread(save.generations, entry.layout)
    return blake2b(repr(sorted(found.items())).encode(), digest_size=16).hexdigest()


def _check_resting(entry: Entry, state: State) -> None:
    if entry.busy or entry.state is not state:
        raise FaultError("conflict", f"the project is {entry.state} on this host")


async def _told(work: Awaitable[T]) -> T:
    """Do some work whose failure is told to the hub."""
    try:
        return await work
    except FAILURES as error:
        if isinstance(error, FaultError):
            raise
        raise FaultError("unavailable", f"the project could not be moved: {describe(error)}") from error
