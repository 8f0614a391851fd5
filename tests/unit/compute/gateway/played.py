"""A gateway under test, with the projects and programs that answer it."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from lyceum_compute.dialler import server
from lyceum_compute.gateway.links import Links
from lyceum_compute.gateway.reach import Places
from lyceum_compute.gateway.relay import BrowserSide, Route
from lyceum_compute.gateway.tickets import Tickets

ID = "c2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"
ACCOUNT = "aaaaaaaa-0000-4000-8000-000000000001"
SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
FAMILIES = (socket.AF_INET, socket.AF_INET6)
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def request(
    place: str = "terminal/a", *, upgrade: bool = True, project: str = ID, method: str = "GET", more: str = ""
) -> bytes:
    more += "Upgrade: websocket\r\nConnection: Upgrade\r\n" if upgrade else ""
    kind = place.partition("/")[0]
    return (
        f"{method} /{project}/{place} HTTP/1.1\r\nHost: x\r\nX-Lyceum-Project: {project}\r\nX-Lyceum-Kind: {kind}\r\n"
        f"X-Lyceum-Account: {ACCOUNT}\r\nX-Lyceum-Origin: own\r\n{more}\r\n"
    ).encode()


class Gateway:
    """A gateway under test, and what calls it."""

    def __init__(self, folder: Path, authority: Any) -> None:
        self.folder = folder
        self.authority = authority
        self.links = Links(limit=100, per_project=50)
        self.tickets = Tickets()
        self.port = 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Gateway]:
        route = Route(Places(self.folder, str(self.folder / "dialler.sock")), self.links, self.tickets)
        loop = asyncio.get_running_loop()
        tls = self.authority.identity("gateway").server
        server = await loop.create_server(lambda: BrowserSide(route), "127.0.0.1", 0, ssl=tls, ssl_shutdown_timeout=1)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self.links.end_all()
            await self.none_left()
            server.close()

    async def none_left(self) -> None:
        """Wait until every connection is forgotten."""
        async with asyncio.timeout(10):
            while len(self.links):  # noqa: ASYNC110 there is nothing to wait for but their number
                await asyncio.sleep(0.01)

    @asynccontextmanager
    async def calling(self, service: str = "hub-proxy") -> AsyncIterator[Streams]:
        tls = self.authority.identity(service).client
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=tls, server_hostname="localhost")
        try:
            async with asyncio.timeout(10):
                yield reader, writer
        finally:
            writer.transport.abort()

    @asynccontextmanager
    async def project(self, serve: Serve, name: str = "console.sock") -> AsyncIterator[None]:
        """Let a project answer; its connections have ended on return."""
        folder = self.folder / ID.replace("-", "")
        folder.mkdir()
        async with self._answering(serve, lambda handle: asyncio.start_unix_server(handle, str(folder / name))):
            yield

    @asynccontextmanager
    async def program(self, serve: Serve, host: str = "127.0.0.1") -> AsyncIterator[int]:
        """Let a program listen on a port of a project, whose network is the test's own; gives its number."""
        with dialling(self.folder / "dialler.sock", lambda _: made()):
            async with self._answering(serve, lambda handle: asyncio.start_server(handle, host, 0)) as server:
                yield server.sockets[0].getsockname()[1]

    @asynccontextmanager
    async def _answering(
        self, serve: Serve, start: Callable[[Serve], Awaitable[asyncio.Server]]
    ) -> AsyncIterator[asyncio.Server]:
        tasks: set[asyncio.Task[None] | None] = set()

        async def serve_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            tasks.add(asyncio.current_task())
            with suppress(OSError):
                await serve(reader, writer)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

        server = await start(serve_and_close)
        try:
            yield server
        finally:
            server.close()
            await self.none_left()
            await asyncio.gather(*(task for task in tasks if task))


def made() -> list[socket.socket]:
    return [socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) for family in FAMILIES]


@contextmanager
def dialling(path: Path, make: Callable[[str], list[socket.socket]]) -> Iterator[None]:
    """The dialler, with sockets of the test's making."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(str(path))
    listener.listen()

    def serve() -> None:
        with suppress(OSError):
            server.serve(listener)

    thread = threading.Thread(target=serve)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "sockets_in", make)
        thread.start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            listener.close()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(SWITCH)
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def refusal(streams: Streams) -> tuple[int, str]:
    head, _, body = (await streams[0].read()).partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"]["code"]
