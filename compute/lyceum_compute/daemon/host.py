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


def check_room(*, total: int, reserve: int, overcommit: float, committed: int, wanted: int) -> None:
    """Raise ``FaultError`` (``host_full``) if the quotas of running projects would promise too much memory (MB)."""
    room = int((total - reserve) * overcommit)
    if committed + wanted > room:
        free = max(room - committed, 0)
        raise FaultError("host_full", f"this host has room for {free} MB more, and the project may take {wanted} MB")
