"""Saving: a snapshot of the project is copied to its storage host, which snapshots the whole copy.

A copy shows one point in time, as it is sent from a read-only snapshot. The snapshot is deleted right after. While it
is there, it holds deleted blocks against the project's quota, whose limit is raised by as much for that time. Nothing
is sent when no subvolume of the project changed since the last copy; that is found out at the same cost however large
the project is.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import Saved, SaveResult

from . import beneath, btrfs, limits
from .aside import discard

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from lyceum_compute.protocol.messages import Event

    from .entry import Entry
    from .layout import Layout
    from .settings import Settings
    from .storage import Storage

log = logging.getLogger(__name__)

#: More subvolumes inside a project than this are not saved, and neither is the project.
MOST_SUBVOLUMES = 200
TOO_MANY = f"the project has more than {MOST_SUBVOLUMES} btrfs subvolumes inside; delete some to have it saved"
#: The storage host may have been restarted between the end of a copy and the call for its snapshot.
ATTEMPTS = 2
SAVES_AT_ONCE = 4
#: The kernel frees what a deleted snapshot held in the background. It is looked for so often, with seconds between.
RELEASE_LOOKS = 120
RELEASE_PAUSE = 1.0


@dataclass(frozen=True)
class Looked:
    """What was found of a project's files."""

    entry: Entry
    edited: bool
    """They changed since they were looked at last."""
    saved: bool
    """The last copy is what is here."""


class Saver:
    """Saves the projects of one host: each at most once at a time, and not more often than allowed."""

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        publish: Callable[[Event], None],
        remember: Callable[[Entry], Awaitable[None]],
        limit_disk: Callable[[Entry], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._publish = publish
        self._remember = remember
        self._limit_disk = limit_disk
        self._releasing: dict[str, asyncio.Task[None]] = {}
        self._began: dict[str, float] = {}
        self._next: dict[str, asyncio.Task[SaveResult]] = {}
        self._noticed: dict[str, float] = {}
        self._seen: dict[str, dict[int, int]] = {}
        self._turns = asyncio.Semaphore(SAVES_AT_ONCE)

    async def demand(self, entry: Entry) -> SaveResult:
        """Return a snapshot that holds every write before the call; waits its turn if the last save was just now.

        Those who ask while one waits for its turn share it: it begins after all of their calls.
        """
        key = entry.layout.project_id
        task = self._next.get(key)
        if task is None:
            task = asyncio.create_task(self._in_turn(entry), name=f"save {key}")
            self._next[key] = task
            task.add_done_callback(_log_failure)
        return await asyncio.shield(task)

    async def _in_turn(self, entry: Entry) -> SaveResult:
        key = entry.layout.project_id
        try:
            if await self._unchanged(entry, synced=True) and entry.record.saved is not None:
                return entry.record.saved
            while True:
                await asyncio.sleep(self._wait(key))
                async with entry.save_lock, self._turns:
                    if self._wait(key) > 0:
                        continue
                    self._next.pop(key, None)
                    if await self._unchanged(entry, synced=True) and entry.record.saved is not None:
                        return entry.record.saved
                    return await self._save(entry)
        finally:
            if self._next.get(key) is asyncio.current_task():
                del self._next[key]

    def _wait(self, key: str) -> float:
        """Return how long until another save of a project is allowed."""
        began = self._began.get(key)
        return 0 if began is None else max(began + self._settings.on_demand_save_interval - time.monotonic(), 0)

    async def now(self, entry: Entry) -> SaveResult | None:
        """Save a project that changed, without waiting for a turn: before it is stopped or closed for good."""
        async with entry.save_lock, self._turns:
            if await self._unchanged(entry, synced=True):
                return entry.record.saved
            return await self._save(entry)

    async def automatic(self, entry: Entry) -> bool:
        """Save a project if it changed, its last save is long enough ago, and none is under way.

        Returns whether the last copy is what is here.
        """
        key, interval = entry.layout.project_id, self._settings.automatic_save_interval
        last = self._began.get(key, self._noticed.setdefault(key, time.monotonic()))
        if entry.save_lock.locked() or last + interval > time.monotonic():
            return False
        async with entry.save_lock, self._turns:
            if not await self._unchanged(entry, synced=False):
                await self._save(entry)
        return True

    async def look(self, entries: Sequence[Entry]) -> list[Looked]:
        """Look at the files of projects; one that cannot be looked at counts as not saved, and saving it tells why."""
        looked = []
        for entry, now in zip(entries, await asyncio.to_thread(_generations_of, entries), strict=True):
            key, saved = entry.layout.project_id, entry.record.generations
            before = self._seen.get(key, saved)
            if now is not None:
                self._seen[key] = now
            looked.append(Looked(entry, edited=now not in (None, before, saved), saved=now == saved))
        return looked

    def forget(self, entry: Entry) -> None:
        """Drop what is remembered of a project that was closed."""
        for known in (self._began, self._noticed, self._seen):
            known.pop(entry.layout.project_id, None)

    async def _unchanged(self, entry: Entry, *, synced: bool) -> bool:
        """Whether the last copy is what is here; ``synced``: also counting writes that are still in memory."""
        if synced:
            await asyncio.to_thread(btrfs.sync, entry.layout.root)
        return entry.record.generations == await asyncio.to_thread(generations, entry.layout)

    async def _save(self, entry: Entry) -> SaveResult:
        """Copy and snapshot. The caller holds the lock."""
        layout, project = entry.layout, entry.project
        began = time.monotonic()
        self._began[layout.project_id] = began
        await self._storage.prepare(project)
        await self._hold(entry)
        try:
            found = await asyncio.to_thread(freeze, layout)
            result = await self._copy(entry)
        finally:
            await self._release(entry)
        entry.record.generations, entry.record.saved = found, result
        await self._remember(entry)
        log.info(
            "saved",
            extra={"action": "save", "project": layout.project_id, "seconds": round(time.monotonic() - began, 3)},
        )
        self._publish(Saved(project_id=layout.project_id, snapshot=result.snapshot, time=result.time))
        return result

    async def _hold(self, entry: Entry) -> None:
        """Raise the disk's limit by what the snapshot may hold of what is deleted from now on: at most, all there is.

        So whoever has a full disk can delete and write while the copy is under way. What is written beyond the quota in
        that time leaves the project above it afterwards; a second copy then adds no more than one quota either.
        """
        earlier = self._releasing.pop(entry.layout.project_id, None)
        if earlier is not None:
            earlier.cancel()
        used = await asyncio.to_thread(btrfs.used, entry.layout.root, btrfs.level_1(entry.project.uid))
        entry.held = min(used, limits.disk_bytes(entry.project.quota))
        await self._limit_disk(entry)

    async def _release(self, entry: Entry) -> None:
        """Delete the snapshot; the limit is as before once the kernel has freed what it held."""
        key = entry.layout.project_id
        number = await asyncio.to_thread(_number, entry.layout.snapshot)
        await asyncio.to_thread(discard, entry.layout.snapshot)
        task = asyncio.create_task(self._lower(entry, number), name=f"release {key}")
        self._releasing[key] = task
        task.add_done_callback(_log_failure)

    async def _lower(self, entry: Entry, number: int | None) -> None:
        for _ in range(RELEASE_LOOKS):
            await asyncio.to_thread(btrfs.sync, entry.layout.root)
            if number is None or not await asyncio.to_thread(btrfs.exists, entry.layout.root, number):
                break
            await asyncio.sleep(RELEASE_PAUSE)
        entry.held = 0
        self._releasing.pop(entry.layout.project_id, None)
        if btrfs.is_subvolume(entry.layout.subvolume):
            await self._limit_disk(entry)

    async def _copy(self, entry: Entry) -> SaveResult:
        for attempt in range(1, ATTEMPTS + 1):
            await self._storage.send(entry.project, entry.layout.snapshot / "home")
            try:
                return await self._storage.snapshot(entry.project)
            except FaultError as error:
                if error.code != "conflict" or attempt == ATTEMPTS:
                    raise
        raise AssertionError


def generations(layout: Layout) -> dict[int, int]:
    """Return the last change of each subvolume of a project. Raises ``OSError`` or ``FaultError`` (too many)."""
    found: dict[int, int] = {}
    with btrfs.opened(layout.subvolume) as fd:
        left = [btrfs.number(fd)]
        while left:
            number = left.pop()
            found[number] = btrfs.generation(fd, number)
            left += [inner.id for inner in btrfs.inner(fd, number)]
            if len(found) + len(left) > MOST_SUBVOLUMES:
                raise FaultError("too_large", TOO_MANY)
    return found


def _generations_of(entries: Sequence[Entry]) -> list[dict[int, int] | None]:
    found: list[dict[int, int] | None] = []
    for entry in entries:
        try:
            found.append(generations(entry.layout))
        except (OSError, FaultError):
            found.append(None)
    return found


def freeze(layout: Layout) -> dict[int, int]:
    """Snapshot a project with the subvolumes inside it; return what ``generations`` would say at that moment.

    A snapshot shows inner subvolumes as empty folders, so each is snapshotted too, into its place. The user may rename
    things meanwhile: a subvolume that is not where it was is left out, and the next save sees the change.
    """
    discard(layout.snapshot)
    found: dict[int, int] = {}
    with beneath.folder(layout.snapshot.parent, []) as folder:
        _freeze(layout.subvolume, None, folder, os.fsencode(layout.snapshot.name), found)
    return found


def _freeze(source: Path, number: int | None, folder: int, name: bytes, found: dict[int, int]) -> None:
    if len(found) >= MOST_SUBVOLUMES:
        raise FaultError("too_large", TOO_MANY)
    with btrfs.opened(source, number) as fd:
        own = btrfs.number(fd)
        inner = btrfs.inner(fd, own)
        btrfs.snapshot(fd, folder, name, read_only=not inner)
    with beneath.folder(folder, [name]) as made:
        found[own] = btrfs.generation(made, btrfs.number(made))
        for one in inner:
            *way, last = beneath.parts_of(one.path)
            with suppress(OSError), beneath.folder(made, way) as place:
                os.rmdir(last, dir_fd=place)
                _freeze(source / os.fsdecode(one.path), one.id, place, last, found)


def _number(snapshot: Path) -> int | None:
    """Return the number of the snapshot's subvolume, if it is there."""
    if not btrfs.is_subvolume(snapshot):
        return None
    with btrfs.opened(snapshot) as fd:
        return btrfs.number(fd)


def _log_failure(task: asyncio.Task[Any]) -> None:
    """Take note of how it ended, should nobody wait for it any more."""
    if not task.cancelled() and task.exception() is not None:
        log.warning("%s failed: %s", task.get_name(), task.exception(), extra={"action": "save"})
