"""What projects use: looked up in the kernel, kept as each project's life, and added to the hours of accounting."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lyceum_compute.protocol.messages import State, Usage

from . import btrfs, cgroups, host, limits
from .entry import describe
from .ledger import KEPT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .entry import Entry
    from .ledger import Ledger

log = logging.getLogger(__name__)

#: Cores in use, on the average between two looks, from which on a project is computing: an idle notebook takes less.
COMPUTING = 0.01


class Meter:
    """Looks at what projects use."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def usage(self, entry: Entry) -> Usage:
        """Return what a project uses now. Raises ``OSError``."""
        if entry.state is State.RUNNING:
            await self.look(entry)
        elif entry.state is not State.CLOSED:
            entry.life.disk = await self.disk(entry)
        life, quota = entry.life, entry.project.quota
        return Usage(
            project_id=entry.layout.project_id,
            time=life.looked if entry.state is State.RUNNING and life.looked else datetime.now(UTC),
            state=entry.state,
            started=life.started,
            active=life.active,
            memory=round(life.memory, 1),
            memory_peak=round(life.memory_peak, 1),
            memory_limit=quota.memory,
            memory_kills=life.memory_kills,
            memory_killed=life.memory_killed,
            disk=round(life.disk, 1),
            disk_limit=quota.disk,
            cores=round(life.cores, 3),
            cores_limit=quota.cores,
            cpu_seconds=round(life.cpu_seconds, 3),
            tasks=life.tasks,
            tasks_peak=life.tasks_peak,
            tasks_limit=limits.TASKS,
            tasks_refused=life.tasks_refused,
            tasks_refused_last=life.tasks_refused_last,
        )

    async def disk(self, entry: Entry) -> float:
        """Return the MB that a project's files take. Raises ``OSError``."""
        return await asyncio.to_thread(_disk, entry)

    async def look(self, entry: Entry) -> None:
        """Count what a running project used since it was looked at last. Raises ``OSError``."""
        self._take(entry, *await asyncio.to_thread(_read, entry))

    async def look_at_all(self, entries: Sequence[Entry]) -> None:
        """Count what many used; one that cannot be looked at keeps nobody else from being counted."""
        for entry, found in zip(entries, await asyncio.to_thread(_read_all, entries), strict=True):
            if not isinstance(found, OSError):
                self._take(entry, *found)
            else:
                log.warning("%s", describe(found), extra={"action": "usage", "project": entry.layout.project_id})

    def _take(self, entry: Entry, counted: cgroups.Counters | None, disk: float) -> None:
        if counted is not None:
            self.count(entry, counted, disk, datetime.now(UTC))

    def count(self, entry: Entry, counted: cgroups.Counters, disk: float, now: datetime) -> None:
        """Take the kernel's counters into a project's life, and its use into the hours."""
        life = entry.life
        since = min(max(life.looked or now, now - KEPT), now)
        seconds = (now - since).total_seconds()
        cpu = counted.cpu_seconds - life.counted_cpu if counted.cpu_seconds >= life.counted_cpu else counted.cpu_seconds
        memory = counted.memory / host.MB
        average = (memory + life.memory) / 2
        self._limits_reached(entry, counted, now)
        life.looked, life.memory, life.disk, life.tasks = now, memory, disk, counted.tasks
        life.memory_peak = max(life.memory_peak, memory)
        life.tasks_peak = max(life.tasks_peak, counted.tasks, counted.tasks_peak)
        life.counted_cpu = counted.cpu_seconds
        life.cpu_seconds += cpu
        if seconds >= 1:
            life.cores = cpu / seconds
            if life.cores >= computing(entry.project.quota.cores):
                life.active = now
        self._write(entry, (since, now), cpu=cpu, memory=average)

    @staticmethod
    def _limits_reached(entry: Entry, counted: cgroups.Counters, now: datetime) -> None:
        count_kills(entry, counted.memory_kills, now)
        life = entry.life
        if counted.tasks_refused > life.counted_refused:
            life.tasks_refused += counted.tasks_refused - life.counted_refused
            life.tasks_refused_last = now
            life.tasks_peak = limits.TASKS
        life.counted_refused = counted.tasks_refused

    def _write(self, entry: Entry, span: tuple[datetime, datetime], *, cpu: float, memory: float) -> None:
        key = entry.layout.project_id
        try:
            if span[0] < span[1]:
                self._ledger.add(key, entry.life, span, cpu=cpu, memory=memory)
            else:
                self._ledger.keep(key, entry.life)
        except sqlite3.Error as error:
            log.error("usage could not be written down: %s", error, extra={"action": "usage", "project": key})  # noqa: TRY400 says all


def count_kills(entry: Entry, killed: int, now: datetime) -> None:
    """Take over how many processes the kernel ended so far because a project's memory was used up."""
    life = entry.life
    if killed > life.counted_kills:
        life.memory_kills += killed - life.counted_kills
        life.memory_killed = now
        life.memory_peak = entry.project.quota.memory
    life.counted_kills = killed


def _read(entry: Entry) -> tuple[cgroups.Counters | None, float]:
    return cgroups.counters(entry.layout.slice), _disk(entry)


def _read_all(entries: Sequence[Entry]) -> list[tuple[cgroups.Counters | None, float] | OSError]:
    found: list[tuple[cgroups.Counters | None, float] | OSError] = []
    for entry in entries:
        try:
            found.append(_read(entry))
        except OSError as error:
            found.append(error)
    return found


def _disk(entry: Entry) -> float:
    return btrfs.used(entry.layout.root, btrfs.level_1(entry.project.uid)) / host.MB


def computing(cores: float) -> float:
    """Return from how many cores on a project is computing, though it gets few of them, or the host is overloaded."""
    crowd = max(os.getloadavg()[0] / (os.cpu_count() or 1), 1)
    return min(COMPUTING, cores / 2) / crowd
