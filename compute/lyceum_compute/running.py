"""The first process of a running project, found by files that the kernel writes, and held while it is looked at."""

from __future__ import annotations

import os
import re
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
PROC = Path("/proc")
#: Users of projects are numbered from here; the system's own are below.
FIRST_UID = 100_000

_NAME = re.compile(r"[0-9a-f]{32}")


class NoProjectError(Exception):
    """The project does not run, or has just ended."""


def hold(name: str, *, cgroups: Path = CGROUPS, proc: Path = PROC) -> int:
    """Open the folder in ``/proc`` of a project's first process, after looking twice that it is one.

    Should the process's number go to another, nothing can be opened in the folder any more. Raises ``NoProjectError``.
    """
    if not _NAME.fullmatch(name):
        raise NoProjectError(f"{name!r} is no project's name")
    unit = f"lyceum-project@{name}.service"
    try:
        process = os.open(proc / _first_process(name, unit, cgroups), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _check(process, unit)
        except BaseException:
            os.close(process)
            raise
    except (FileNotFoundError, ProcessLookupError) as error:
        raise NoProjectError(f"project {name} does not run") from error
    return process


def read(process: int, name: str) -> str:
    """Read a file of a process that is held. Raises ``OSError``."""
    with open(os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=process)) as file:  # noqa: PTH123 by descriptor
        return file.read()


def number(process: int, name: str) -> int:
    """Return the real user (``Uid``) or group (``Gid``) of a process that is held. Raises ``OSError``."""
    lines = read(process, "status").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(f"{name}:")))


def _first_process(name: str, unit: str, cgroups: Path) -> str:
    unified = (cgroups / "cgroup.controllers").exists()
    group = Path("lyceum.slice/lyceum-projects.slice") / f"lyceum-projects-{name}.slice" / unit / "cgroup.procs"
    processes = ((cgroups if unified else cgroups / "systemd") / group).read_text().split()
    if not processes:
        raise NoProjectError(f"project {name} has just ended")
    return processes[0]


def _check(process: int, unit: str) -> None:
    """While a unit starts, its process is still the service manager's."""
    if not any(line.endswith(f"/{unit}") for line in read(process, "cgroup").splitlines()):
        raise NoProjectError(f"the process belongs to {unit} no more")
    if number(process, "Uid") < FIRST_UID:
        raise NoProjectError(f"{unit} is still being started")
