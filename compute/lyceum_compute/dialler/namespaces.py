"""Making a socket that belongs to the network of a running project."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lyceum_compute.running import CGROUPS, PROC, NoProjectError, hold

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


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
    """Open the network namespace of a project's first process."""
    with _held(hold(name, cgroups=cgroups, proc=proc)) as process:
        try:
            namespace = os.open("ns/net", os.O_RDONLY | os.O_CLOEXEC, dir_fd=process)
        except (FileNotFoundError, ProcessLookupError) as error:
            raise NoProjectError(f"project {name} has just ended") from error
        # While a unit starts, its process is still in the host's own network.
        if os.path.samestat(os.fstat(namespace), (proc / "1/ns/net").stat()):
            os.close(namespace)
            raise NoProjectError(f"project {name} has no network of its own")
        return namespace


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
