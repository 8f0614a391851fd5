"""Browser, gateway and project together, over mutual TLS and a unix socket."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from lyceum_compute.gateway import relay
from lyceum_compute.gateway.control import Control
from lyceum_compute.gateway.links import Links
from lyceum_compute.gateway.relay import BrowserSide, Route

ID = "c2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"
ACCOUNT = "aaaaaaaa-0000-4000-8000-000000000001"
SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def request(*, upgrade: bool = True, project: str = ID) -> bytes:
    more = "Upgrade: websocket\r\nConnection: Upgrade\r\n" if upgrade else ""
    return (
        f"GET /{project}/terminal/a HTTP/1.1\r\nHost: x\r\nX-Lyceum-Project: {project}\r\nX-Lyceum-Kind: terminal\r\n"
        f"X-Lyceum-Account: {ACCOUNT}\r\n{more}\r\n"
    ).encode()


class Gateway:
    """A gateway under test, and what calls it."""

    def __init__(self, folder: Path, authority: Any) -> None:
        self.folder = folder
        self.authority = authority
        self.links = Links(limit=100, per_project=50)
        self.port = 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Gateway]:
        route = Route(self.folder, self.links)
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
    async def project(self, serve: Serve) -> AsyncIterator[None]:
        """Let a project answer; its connections have ended on return."""
        tasks: set[asyncio.Task[None] | None] = set()

        async def serve_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            tasks.add(asyncio.current_task())
            with suppress(OSError):
                await serve(reader, writer)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

        folder = self.folder / ID.replace("-", "")
        folder.mkdir()
        server = await asyncio.start_unix_server(serve_and_close, str(folder / "console.sock"))
        try:
            yield
        finally:
            server.close()
            await self.none_left()
            await asyncio.gather(*(task for task in tasks if task))


@pytest.fixture
async def gateway(tmp_path: Path, authorities: Any) -> AsyncIterator[Gateway]:
    async with Gateway(tmp_path, authorities.own).serving() as gateway:
        yield gateway


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(SWITCH)
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def refusal(streams: Streams) -> tuple[int, str]:
    head, _, body = (await streams[0].read()).partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"]["code"]


async def test_bytes_both_ways(gateway: Gateway) -> None:
    async with gateway.project(echo), gateway.calling() as (reader, writer):
        writer.write(request() + b"early")
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(5) == b"early"
        block = bytes(range(256)) * 4096
        sending = asyncio.create_task(_send(writer, block, 8))
        for _ in range(8):
            assert await reader.readexactly(len(block)) == block
        await sending


async def _send(writer: asyncio.StreamWriter, block: bytes, count: int) -> None:
    for _ in range(count):
        writer.write(block)
        await writer.drain()


async def test_head_in_pieces(gateway: Gateway) -> None:
    async with gateway.project(echo), gateway.calling() as (reader, writer):
        for byte in request():
            writer.write(bytes([byte]))
            await writer.drain()
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")


async def test_project_that_is_not_running(gateway: Gateway) -> None:
    async with gateway.calling() as streams:
        streams[1].write(request())
        assert await refusal(streams) == (503, "not_running")
    await gateway.none_left()


async def test_project_that_hangs_up(gateway: Gateway) -> None:
    async def hang_up(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        pass

    async with gateway.project(hang_up), gateway.calling() as streams:
        streams[1].write(request())
        assert await refusal(streams) == (502, "unavailable")


async def test_project_that_talks_nonsense(gateway: Gateway) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example\r\n\r\n")
        await reader.read()

    async with gateway.project(talk), gateway.calling() as streams:
        streams[1].write(request())
        assert await refusal(streams) == (502, "unavailable")


async def test_project_that_says_nothing(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "ANSWER_TIMEOUT", 0.1)

    async def wait(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with gateway.project(wait), gateway.calling() as streams:
        streams[1].write(request())
        assert await refusal(streams) == (503, "unavailable")


async def test_head_that_does_not_arrive(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "HEAD_TIMEOUT", 0.1)
    async with gateway.calling() as streams:
        streams[1].write(b"GET /")
        assert await refusal(streams) == (408, "timed_out")


async def test_head_that_never_ends(gateway: Gateway) -> None:
    async with gateway.calling() as streams:
        streams[1].write(b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000)
        assert await refusal(streams) == (431, "too_large")


@pytest.mark.parametrize("service", ["hub", "edge", "compute", "gateway"])
async def test_other_services_are_not_served(gateway: Gateway, service: str) -> None:
    async with gateway.project(echo), gateway.calling(service) as (reader, writer):
        writer.write(request())
        with suppress(ConnectionError):
            assert await reader.read() == b""


async def test_answer_ends_with_the_project(gateway: Gateway) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + b"x" * 500_000)

    async with gateway.project(answer), gateway.calling() as (reader, writer):
        writer.write(request(upgrade=False))
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        assert b"application/json" in head
        assert body == b"x" * 500_000


async def test_project_notices_that_the_browser_is_gone(gateway: Gateway) -> None:
    last = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(SWITCH)
        last.set_result(await reader.read())

    async with gateway.project(serve), gateway.calling() as (reader, writer):
        writer.write(request())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"last words")
        writer.close()
        assert await last == b"last words"
    await gateway.none_left()


async def test_browser_that_does_not_read_is_not_buffered_for(gateway: Gateway) -> None:
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(SWITCH)
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    async with gateway.project(flood), gateway.calling() as (reader, writer):
        writer.write(request())
        await reader.readuntil(b"\r\n\r\n")
        before = -1
        while before != sent:  # until nothing moves any more
            before = sent
            await asyncio.sleep(0.2)
        assert sent < 32_000_000  # what the kernel holds for loopback, and little of ours


async def test_ending_connections_by_the_control_socket(gateway: Gateway, tmp_path: Path) -> None:
    path = str(tmp_path / "control.sock")
    server = await Control(gateway.links, root=os.getuid()).listen(path)
    async with gateway.project(echo), gateway.calling() as (reader, writer):
        writer.write(request())
        await reader.readuntil(b"\r\n\r\n")
        control, orders = await asyncio.open_unix_connection(path)
        orders.write(json.dumps({"drop": {"project_id": ID, "account_id": ACCOUNT}}).encode() + b"\n")
        assert json.loads(await control.readline()) == {"dropped": 1}
        with suppress(ConnectionError):
            assert await reader.read() == b""
        orders.close()
    assert (tmp_path / "control.sock").stat().st_mode & 0o777 == 0o600
    server.close()


async def test_only_root_gives_orders(gateway: Gateway, tmp_path: Path) -> None:
    path = str(tmp_path / "control.sock")
    server = await Control(gateway.links, root=os.getuid() + 1).listen(path)
    control, orders = await asyncio.open_unix_connection(path)
    orders.write(b"{}\n")
    with suppress(ConnectionError):
        assert await control.read() == b""
    orders.close()
    server.close()
