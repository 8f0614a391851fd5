"""Browser, gateway and project together, over mutual TLS and a unix socket."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from lyceum_compute.daemon import gateway as daemon
from lyceum_compute.dialler import server
from lyceum_compute.gateway import relay
from lyceum_compute.gateway.control import Control
from lyceum_compute.gateway.links import Links
from lyceum_compute.gateway.reach import Places
from lyceum_compute.gateway.relay import BrowserSide, Route
from lyceum_compute.gateway.tickets import Tickets
from lyceum_compute.protocol.messages import DropConnections
from lyceum_compute.running import NoProjectError

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


@pytest.fixture
async def gateway(socket_folder: Path, authorities: Any) -> AsyncIterator[Gateway]:
    async with Gateway(socket_folder, authorities.own).serving() as gateway:
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
    monkeypatch.setitem(relay.ANSWER_TIMEOUT, "terminal", 0.1)

    async def wait(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with gateway.project(wait), gateway.calling() as streams:
        streams[1].write(request())
        assert await refusal(streams) == (504, "timed_out")


async def test_head_that_does_not_arrive(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "HEAD_TIMEOUT", 0.1)
    async with gateway.calling() as streams:
        streams[1].write(b"GET /")
        assert await refusal(streams) == (408, "timed_out")


async def test_head_that_never_ends(gateway: Gateway) -> None:
    async with gateway.calling() as streams:
        streams[1].write(b"GET / HTTP/1.1\r\nX: " + b"x" * 60_000)
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
    server = Control(gateway.links, gateway.tickets, path, root=os.getuid())
    await server.listen()
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


async def test_connections_of_the_gateway_before_end_too(gateway: Gateway, tmp_path: Path) -> None:
    path = str(tmp_path / "control.sock")
    old = Control(gateway.links, gateway.tickets, path, root=os.getuid())
    await old.listen()
    old.step_aside()
    new = Control(Links(limit=10, per_project=10), gateway.tickets, path, root=os.getuid())
    await new.listen()
    async with gateway.project(echo), gateway.calling() as (reader, writer):
        writer.write(request())
        await reader.readuntil(b"\r\n\r\n")
        assert list(await daemon.activity(path)) == [ID]
        assert not gateway.links.empty.is_set()
        await daemon.drop(path, DropConnections(project_id=ID, account_id=ACCOUNT))
        with suppress(ConnectionError):
            assert await reader.read() == b""
    old.close()
    assert await daemon.activity(path) == {}
    new.close()


async def test_only_root_gives_orders(gateway: Gateway, tmp_path: Path) -> None:
    path = str(tmp_path / "control.sock")
    server = Control(gateway.links, gateway.tickets, path, root=os.getuid() + 1)
    await server.listen()
    control, orders = await asyncio.open_unix_connection(path)
    orders.write(b"{}\n")
    with suppress(ConnectionError):
        assert await control.read() == b""
    orders.close()
    server.close()


async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers with what was asked, as a program of HTTP/1.0 does."""
    asked = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.0 200 Fine\r\nContent-Type: text/html\r\n\r\n" + asked)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_port_by_either_protocol(gateway: Gateway, host: str) -> None:
    async with gateway.program(page, host) as port, gateway.calling() as (reader, writer):
        writer.write(request(f"port/{port}/a%20b?c=d", upgrade=False, more="Cookie: a=b; __Host-lyceum_project=x\r\n"))
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"Content-Type: text/html" in head
        assert body.startswith(b"GET /a%20b?c=d HTTP/1.1\r\n")
        assert b"Cookie: a=b\r\n" in body
        assert f"X-Forwarded-Prefix: /{ID}/port/{port}\r\n".encode() in body
        assert b"__Host" not in body


async def test_port_with_a_body_and_a_websocket(gateway: Gateway) -> None:
    async with gateway.program(echo) as port:
        async with gateway.calling() as (reader, writer):
            writer.write(request(f"port/{port}/socket"))
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"hello")
            assert await reader.readexactly(5) == b"hello"
        async with gateway.calling() as (reader, writer):
            body = "Content-Length: 5\r\n"
            writer.write(request(f"port/{port}/form", upgrade=False, method="POST", more=body) + b"hello")
            assert await refusal((reader, writer)) == (502, "unavailable")  # it switched, unasked


async def test_port_on_which_nothing_listens(gateway: Gateway) -> None:
    async with gateway.program(echo) as port:
        pass
    with dialling(gateway.folder / "dialler2.sock", lambda _: made()):
        (gateway.folder / "dialler.sock").unlink()
        (gateway.folder / "dialler2.sock").rename(gateway.folder / "dialler.sock")
        async with gateway.calling() as streams:
            streams[1].write(request(f"port/{port}/", upgrade=False))
            assert await refusal(streams) == (503, "nothing_listens")
        async with gateway.calling() as (reader, writer):
            writer.write(request(f"port/{port}/", upgrade=False, more="Accept: text/html,*/*\r\n"))
            answer = (await reader.read()).decode()
            assert f"<p>Nothing in the project listens on port {port}.</p>" in answer
            assert "text/html" in answer


async def test_port_of_a_project_that_does_not_run(gateway: Gateway) -> None:
    def none(_: str) -> list[socket.socket]:
        raise NoProjectError("it does not run")

    with dialling(gateway.folder / "dialler.sock", none):
        async with gateway.calling() as streams:
            streams[1].write(request("port/1/", upgrade=False))
            assert await refusal(streams) == (503, "not_running")


async def test_without_dialler(gateway: Gateway) -> None:
    async with gateway.calling() as streams:
        streams[1].write(request("port/1/", upgrade=False))
        assert await refusal(streams) == (503, "unavailable")


async def test_program_that_says_continue_first(gateway: Gateway) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No\r\n\r\n"
        )

    async with gateway.program(serve) as port, gateway.calling() as (reader, writer):
        writer.write(request(f"port/{port}/", upgrade=False))
        assert (await reader.read()).startswith(b"HTTP/1.1 204 No Content\r\n")


async def test_program_that_says_continue_without_end(gateway: Gateway) -> None:
    """Twenty such connections of one project took all of the gateway's time: nobody else on the host was served."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
            await writer.drain()

    async with gateway.program(serve) as port, gateway.calling() as streams:
        streams[1].write(request(f"port/{port}/", upgrade=False))
        assert await refusal(streams) == (502, "unavailable")


async def test_files_get_their_kind_and_no_cookie(gateway: Gateway) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(300_000)
        assert b"cookie" not in asked.lower()
        assert b"X-Lyceum-Kind: files\r\n" in asked
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n%d" % len(body))

    async with gateway.project(serve, "files.sock"), gateway.calling() as (reader, writer):
        more = "Content-Length: 300000\r\nCookie: a=b\r\n"
        writer.write(request("files/a", upgrade=False, method="PUT", more=more) + b"x" * 300_000)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        assert b"Content-Disposition: attachment" in head
        assert b"octet-stream" in head
        assert body == b"300000"


async def test_a_request_that_still_arrives_is_waited_for(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(relay.ANSWER_TIMEOUT, "port", 1.5)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"1234")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with gateway.program(serve) as port, gateway.calling() as (reader, writer):
        writer.write(request(f"port/{port}/", upgrade=False, method="POST", more="Content-Length: 4\r\n"))
        for byte in b"1234":
            writer.write(bytes([byte]))
            await asyncio.sleep(0.5)
        assert (await reader.read()).startswith(b"HTTP/1.1 200 OK")
