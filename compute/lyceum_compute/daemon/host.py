"""The host itself: what it has, and whether there is room for one more project."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from lyceum_compute.protocol.errors import FaultError

MB = 1_000_000
_MEMINFO = Path("/proc/meminfo")


@dataclass(frozen=True)
class Memory:
    """MB."""

    total: int
    available: int


def memory(meminfo: str | None = None) -> Memory:
    """Return the host's memory, from ``/proc/meminfo``."""
    text = _MEMINFO.read_text() if meminfo is None else meminfo
    fields = {key: value.split() for key, _, value in (line.partition(":") for line in text.splitlines())}
    return Memory(*(int(fields[key][0]) * 1024 // MB for key in ("MemTotal", "MemAvailable")))


def disk(path: str) -> tuple[int, int]:
    """Return the size of a file system and what is free, in MB."""
    found = os.statvfs(path)
    return found.f_blocks * found.f_frsize // MB, found.f_bavail * found.f_frsize // MB


@dataclass(frozen=True)
class Room:
    """What a host may still promise to projects, and what is free of its disk beside the reserve. MB."""

    memory: int
    disk: int
    disk_free: int

    def check(self, *, memory: int, disk: int) -> None:
        """Raise ``FaultError`` (``host_full``) if that much more is not to be had."""
        if memory > self.memory:
            free = max(self.memory, 0)
            raise FaultError(
                "host_full", f"this host has room for {free} MB more, and the project may take {memory} MB"
            )
        if self.disk_free <= 0:
            raise FaultError("host_full", "this host's disk is full")
        if disk > self.disk:
            free = max(self.disk, 0)
            raise FaultError("host_full", f"this host has {free} MB of disk left, and the project may take {disk} MB")
