"""A program that a person runs in a project: HTTP and websockets by the standard library alone, good manners and bad.

Run with two ports: the first on IPv4, the second on IPv6.
"""

import asyncio
import base64
import hashlib
import json
import sys
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from contextlib import suppress
from pathlib import Path
from typing import Any

SEEN: list[str] = []
GO = asyncio.Event()
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


async def body_of(reader: Reader, headers: dict[str, str]) -> tuple[int, str]:
    """Read a request's body; give its length and digest."""
    digest, count = hashlib.sha256(), 0
    if headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readline(), 16):
            digest.update(await reader.readexactly(size))
            count += size
            await reader.readline()
        await reader.readline()
    left = int(headers.get("content-length", 0))
    while left:
        data = await reader.read(min(left, 65536))
        digest.update(data)
        count, left = count + len(data), left - len(data)
    return count, digest.hexdigest()


def answer(writer: Writer, status: str, body: bytes, *headers: str, version: str = "1.1") -> None:
    lines = [f"HTTP/{version} {status}", f"Content-Length: {len(body)}", *headers]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


async def frame(reader: Reader) -> bytes:
    """Read a websocket's message (one frame, masked); empty when it is over."""
    first, length = await reader.readexactly(2)
    length &= 127
    if length > 125:
        length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8), "big")
    mask = await reader.readexactly(4)
    data = await reader.readexactly(length)
    whole = bytes(a ^ b for a, b in zip(data, mask * (length // 4 + 1), strict=False))
    return b"" if first & 15 == 8 else whole


def framed(data: bytes) -> bytes:
    size = len(data).to_bytes(1, "big") if len(data) < 126 else b"\x7f" + len(data).to_bytes(8, "big")
    return b"\x82" + size + data


async def websocket(reader: Reader, writer: Writer, headers: dict[str, str], path: str) -> None:
    accept = base64.b64encode(
        hashlib.sha1(headers["sec-websocket-key"].encode() + MAGIC, usedforsecurity=False).digest()
    ).decode()
    lines = ["HTTP/1.1 101 Yes", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept}", "", ""]
    writer.write("\r\n".join(lines).encode())
    while path == "/flood":
        writer.write(framed(b"x" * 65536))
        await writer.drain()
    while message := await frame(reader):
        writer.write(framed(message))
        await writer.drain()


async def misbehave(writer: Writer, path: str) -> bool:
    """Answer what asks for bad manners."""
    match path:
        case "/garbage":
            writer.write(b"\x00\xff" * 5000)
        case "/long-head":
            writer.write(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n")
        case "/continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100_000)
        case "/two-lengths":
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
            )
        case "/two-answers":
            answer(writer, "200 OK", b"one")
            answer(writer, "200 OK", b"two")
        case "/hang-up":
            pass
        case _:
            return False
    return True


async def respond(reader: Reader, writer: Writer) -> None:
    """Serve one connection, with as many requests as it brings."""
    while head := await reader.readuntil(b"\r\n\r\n"):
        first, *lines = head.decode("latin-1").rstrip().split("\r\n")
        method, target, _ = first.split()
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        path = target.partition("?")[0]
        SEEN.append(target)
        if "upgrade" in headers:
            await websocket(reader, writer, headers, path)
            return
        if await misbehave(writer, path):
            return
        length, digest = await body_of(reader, headers)
        await well(
            writer, path, {"method": method, "target": target, "headers": headers, "length": length, "digest": digest}
        )
        await writer.drain()
        if headers.get("connection") == "close":
            return


def page(path: str) -> bytes:
    return Path(path.removeprefix("/")).read_bytes()


async def well(writer: Writer, path: str, request: dict[str, Any]) -> None:
    match path:
        case "/events":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: first\n\n")
            await GO.wait()
            writer.write(b"data: second\n\n")
            writer.write_eof()
        case "/go":
            GO.set()
            answer(writer, "204 None", b"")
        case "/seen":
            answer(writer, "200 OK", json.dumps(SEEN).encode(), "Content-Type: application/json")
        case "/cookies":
            answer(
                writer, "200 OK", b"",
                "Set-Cookie: mine=1; Path=/", "Set-Cookie: wide=1; Domain=localhost", "Set-Cookie: lyceum_backend=1",
                "Set-Cookie: __Host-lyceum_session=x; Path=/; Secure", "Set-Cookie: __Host-lyceum_project=x; Path=/; Secure",
                "X-Accel-Redirect: /internal/authorise", "Clear-Site-Data: *",
            )  # fmt: skip
        case "/moved":
            answer(writer, "302 Found", b"", "Location: /elsewhere")
        case "/large":
            writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n")
            for _ in range(512):
                writer.write(bytes(range(256)) * 256)
                await writer.drain()
            writer.write_eof()
        case _ if path.endswith(".html"):
            answer(writer, "200 OK", page(path), "Content-Type: text/html")
        case _:
            answer(writer, "200 OK", json.dumps(request).encode(), "Content-Type: application/json")


async def serve(reader: Reader, writer: Writer) -> None:
    with suppress(OSError, asyncio.IncompleteReadError):
        await respond(reader, writer)
    writer.close()


def ready() -> None:
    """Say that it listens, to whoever started it."""
    Path("served.ready").touch()


async def main() -> None:
    await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), limit=1 << 20)
    await asyncio.start_server(serve, "::1", int(sys.argv[2]), limit=1 << 20)
    ready()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
