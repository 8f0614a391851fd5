"""Control groups of a lab: each machine and each helper runs in one of its own, by which it is found and ended.

On a host run by systemd each gets a transient scope with its controllers delegated. Elsewhere (a container, a bare
virtual machine) sub-groups are made below the caller's present group in every hierarchy, of version 1 or 2.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from lyceum_ops import programs

ROOT = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")
ENTER = 'while [ "$1" != -- ]; do echo $$ >"$1"; shift; done; shift; exec "$@"'


def run_by_systemd() -> bool:
    """Tell whether systemd runs this host."""
    return Path("/run/systemd/system").is_dir()


def group_name(lab: str) -> str:
    """Name of the control group (or slice) that holds all of a lab."""
    return f"lyceum-lab-{lab}"


def enter(lab: str, unit: str) -> list[str]:
    """Make the control group of a unit and return the words to put before a command, so that it runs in there."""
    if run_by_systemd():
        return [
            "systemd-run", "--quiet", "--scope", "--collect", f"--unit={scope(lab, unit)}",
            f"--slice={slice_name(lab)}",
            f"--description=Lyceum lab {lab}: {unit}", "--property=Delegate=yes", "--property=TasksMax=infinity",
            "--",
        ]  # fmt: skip
    files = [str(folder / "cgroup.procs") for folder in _make_groups(lab, unit)]
    return ["sh", "-ec", ENTER, "sh", *files, "--"]


def slice_name(lab: str) -> str:
    """Name of a lab's slice. A dash in it would make slices above it, which stay."""
    return f"{group_name(lab).replace('-', '_')}.slice"


def scope(lab: str, unit: str) -> str:
    """Name of a unit's scope."""
    return f"lyceum-lab-{lab}-{unit}.scope"


def folders(lab: str, unit: str | None = None) -> list[Path]:
    """Find the control groups of a unit, or of the whole lab, in every hierarchy and below whatever group made them."""
    name = slice_name(lab) if run_by_systemd() else group_name(lab)
    found = [path for path in _labs(ROOT) if path.name == name]
    if unit is None:
        return found
    inner = scope(lab, unit) if run_by_systemd() else unit
    return [path / inner for path in found if (path / inner).is_dir()]


def units(lab: str) -> set[str]:
    """Names of the units of a lab that have a process."""
    found = {unit.name for group in folders(lab) for unit in group.iterdir() if unit.is_dir() and _pids_below(unit)}
    if run_by_systemd():
        prefix = f"{group_name(lab)}-"
        return {name.removeprefix(prefix).removesuffix(".scope") for name in found if name.startswith(prefix)}
    return found


def pids(lab: str, unit: str | None = None) -> set[int]:
    """All processes of a unit, or of the whole lab."""
    return {pid for folder in folders(lab, unit) for pid in _pids_below(folder)}


def init(lab: str, unit: str) -> int | None:
    """Find the first process of the machine in a unit: the one that is number 1 in a PID namespace inside ours."""
    for pid in sorted(pids(lab, unit)):
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{pid}/status").read_text()
            numbers = next(line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:"))
            if len(numbers) > 1 and numbers[1] == "1":
                return pid
    return None


def wait_for_end(process: int, seconds: float) -> bool:
    """Wait until a process has ended; False when it is still there after `seconds`."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(descriptor)


def clear(lab: str, unit: str | None = None) -> None:
    """Kill whatever still runs in a unit, or in the whole lab, and remove its control groups."""
    deadline = time.monotonic() + 20
    while True:
        kill(pids(lab, unit))
        if not run_by_systemd():
            for folder in folders(lab, unit):
                _remove(folder)
        gone = not pids(lab, unit) if run_by_systemd() else not folders(lab, unit)
        if gone or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    if run_by_systemd() and unit is None:
        programs.run(["systemctl", "stop", slice_name(lab)], check=False)


def kill(doomed: set[int]) -> None:
    """Kill processes and wait until they have ended."""
    for pid in doomed:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for pid in doomed:
        wait_for_end(pid, 1)


def _make_groups(lab: str, unit: str) -> Iterator[Path]:
    """Make the sub-groups of a unit below our own group in every hierarchy."""
    for line in MEMBERSHIP.read_text().splitlines():
        _, controllers, own = line.split(":", 2)
        base = _hierarchy(controllers)
        if base is None:
            continue
        parent = base / own.strip("/")
        for name in (group_name(lab), unit):
            folder = parent / name
            folder.mkdir(exist_ok=True)
            _prepare(parent, folder, controllers)
            parent = folder
        yield parent


def _hierarchy(controllers: str) -> Path | None:
    """Where a hierarchy of /proc/self/cgroup is mounted."""
    if controllers:
        path = ROOT / controllers.removeprefix("name=")
        return path if path.is_dir() else None
    return next((path for path in (ROOT / "unified", ROOT) if (path / "cgroup.controllers").is_file()), None)


def _prepare(parent: Path, folder: Path, controllers: str) -> None:
    """Give a new group what it needs before a process may enter it."""
    if "cpuset" in controllers.split(","):
        for name in ("cpuset.cpus", "cpuset.mems"):
            (folder / name).write_text((parent / name).read_text())
    if not controllers:
        with contextlib.suppress(OSError):  # a group with processes of its own cannot pass controllers on
            available = (parent / "cgroup.controllers").read_text().split()
            (parent / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in available))


def _labs(root: Path) -> Iterator[Path]:
    """Every lab's control group or slice; what is in it is not looked through, for it may be much."""
    for folder, below, _ in os.walk(root):
        labs = [name for name in below if name.startswith(("lyceum-lab-", "lyceum_lab_"))]
        below[:] = [name for name in below if name not in labs]
        yield from (Path(folder) / name for name in labs)


def _walk(root: Path) -> Iterator[Path]:
    """Every control group, parents first; a group that vanishes meanwhile is passed over."""
    for folder, below, _ in os.walk(root):
        for name in below:
            yield Path(folder) / name


def _pids_below(folder: Path) -> set[int]:
    """Processes of a control group and of all groups in it."""
    found: set[int] = set()
    for group in (folder, *_walk(folder)):
        with contextlib.suppress(OSError):
            found.update(int(pid) for pid in (group / "cgroup.procs").read_text().split())
    return found - {0}  # one that our PID namespace does not show; to kill 0 would be to kill ourselves


def _remove(folder: Path) -> None:
    """Remove a control group and all in it, as far as they are empty."""
    for group in sorted((folder, *_walk(folder)), key=lambda path: len(path.parts), reverse=True):
        with contextlib.suppress(OSError):
            group.rmdir()
