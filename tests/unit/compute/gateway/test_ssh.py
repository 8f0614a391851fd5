"""An SSH gateway, this gateway and a project's socket together."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from lyceum_compute.gateway.control import obey
from lyceum_compute.gateway.links import Links
from lyceum_compute.gateway.reach import Places
from lyceum_compute.gateway.relay import BrowserSide, Route
from lyceum_compute.gateway.tickets import GOOD_FOR, Tickets
from lyceum_compute.protocol.messages import AdmitConnection

ID = "c2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"
OTHER = "00000000-0000-4000-8000-000000000000"
ADA, KEY = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Gateway:
    def __init__(self, folder: Path, authority: Any) -> None:
        self.folder = folder / ID.replace("-", "")
        self.folder.mkdir()
        self.authority = authority
        self.links, self.tickets = Links(limit=100, per_project=2), Tickets()
        self.route = Route(Places(folder, str(folder / "dialler.sock")), self.links, self.tickets)
        self.port = 0

    def admit(self, ticket: str = "good", project: str = ID) -> None:
        self.tickets.admit(AdmitConnection(project_id=project, ticket=ticket, holders=[ADA, KEY]))

    @asynccontextmanager
    async def knocking(self, line: object, service: str = "ssh") -> AsyncIterator[Streams]:
        tls = self.authority.identity(service).client
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=tls, server_hostname="localhost")
        writer.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")
        try:
            async with asyncio.timeout(10):
                yield reader, writer
        finally:
            writer.transport.abort()

    async def refused(self, line: object) -> str:
        async with self.knocking(line) as (reader, _):
            answer = json.loads(await reader.read())
        return str(answer["error"]["code"])


def knock(ticket: str = "good", project: str = ID) -> dict[str, str]:
    return {"project_id": project, "ticket": ticket}


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-echo\r\n")
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


@pytest.fixture
async def gateway(socket_folder: Path, authorities: Any) -> AsyncIterator[Gateway]:
    gateway = Gateway(socket_folder, authorities.own)
    tls = authorities.own.identity("gateway").server
    project = await asyncio.start_unix_server(echo, str(gateway.folder / "ssh.sock"))
    server = await asyncio.get_running_loop().create_server(
        lambda: BrowserSide(gateway.route), "127.0.0.1", 0, ssl=tls, ssl_shutdown_timeout=1
    )
    gateway.port = server.sockets[0].getsockname()[1]
    yield gateway
    gateway.links.end_all()
    async with asyncio.timeout(10):
        while len(gateway.links):  # noqa: ASYNC110 there is nothing to wait for but their number
            await asyncio.sleep(0.01)
        while len(asyncio.all_tasks()) > 1:  # noqa: ASYNC110 the project's echoes end by themselves
            await asyncio.sleep(0.01)
    server.close()
    project.close()


async def test_bytes_pass_both_ways(gateway: Gateway) -> None:
    gateway.admit()
    content = bytes(range(256)) * 8192
    async with gateway.knocking(knock()) as (reader, writer):
        assert await reader.readline() == b"{}\n"
        assert await reader.readline() == b"SSH-2.0-echo\r\n"
        writer.write(content)
        assert await reader.readexactly(len(content)) == content
        assert list(gateway.links.activity()) == [ID]


async def test_a_ticket_is_good_once_and_for_one_project(gateway: Gateway) -> None:
    assert await gateway.refused(knock()) == "forbidden"
    gateway.admit()
    assert await gateway.refused(knock(project=OTHER)) == "forbidden"
    assert await gateway.refused(knock()) == "forbidden"  # it was shown already
    gateway.admit("another")
    async with gateway.knocking(knock("another")) as (reader, _):
        assert await reader.readline() == b"{}\n"
    assert await gateway.refused(knock("another")) == "forbidden"


async def test_nonsense(gateway: Gateway) -> None:
    for line in (b"\n", b"GET / HTTP/1.1\r\n\r\n", b"[" * 4000 + b"\n", b"x" * 5000, {"ticket": "good"}):
        assert await gateway.refused(line) == "malformed"


async def test_project_that_does_not_run(gateway: Gateway) -> None:
    gateway.admit(project=OTHER)
    assert await gateway.refused(knock(project=OTHER)) == "not_running"


@pytest.mark.parametrize("holder", [ADA, KEY, None])
async def test_ending_by_account_by_key_and_all(gateway: Gateway, holder: str | None) -> None:
    gateway.admit()
    async with gateway.knocking(knock()) as (reader, _):
        await reader.readline()
        await reader.readline()
        order = json.dumps({"drop": {"project_id": ID, "account_id": holder}}).encode()
        assert json.loads(obey(gateway.links, gateway.tickets, order)) == {"dropped": 1}
        assert await reader.read() == b""
    gateway.admit()
    assert await gateway.refused(knock()) == "unavailable"  # for a moment


async def test_not_too_many(gateway: Gateway) -> None:
    for number in range(3):
        gateway.admit(str(number))
    async with gateway.knocking(knock("0")) as (one, _), gateway.knocking(knock("1")) as (two, _):
        assert [await one.readline(), await two.readline()] == [b"{}\n"] * 2
        assert await gateway.refused(knock("2")) == "too_many"


async def test_other_services_knock_in_vain(gateway: Gateway) -> None:
    gateway.admit()
    for service in ("hub", "compute", "storage", "gateway"):
        async with gateway.knocking(knock(), service) as (reader, _):
            with suppress(ConnectionError):
                assert await reader.read() == b""


def test_orders_to_admit() -> None:
    tickets = Tickets()
    order = json.dumps({"admit": {"project_id": ID, "ticket": "good", "holders": [ADA]}}).encode()
    assert json.loads(obey(Links(limit=1, per_project=1), tickets, order)) == {"admitted": True}
    assert tickets.redeem(ID, "good") == {ADA}


def test_tickets_are_not_good_for_long() -> None:
    now = [100.0]
    tickets = Tickets(clock=lambda: now[0])
    tickets.admit(AdmitConnection(project_id=ID, ticket="good", holders=[ADA]))
    now[0] += GOOD_FOR + 1
    assert tickets.redeem(ID, "good") is None
