"""Measures how fast bytes come out of a project: through HAProxy, hub proxy and gateway, beside a direct connection."""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from lyceum_ops.benchmarks.figures import Figure
from lyceum_ops.benchmarks.instance import Project
from lyceum_ops.benchmarks.stream import BLOCK, FRAME
from lyceum_ops.lab import network

PROGRAM = Path(__file__).with_name("stream.py")
PORT = 8765
BLOCKS = 1024  # of 64 KiB
ROUNDS = 5
HEAD = 65536


async def measure(project: Project) -> list[Figure]:
    """Download from a running project, by HTTP and by a websocket, on both ways in turn; MB (10^6 bytes) a second."""
    await project.run_python(PROGRAM.read_text(encoding="utf-8"), str(PORT))
    ways: list[Callable[[], socket.socket]] = [project.connection, partial(_inside, next(project.processes()))]
    names = {False: "HTTP out of a project", True: "websocket out of a project"}
    figures = []
    for websocket, name in names.items():
        rates: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS):
            for connect, samples in zip(ways, rates, strict=True):
                samples.append(
                    await asyncio.to_thread(_rate, connect, project.head(PORT, str(BLOCKS)), websocket=websocket)
                )
        figures.append(Figure(name, "MB/s", *rates))
    return figures


def _inside(pid: int) -> socket.socket:
    """Connect as a program in the project would."""
    namespace = Path(f"/proc/{pid}/ns/net")
    return network.within(namespace, lambda: socket.create_connection(("127.0.0.1", PORT)))


def _rate(connect: Callable[[], socket.socket], head: list[str], *, websocket: bool) -> float:
    """Ask, and read to the end."""
    expected = BLOCKS * (BLOCK + (len(FRAME) if websocket else 0))
    if websocket:
        key = b64encode(secrets.token_bytes(16)).decode()
        head = [*head, "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
        head.append(f"Sec-WebSocket-Key: {key}")
    with closing(connect()) as connection:
        began = time.monotonic()
        connection.sendall("\r\n".join([*head, "", ""]).encode())
        first = b""
        while b"\r\n\r\n" not in first:
            first += _some(connection, HEAD)
        answer, _, rest = first.partition(b"\r\n\r\n")
        if answer.split()[1] not in {b"101", b"200"}:
            raise ConnectionError(f"a project's program was answered for with {answer[:200]!r}")
        got = len(rest)
        while got < expected:
            got += len(_some(connection, BLOCK))
        return expected / (time.monotonic() - began) / 1e6


def _some(connection: socket.socket, most: int) -> bytes:
    data = connection.recv(most)
    if not data:
        raise ConnectionError("a connection to a project's program ended too early")
    return data
