"""What programs in projects listen on: the gateway speaks HTTP with them."""

from __future__ import annotations

import asyncio
import socket

import pytest
from lyceum_compute.gateway import relay
from lyceum_compute.running import NoProjectError

from tests.unit.compute.gateway.played import (
    ID,
    Gateway,
    dialling,
    echo,
    made,
    refusal,
    request,
)


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
