"""What the kernel counts for a project's slice; on hosts with cgroup v2 and on hybrid ones with v1 controllers.

It is asked for every running project, time and again: paths are strings, as ``pathlib`` takes longest.
"""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack, suppress
from dataclasses import dataclass
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
    unified = f"{root}/{own}/memory.events"
    if os.path.exists(unified):
        return _count(unified, "oom_kill")
    return _killed_below(f"{root}/memory/{own}")


def memory_shortages(slice_name: str, *, root: Path = ROOT) -> int:
    """Return how often the slice wanted more memory than it may have; the kernel ends nothing for it without counting.

    One file, where ``killed_for_memory`` may have to read many.
    """
    own = path_of(slice_name)
    with suppress(OSError):
        return _number(f"{root}/memory/{own}/memory.failcnt")
    return _count(f"{root}/{own}/memory.events", "max")


def _killed_below(folder: str) -> int:
    """With cgroup v1 each group counts its own."""
    return _count(f"{folder}/memory.oom_control", "oom_kill") + sum(map(_killed_below, _below(folder)))


def _below(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.path for entry in entries if entry.is_dir()]
    except FileNotFoundError:
        return []


def processes(slice_name: str, *, root: Path = ROOT) -> Iterator[int]:
    """Yield the processes of a slice."""
    own = path_of(slice_name)
    base = root / own if (root / "cgroup.controllers").exists() else root / "systemd" / own
    for file in base.glob("**/cgroup.procs"):
        with suppress(OSError):
            yield from map(int, file.read_text().split())


@dataclass(frozen=True)
class Counters:
    """What a slice uses, and what was counted since it was made."""

    memory: int
    """Bytes, without files that are only kept because there is room."""
    cpu_seconds: float
    tasks: int
    tasks_peak: int
    """The kernel's own count; 0 where it keeps none."""
    tasks_refused: int
    memory_kills: int


def counters(slice_name: str, *, root: Path = ROOT) -> Counters | None:
    """Return what is counted for a slice, or None if it is not there."""
    own = path_of(slice_name)
    unified = f"{root}/{own}"
    try:
        if os.path.exists(f"{unified}/memory.current"):
            tasks, time = unified, f"{unified}/cpu.stat"
            used = _number(f"{unified}/memory.current") - _field(f"{unified}/memory.stat", "inactive_file")
        else:
            memory, tasks = f"{root}/memory/{own}", f"{root}/pids/{own}"
            time = f"{root}/unified/{own}/cpu.stat"  # of cgroup v2, which sorts processes here and limits none
            used = _number(f"{memory}/memory.usage_in_bytes") - _field(f"{memory}/memory.stat", "total_inactive_file")
        return Counters(
            memory=max(used, 0),
            cpu_seconds=_field(time, "usage_usec") / 1e6,
            tasks=_number(f"{tasks}/pids.current"),
            tasks_peak=_number(f"{tasks}/pids.peak") if os.path.exists(f"{tasks}/pids.peak") else 0,
            tasks_refused=_tasks_refused(tasks),
            memory_kills=killed_for_memory(slice_name, root=root),
        )
    except FileNotFoundError:
        return None


def limit_tasks(slice_name: str, most: int, *, root: Path = ROOT) -> None:
    """Let a slice make no more than so many tasks from now on. Raises ``OSError``."""
    own = path_of(slice_name)
    unified = root / own / "pids.max"
    (unified if unified.exists() else root / "pids" / own / "pids.max").write_text(str(most))


def signal_all(slice_name: str, number: signal.Signals, *, spared: int) -> int:
    """Send a signal to all processes of a slice but one; return how many there were."""
    with ExitStack() as stack:
        held = {}
        for pid in processes(slice_name):
            with suppress(ProcessLookupError):
                held[pid] = os.pidfd_open(pid)
                stack.callback(os.close, held[pid])
        there = set(processes(slice_name)) - {spared}  # whoever is held and still there is who was meant
        for pid in there & held.keys():
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(held[pid], number)
        return len(there)


def _tasks_refused(folder: str) -> int:
    """Newer kernels count at the limit that was reached, others and cgroup v1 where something was to be made."""
    return _count(f"{folder}/pids.events", "max") or sum(
        _count(f"{inner}/pids.events", "max") for inner in _below(folder)
    )


def _count(file: str, name: str) -> int:
    with suppress(OSError):
        return _field(file, name)
    return 0


def _number(file: str) -> int:
    return int(_read(file))


def _field(file: str, name: str) -> int:
    """Return a number of a file of names and numbers; 0 if it does not stand there."""
    for line in _read(file).splitlines():
        key, _, value = line.partition(b" ")
        if key == name.encode():
            return int(value)
    return 0


def _read(file: str) -> bytes:
    fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, 65536)  # the kernel gives such a file in one piece
    finally:
        os.close(fd)
