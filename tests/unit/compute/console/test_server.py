"""Terminals over websockets, with real shells."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from lyceum_compute.console import server as server_module
from lyceum_compute.console.flow import WINDOW
from lyceum_compute.console.server import Console
from lyceum_compute.console.terminal import BURST
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

ID = "c2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"
pytestmark = pytest.mark.process("bash")


class Client:
    """One viewer, who acknowledges what it reads."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.output = b""
        self.messages: list[Any] = []

    async def read(self, *, acknowledge: bool = True) -> Any:
        message = await self.connection.recv()
        if isinstance(message, bytes):
            self.output += message
            if acknowledge:
                await self.send(acknowledge=len(self.output))
        else:
            self.messages.append(json.loads(message))
        return message

    async def until(self, wanted: bytes, *, after: int = 0) -> None:
        """Read until the output holds this, beyond its first ``after`` bytes."""
        async with asyncio.timeout(60):
            while wanted not in self.output[after:]:
                await self.read()

    async def message(self, name: str) -> Any:
        """Read until a message of this name comes."""
        async with asyncio.timeout(20):
            while not any(name in message for message in self.messages):
                await self.read()
        return next(message[name] for message in self.messages if name in message)

    async def ping(self) -> None:
        """Ask for an answer and read, without acknowledging, until it comes."""
        self.messages.clear()
        await self.send(ping=1)
        async with asyncio.timeout(60):
            while {"pong": 1} not in self.messages:
                await self.read(acknowledge=False)

    async def closed(self) -> ConnectionClosed:
        async with asyncio.timeout(20):
            try:
                while True:
                    await self.read(acknowledge=False)
            except ConnectionClosed as closed:
                return closed

    async def type(self, text: bytes) -> None:
        await self.connection.send(text)

    async def send(self, **message: Any) -> None:
        with suppress(ConnectionClosed):
            await self.connection.send(json.dumps(message))


class Instance:
    """A console server under test."""

    def __init__(self, path: Path, console: Console, task: asyncio.Task[None]) -> None:
        self.path = path
        self.console = console
        self.task = task

    @asynccontextmanager
    async def view(self, session: str = "main", query: str = "") -> AsyncIterator[Client]:
        uri = f"ws://project/{ID}/terminal/{session}{query}"
        async with unix_connect(str(self.path), uri, compression=None, max_size=None) as connection:
            yield Client(connection)

    async def get(self, path: str) -> tuple[int, Any]:
        reader, writer = await asyncio.open_unix_connection(str(self.path))
        writer.write(f"GET {path} HTTP/1.1\r\nHost: project\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()
        return int(head.split()[1]), json.loads(body)


@pytest.fixture
async def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Instance]:
    (tmp_path / ".bash_profile").write_text("PS1='ready> '\nunset PROMPT_COMMAND HISTFILE\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(server_module, "ROUND", 0.1)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "socket"))
    listener.listen()
    console = Console(ID.replace("-", ""))
    task = asyncio.create_task(console.run(listener, idle=60))
    yield Instance(tmp_path / "socket", console, task)
    console.stop()
    async with asyncio.timeout(20):
        await task


async def test_echo_and_size(instance: Instance) -> None:
    async with instance.view(query="?rows=30&columns=100") as client:
        assert await client.message("hello") == {"session": "main", "rows": 30, "columns": 100, "history_bytes": 0}
        await client.type(b"echo $((6*7)) $TERM; stty size; tty -s && echo terminal\n")
        await client.until(b"42 xterm-256color\r\n30 100\r\nterminal\r\n")
        await client.send(resize={"rows": 12, "columns": 34})
        assert await client.message("size") == {"rows": 12, "columns": 34}
        await client.type(b"stty size\n")
        await client.until(b"12 34\r\n")
        await client.send(ping=5)
        assert await client.message("pong") == 5


async def test_two_viewers_share_one_terminal(instance: Instance) -> None:
    async with instance.view(query="?rows=30&columns=80") as first:
        await first.until(b"ready> ")
        async with instance.view(query="?rows=20&columns=120") as second:
            hello = await second.message("hello")
            assert (hello["rows"], hello["columns"]) == (20, 80)
            assert await first.message("size") == {"rows": 20, "columns": 80}
            await second.type(b"echo fr''om-second\n")
            await first.until(b"from-second\r\n")
            await second.until(b"from-second\r\n")
        first.messages.clear()
        assert await first.message("size") == {"rows": 30, "columns": 80}


async def test_terminal_outlives_its_viewers(instance: Instance) -> None:
    async with instance.view() as client:
        await client.until(b"ready> ")
        await client.type(b"kept=treasure; echo mar''ked\n")
        await client.until(b"marked\r\n")
        before = client.output
    async with instance.view() as again:
        hello = await again.message("hello")
        while len(again.output) < hello["history_bytes"]:
            await again.read()
        assert again.output.startswith(before)
        await again.type(b"echo $kept\n")
        await again.until(b"treasure\r\n")


async def test_listing_and_terminals_of_their_own(instance: Instance) -> None:
    assert await instance.get(f"/{ID}/terminal/") == (200, {"sessions": []})
    async with instance.view("a") as first, instance.view("b") as second:
        await first.type(b"name=first\n")
        await second.type(b"echo [$name]\n")
        await second.until(b"[]\r\n")
        status, body = await instance.get(f"/{ID}/terminal/")
        assert status == 200
        assert [(entry["session"], entry["viewers"]) for entry in body["sessions"]] == [("a", 1), ("b", 1)]
        assert body["sessions"][1]["command"] == "bash"


async def test_exit_is_reported_and_the_name_is_free(instance: Instance) -> None:
    async with instance.view() as client:
        await client.type(b"echo last words; exit 7\n")
        assert await client.message("exit") == {"code": 7}
        closed = await client.closed()
        assert closed.rcvd is not None
        assert closed.rcvd.code == 1000
    async with instance.view() as client:
        assert (await client.message("hello"))["history_bytes"] == 0
        await client.until(b"ready> ")
        await client.send(end=True)
        assert await client.message("exit") == {"code": 129}


async def test_shell_that_is_killed(instance: Instance) -> None:
    async with instance.view() as client:
        await client.type(b"kill -9 $$\n")
        assert await client.message("exit") == {"code": 137}


async def test_output_without_end_waits_for_acknowledgement(instance: Instance) -> None:
    async with instance.view() as client:
        await client.until(b"ready> ")
        await client.type(b"yes\n")
        async with asyncio.timeout(60):
            while len(client.output) < WINDOW:
                await client.read(acknowledge=False)
        for _ in range(10):  # an answer comes after all that is on its way
            await client.ping()
        assert len(client.output) <= WINDOW + 2 * BURST
        seen = len(client.output)
        await client.type(b"\x03")
        await client.send(acknowledge=seen)
        await client.until(b"ready> ", after=seen)  # what is typed before bash is back may be thrown away
        await client.type(b"echo d''one\n")
        await client.until(b"done\r\n")


async def test_viewer_that_does_not_read_holds_up_nobody(instance: Instance) -> None:
    async with instance.view() as lazy:
        await lazy.until(b"ready> ")
        async with instance.view() as keen:
            await keen.until(b"ready> ")
            await keen.type(b"head -c 3000000 /dev/zero | tr '\\0' x; echo e''nd\n")
            await keen.until(b"end\r\n")
            closed = await lazy.closed()
            assert closed.rcvd is not None
            assert closed.rcvd.code == 4008


async def test_viewer_that_never_acknowledges_is_sent_away(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lyceum_compute.console.flow.PATIENCE", 0.2)
    async with instance.view() as client:
        await client.type(b"yes\n")
        closed = await client.closed()
        assert closed.rcvd is not None
        assert closed.rcvd.code == 4008


async def test_typing_at_what_does_not_listen(instance: Instance) -> None:
    async with instance.view() as client:
        await client.until(b"ready> ")
        await client.type(b"stty raw -echo; sleep 1000\n")
        await client.until(b"sleep 1000")
        with suppress(ConnectionClosed):
            for _ in range(30):
                await client.type(b"x" * 100_000)
        closed = await client.closed()
        assert closed.rcvd is not None
        assert closed.rcvd.code == 1013


@pytest.mark.parametrize("text", ["nonsense", '{"acknowledge": 1000000}', '{"resize": "big"}'])
async def test_nonsense(instance: Instance, text: str) -> None:
    async with instance.view() as client:
        await client.connection.send(text)
        closed = await client.closed()
        assert closed.rcvd is not None
        assert closed.rcvd.code == 1008
    async with instance.view() as client:
        await client.until(b"ready> ")  # the terminal has not suffered


async def test_what_is_no_terminal(instance: Instance) -> None:
    other = ID.replace("c2b6", "0000")
    for path, status in [("/", 404), (f"/{other}/terminal/", 404), (f"/{ID}/terminal/a", 426)]:
        found, body = await instance.get(path)
        assert found == status
        assert body["error"]["message"]
    assert await instance.get(f"/{ID}/terminal/") == (200, {"sessions": []})


async def test_too_many(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "MAX_TERMINALS", 1)
    monkeypatch.setattr(server_module, "MAX_VIEWERS", 1)
    async with instance.view("a") as client:
        await client.until(b"ready> ")
        for session in ("a", "b"):
            with pytest.raises(InvalidStatus) as raised:
                async with instance.view(session):
                    pass
            assert raised.value.response.status_code == 429


async def test_stopping_tells_the_viewers(instance: Instance) -> None:
    async with instance.view() as client:
        await client.until(b"ready> ")
        instance.console.stop()
        closed = await client.closed()
        assert closed.rcvd is not None
        assert closed.rcvd.code == 1012


async def test_ends_when_idle(tmp_path: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "socket"))
    listener.listen()
    async with asyncio.timeout(10):
        await Console(ID.replace("-", "")).run(listener, idle=0.1)
