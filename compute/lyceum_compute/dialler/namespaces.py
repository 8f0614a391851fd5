"""Making a socket that belongs to the network of a running project."""

from __future__ import annotations

import ctypes
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
PROC = Path("/proc")
#: Users of projects are numbered from here; the system's own are below.
FIRST_UID = 100_000

_CLONE_NEWNET = 0x40000000
_NAME = re.compile(r"[0-9a-f]{32}")
_libc = ctypes.CDLL(None, use_errno=True)


class NoProjectError(Exception):
    """The project does not run, or has just ended."""


def sockets_in(name: str, *, cgroups: Path = CGROUPS, proc: Path = PROC) -> list[socket.socket]:
    """Return a socket of IPv4 and one of IPv6, not connected, in the network of the project of that name.

    If the host knows no IPv6, the second is missing. Raises ``NoProjectError``, and ``OSError`` if the kernel says no.
    """
    with _held(os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)) as own:
        with _held(_network(name, cgroups, proc)) as network:
            _enter(network)
        try:
            return list(_sockets())
        finally:
            _enter(own)


def _sockets() -> Iterator[socket.socket]:
    kind = socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
    yield socket.socket(socket.AF_INET, kind)
    try:
        yield socket.socket(socket.AF_INET6, kind)
    except OSError:
        return


def _network(name: str, cgroups: Path, proc: Path) -> int:
    """Open the network namespace of a project's first process, after looking twice that it is one."""
    if not _NAME.fullmatch(name):
        raise NoProjectError(f"{name!r} is no project's name")
    unit = f"lyceum-project@{name}.service"
    try:
        with _held(os.open(proc / str(_first_process(name, unit, cgroups)), os.O_RDONLY | os.O_DIRECTORY)) as process:
            # From here on the process is held: should its number go to another, all below fails.
            namespace = os.open("ns/net", os.O_RDONLY | os.O_CLOEXEC, dir_fd=process)
            try:
                _check(process, unit, namespace, proc)
            except BaseException:
                os.close(namespace)
                raise
            return namespace
    except (FileNotFoundError, ProcessLookupError) as error:
        raise NoProjectError(f"project {name} does not run") from error


def _first_process(name: str, unit: str, cgroups: Path) -> int:
    unified = (cgroups / "cgroup.controllers").exists()
    group = Path("lyceum.slice/lyceum-projects.slice") / f"lyceum-projects-{name}.slice" / unit / "cgroup.procs"
    processes = ((cgroups if unified else cgroups / "systemd") / group).read_text().split()
    if not processes:
        raise NoProjectError(f"project {name} has just ended")
    return int(processes[0])


def _check(process: int, unit: str, namespace: int, proc: Path) -> None:
    """While a unit starts, its process is still the service manager's, in the host's own network."""
    if not any(line.endswith(f"/{unit}") for line in _read(process, "cgroup").splitlines()):
        raise NoProjectError(f"the process belongs to {unit} no more")
    uid = next(line.split()[1] for line in _read(process, "status").splitlines() if line.startswith("Uid:"))
    if int(uid) < FIRST_UID:
        raise NoProjectError(f"{unit} is still being started")
    if os.path.samestat(os.fstat(namespace), (proc / "1/ns/net").stat()):
        raise NoProjectError(f"{unit} has no network of its own")


def _read(process: int, name: str) -> str:
    with open(os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=process)) as file:  # noqa: PTH123 by descriptor
        return file.read()


def _enter(namespace: int) -> None:
    if _libc.setns(namespace, _CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextmanager
def _held(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)
