"""Connecting to what serves a project's requests: a unix socket of the project, or a port of its own loopback."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .head import Head
from .refusal import RefusedError

log = logging.getLogger(__name__)

#: Kind of request, or name of a service behind ``port`` -> socket in the project's folder.
SOCKETS = {"terminal": "console.sock", "files": "files.sock", "raw": "files.sock", "jupyter": "jupyter.sock"}
#: Seconds for a connection to be taken: a program that listens and does not accept leaves it waiting.
CONNECT_TIMEOUT = 10.0
#: Seconds for the dialler to answer: it may have to be started first.
DIAL_TIMEOUT = 5.0
_LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


@dataclass(frozen=True)
class Places:
    """Where the projects of this host are reached."""

    projects: Path
    """Each running project has its folder of sockets here."""
    dialler: str
    """Socket of the service that makes sockets in a project's network."""


async def connect(places: Places, head: Head, protocol: Callable[[], asyncio.Protocol]) -> None:
    """Connect to what serves a request, and let a protocol have the connection. Raises ``RefusedError``."""
    try:
        if head.port is None:
            await _to_socket(places.projects / head.project_name / SOCKETS[head.service or head.kind], protocol)
        else:
            sock = await _to_port(places.dialler, head.project_name, head.port)
            await asyncio.get_running_loop().create_connection(protocol, sock=sock)
    except TimeoutError:
        raise RefusedError(504, "timed_out", "the project does not answer") from None
    except OSError as error:
        log.warning("%s cannot be reached: %s", head.project, error, extra={"action": "connect"})
        raise RefusedError(503, "unavailable", "the project does not answer") from error


async def _to_socket(path: Path, protocol: Callable[[], asyncio.Protocol]) -> None:
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            await asyncio.get_running_loop().create_unix_connection(protocol, str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        raise RefusedError(503, "not_running", "the project is not running") from None


async def _to_port(dialler: str, name: str, port: int) -> socket.socket:
    """Return a connection to a port: what listens does so with IPv4, IPv6 or both."""
    sockets = await dial(dialler, name)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            while sockets:
                sock = sockets[0]
                try:
                    await loop.sock_connect(sock, (_LOOPBACK[sock.family], port))
                except ConnectionRefusedError:
                    sockets.pop(0).close()
                else:
                    return sockets.pop(0)
    finally:
        for left in sockets:
            left.close()
    raise RefusedError(503, "nothing_listens", f"nothing in the project listens on port {port}")


async def dial(dialler: str, name: str) -> list[socket.socket]:
    """Return sockets, not connected, in the network of a project. Raises ``RefusedError`` or ``OSError``."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC) as asking:
        async with asyncio.timeout(DIAL_TIMEOUT):
            await loop.sock_connect(asking, dialler)
            await loop.sock_sendall(asking, name.encode())
            readable = asyncio.Event()
            loop.add_reader(asking, readable.set)
            try:
                await readable.wait()
            finally:
                loop.remove_reader(asking)
        answer, descriptors, _, _ = socket.recv_fds(asking, 16, len(_LOOPBACK))
    made = [socket.socket(fileno=descriptor) for descriptor in descriptors]
    if answer == b"-":
        raise RefusedError(503, "not_running", "the project is not running")
    if not made:
        raise ConnectionError("no socket could be made in the project's network")
    return made
