"""What the kernel counts for a project's slice; on hosts with cgroup v2 and on hybrid ones with v1 controllers."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path("/sys/fs/cgroup")


def path_of(slice_name: str) -> str:
    """Return the control group of a slice: ``a-b.slice`` lies in ``a.slice``."""
    words = slice_name.removesuffix(".slice").split("-")
    return "/".join("-".join(words[: number + 1]) + ".slice" for number in range(len(words)))


def killed_for_memory(slice_name: str, *, root: Path = ROOT) -> int:
    """Return how many processes the kernel ended so far because the slice's memory was used up."""
    own = path_of(slice_name)
    unified = root / own / "memory.events"
    if unified.exists():
        return _count(unified)
    legacy = root / "memory" / own
    return sum(_count(file) for file in legacy.glob("**/memory.oom_control"))


def processes(slice_name: str, *, root: Path = ROOT) -> Iterator[int]:
    """Yield the processes of a slice."""
    own = path_of(slice_name)
    base = root / own if (root / "cgroup.controllers").exists() else root / "systemd" / own
    for file in base.glob("**/cgroup.procs"):
        with suppress(OSError):
            yield from map(int, file.read_text().split())


def terminate(slice_name: str, *, spared: int) -> int:
    """Ask all processes of a slice but one to end; return how many were asked."""
    with ExitStack() as stack:
        held = {}
        for pid in processes(slice_name):
            with suppress(ProcessLookupError):
                held[pid] = os.pidfd_open(pid)
                stack.callback(os.close, held[pid])
        there = set(processes(slice_name)) - {spared}  # whoever is held and still there is who was meant
        for pid in there & held.keys():
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(held[pid], signal.SIGTERM)
        return len(there)


def _count(file: Path) -> int:
    with suppress(OSError):
        for line in file.read_text().splitlines():
            key, _, value = line.partition(" ")
            if key == "oom_kill":
                return int(value)
    return 0
