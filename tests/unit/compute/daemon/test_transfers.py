"""Trees that go through the daemon in parts, from and to programs of strangers."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from lyceum_compute.daemon import transfers
from lyceum_compute.daemon.entry import Entry
from lyceum_compute.daemon.transfers import Transfers
from lyceum_compute.local_hub.confinement import Home
from lyceum_compute.local_hub.file_server import FileServer
from lyceum_compute.local_hub.server import Server
from lyceum_compute.protocol.errors import FaultError

PROJECT = "5d2f0c3e-9a4b-4c1d-8e7f-0123456789ab"
Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def entry_of(path: Path) -> Entry:
    return cast("Entry", SimpleNamespace(layout=SimpleNamespace(project_id=PROJECT, files=path)))


@asynccontextmanager
async def project(folder: Path) -> AsyncIterator[Entry]:
    """A file server as a project has it."""
    await asyncio.to_thread(folder.mkdir)
    path = folder.with_suffix(".sock")
    calls, files = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    calls.bind(str(folder.with_suffix(".calls")))
    files.bind(str(path))
    for listener in (calls, files):
        listener.listen()
    serve, changed, running = FileServer(Home(str(folder))).serve, threading.Condition(), set()

    def counted(sock: socket.socket) -> None:
        with changed:
            running.add(sock)
        serve(sock)
        with changed:
            running.discard(sock)
            changed.notify()

    def quiet() -> bool:
        with changed:
            return changed.wait_for(lambda: not running, 10)

    server = Server(calls, lambda _: None, idle=60, files=(files, counted))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield entry_of(path)
    finally:
        server.stop()
        await asyncio.to_thread(thread.join, 10)
        assert await asyncio.to_thread(quiet)


@asynccontextmanager
async def stranger(path: Path, behaviour: Behaviour) -> AsyncIterator[Entry]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await behaviour(reader, writer)
        writer.close()

    async with await asyncio.start_unix_server(serve, str(path)):
        yield entry_of(path)


@pytest.fixture
async def all_transfers() -> AsyncIterator[Transfers]:
    found = Transfers()
    yield found
    found.close()
    await asyncio.sleep(0)  # the loop's turn to close what was broken off


async def copy(all_transfers: Transfers, source: Entry, destination: Entry, *, overwrite: bool = False) -> int:
    reading = await all_transfers.open(source, "a\\xe9", write=False, overwrite=False)
    writing = await all_transfers.open(destination, "b/c", write=True, overwrite=overwrite)
    parts = 0
    try:
        while True:
            part = await all_transfers.read(reading)
            parts += 1
            await all_transfers.write(writing, part.data, ended=part.ended)
            if part.ended:
                return parts
    finally:
        all_transfers.end(reading)
        all_transfers.end(writing)


@pytest.mark.process("tar")
@pytest.mark.process("rm")
async def test_from_project_to_project(tmp_path: Path, all_transfers: Transfers) -> None:
    async with project(tmp_path / "one") as one, project(tmp_path / "two") as two:
        made = tmp_path / "one" / "a\udce9"
        made.mkdir()
        (made / "large").write_bytes(b"0123456789" * 400_000)
        assert await copy(all_transfers, one, two) > 3
        assert (tmp_path / "two" / "b" / "c" / "large").read_bytes() == b"0123456789" * 400_000
        with pytest.raises(FaultError) as raised:
            await copy(all_transfers, one, two)
        assert raised.value.code == "conflict"
        await copy(all_transfers, one, two, overwrite=True)
        with pytest.raises(FaultError) as raised:
            await all_transfers.open(one, "none", write=False, overwrite=False)
        assert raised.value.code == "not_found"


@pytest.mark.process("tar")
@pytest.mark.process("rm")
async def test_half_a_copy_leaves_nothing(tmp_path: Path, all_transfers: Transfers) -> None:
    async with project(tmp_path / "two") as two:
        key = await all_transfers.open(two, "a", write=True, overwrite=False)
        await all_transfers.write(key, bytes(100_000), ended=False)
        all_transfers.end(key)
        with pytest.raises(FaultError, match="over"):
            await all_transfers.write(key, b"", ended=True)
    assert list((tmp_path / "two").iterdir()) == []


def saying(data: bytes) -> Behaviour:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)

    return behave


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "unavailable"),
        (b"nonsense", "unavailable"),
        (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 100_000, "unavailable"),
        (b"HTTP/1.1 409 No\r\nContent-Length: 5\r\n\r\nwhat?", "unavailable"),
        (b"HTTP/1.1 409 No\r\nContent-Length: 900000\r\n\r\n" + b"x" * 900_000, "unavailable"),
        (
            b'HTTP/1.1 409 No\r\nContent-Length: 46\r\n\r\n{"error": {"code": "you_are_root","message":""}}',
            "unavailable",
        ),
        (
            b'HTTP/1.1 409 No\r\nContent-Length: 47\r\n\r\n{"error": {"code": "you_are_root","message":""}}',
            "unavailable",
        ),
    ],
)
async def test_forged_answers_are_errors(tmp_path: Path, data: bytes, code: str, all_transfers: Transfers) -> None:
    async with stranger(tmp_path / "s", saying(data)) as entry:
        with pytest.raises(FaultError) as raised:
            await all_transfers.open(entry, "a", write=False, overwrite=False)
        assert raised.value.code in {code, "internal"}


async def test_a_stream_that_breaks_off(tmp_path: Path, all_transfers: Transfers) -> None:
    half = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
    async with stranger(tmp_path / "s", saying(half)) as entry:
        key = await all_transfers.open(entry, "a", write=False, overwrite=False)
        with pytest.raises(FaultError) as raised:
            await all_transfers.read(key)
        assert raised.value.code == "unavailable"


async def test_a_stream_of_single_bytes_is_broken_off(tmp_path: Path, all_transfers: Transfers) -> None:
    crumbs = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 10_000
    async with stranger(tmp_path / "s", saying(crumbs)) as entry:
        with pytest.raises(FaultError) as raised:
            await all_transfers.read(await all_transfers.open(entry, "a", write=False, overwrite=False))
        assert raised.value.code == "unavailable"


async def test_one_that_nobody_uses_is_broken_off(
    tmp_path: Path, all_transfers: Transfers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfers, "IDLE", 0.05)
    gone = asyncio.Event()

    async def behave(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            pass
        gone.set()

    async with stranger(tmp_path / "s", behave) as entry:
        await all_transfers.open(entry, "a", write=True, overwrite=False)
        async with asyncio.timeout(10):
            await gone.wait()


async def test_no_more_than_so_many(tmp_path: Path, all_transfers: Transfers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfers, "MAX_PER_PROJECT", 1)

    gone = asyncio.Event()

    async def behave(reader: asyncio.StreamReader, _: Any) -> None:
        await reader.read()
        gone.set()

    async with stranger(tmp_path / "s", behave) as entry:
        key = await all_transfers.open(entry, "a", write=True, overwrite=False)
        with pytest.raises(FaultError) as raised:
            await all_transfers.open(entry, "a", write=True, overwrite=False)
        assert raised.value.code == "too_many"
        all_transfers.end(key)
        async with asyncio.timeout(10):
            await gone.wait()


async def test_what_is_to_be_read_is_not_written(tmp_path: Path, all_transfers: Transfers) -> None:
    async with stranger(tmp_path / "s", saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n")) as entry:
        key = await all_transfers.open(entry, "a", write=False, overwrite=False)
        with pytest.raises(FaultError, match="to read"):
            await all_transfers.write(key, b"", ended=True)


async def test_a_project_that_does_not_run(tmp_path: Path, all_transfers: Transfers) -> None:
    with pytest.raises(FaultError) as raised:
        await all_transfers.open(entry_of(tmp_path / "none"), "a", write=True, overwrite=False)
    assert raised.value.code == "not_running"
