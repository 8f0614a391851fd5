"""The wire protocol as the local hub serves it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from lyceum_compute.local_hub.confinement import Home
from lyceum_compute.local_hub.drain import Drain
from lyceum_compute.local_hub.operations import Operations
from lyceum_compute.local_hub.server import Server
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import PROJECT_OPERATIONS, Request


class Caller:
    """One connection."""

    def __init__(self, path: Path) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(str(path))
        self._lines = self.sock.makefile("rb")

    def send(self, number: int, operation: str, **arguments: Any) -> None:
        self.raw(json.dumps({"id": number, "operation": operation, "arguments": arguments}).encode() + b"\n")

    def raw(self, data: bytes) -> None:
        self.sock.sendall(data)

    def answer(self) -> Any:
        line = self._lines.readline()
        return json.loads(line) if line else None

    def close(self) -> None:
        self._lines.close()
        self.sock.close()


@contextmanager
def serving(path: Path, call: Any, *, idle: float = 60, files: Any = None) -> Iterator[tuple[Server, threading.Thread]]:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    server = Server(listener, call, idle=idle, files=files)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server, thread
    finally:
        if thread.is_alive():
            server.stop()
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "socket"


@contextmanager
def calling(path: Path) -> Iterator[Caller]:
    caller = Caller(path)
    try:
        yield caller
    finally:
        caller.close()


def test_every_operation_is_there(home: Home) -> None:
    operations = Operations(home, Drain())
    for name in PROJECT_OPERATIONS:
        with pytest.raises(FaultError) as raised:
            operations.call(Request(1, name, b'{"nonsense": 1}'))  # type: ignore[arg-type]
        assert raised.value.code == "invalid"
    with pytest.raises(FaultError) as raised:
        operations.call(Request(1, "none"))
    assert raised.value.code == "unknown_operation"


def test_calls(path: Path, home: Home) -> None:
    with serving(path, Operations(home, Drain()).call), calling(path) as caller:
        caller.send(7, "write_text_file", path="a", content="text")
        assert caller.answer()["id"] == 7
        caller.send(8, "read_text_file", path="a")
        assert caller.answer()["result"]["content"] == "text"
        caller.send(9, "read_text_file", path="../x")
        assert caller.answer()["error"]["code"] == "invalid"
        caller.raw(b"nonsense\n")
        answer = caller.answer()
        assert (answer["id"], answer["error"]["code"]) == (None, "malformed")


def test_answers_in_any_order(path: Path) -> None:
    waiting = threading.Event()

    def call(request: Request) -> dict[str, int]:
        if request.operation == "slow":
            assert waiting.wait(10)
        return {"n": request.id}

    with serving(path, call), calling(path) as caller:
        caller.send(1, "slow")
        caller.send(2, "quick")
        assert caller.answer() == {"id": 2, "result": {"n": 2}}
        waiting.set()
        assert caller.answer() == {"id": 1, "result": {"n": 1}}


def test_failure_tells_no_details(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def call(_request: Request) -> None:
        raise RuntimeError("secret detail")

    with serving(path, call), calling(path) as caller:
        caller.send(1, "any")
        answer = caller.answer()
        assert answer["error"]["code"] == "internal"
        assert "secret" not in json.dumps(answer)
    assert "secret detail" in capsys.readouterr().err


def test_answer_that_is_too_long(path: Path) -> None:
    with serving(path, lambda _: "\x01" * 3_000_000), calling(path) as caller:
        caller.send(1, "any")
        assert caller.answer()["error"]["code"] == "too_large"


def test_line_that_is_too_long(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lyceum_compute.local_hub.server.LineBuffer.__init__.__defaults__", (1000,))
    with serving(path, lambda _: None), calling(path) as caller:
        caller.raw(b"x" * 2000)
        assert caller.answer()["error"]["code"] == "too_large"
        assert caller.answer() is None


def test_ends_when_idle(path: Path) -> None:
    with serving(path, lambda _: {}, idle=0.2) as (_, thread):
        with calling(path) as caller:
            caller.send(1, "any")
            caller.answer()
            thread.join(0.5)
            assert thread.is_alive()  # the connection is open
        thread.join(10)
        assert not thread.is_alive()


def test_stopping_answers_what_is_under_way(path: Path) -> None:
    began, go_on = threading.Event(), threading.Event()

    def call(_request: Request) -> dict[str, bool]:
        began.set()
        assert go_on.wait(10)
        return {"done": True}

    with serving(path, call) as (server, thread), calling(path) as caller:
        caller.send(1, "any")
        assert began.wait(10)
        server.stop()
        go_on.set()
        assert caller.answer() == {"id": 1, "result": {"done": True}}
        thread.join(10)
        assert not thread.is_alive()


def test_files_are_served_beside_calls(path: Path, tmp_path: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "files"))
    listener.listen()
    serving_one = threading.Event()
    go_on = threading.Event()

    def serve(sock: socket.socket) -> None:
        serving_one.set()
        go_on.wait(10)
        sock.sendall(b"served")

    with serving(path, lambda _: {}, idle=0.2, files=(listener, serve)) as (_, thread):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(tmp_path / "files"))
            assert serving_one.wait(10)
            with calling(path) as caller:
                caller.send(1, "exec")
                assert caller.answer() == {"id": 1, "result": {}}
            thread.join(0.5)
            assert thread.is_alive()  # a transfer keeps it from ending
            go_on.set()
            assert sock.recv(100) == b"served"
        thread.join(10)
        assert not thread.is_alive()


def test_too_many_transfers(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lyceum_compute.local_hub.server.MAX_TRANSFERS", 1)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "files"))
    listener.listen()
    serving_one = threading.Event()

    def serve(sock: socket.socket) -> None:
        serving_one.set()
        sock.recv(1)

    with (
        serving(path, lambda _: {}, files=(listener, serve)),
        socket.socket(socket.AF_UNIX) as first,
        socket.socket(socket.AF_UNIX) as second,
    ):
        first.connect(str(tmp_path / "files"))
        assert serving_one.wait(10)
        second.connect(str(tmp_path / "files"))
        assert second.recv(100).startswith(b"HTTP/1.1 429 ")
