"""Browser, gateway and project together, over mutual TLS and a unix socket."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from pathlib import Path

import pytest
from lyceum_compute.daemon import gateway as daemon
from lyceum_compute.gateway import relay
from lyceum_compute.gateway.control import Control
from lyceum_compute.gateway.links import Links
from lyceum_compute.protocol.messages import DropConnections

from tests.unit.compute.gateway.played import (
    ACCOUNT,
    ID,
    SWITCH,
    Gateway,
    echo,
    refusal,
    request,
)


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
