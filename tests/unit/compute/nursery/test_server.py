"""Servers that are forked: with the descriptors that came along, one for each question."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from lyceum_compute.nursery import sandbox, server
from lyceum_compute.nursery.sandbox import Place

# pytest may have threads; the nursery, which forks for real, has none.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
PLACE = Place("c2b6ca5e8f334b8ab1c64b1a5e0c2f11", 200_001, 200_001, {})


def _greet() -> None:
    """A server: says who it is on its socket, in its output and among its errors."""
    with socket.socket(fileno=sandbox.LISTENER) as own:
        own.send(f"{os.getpid()}".encode())
    os.write(1, b"output")
    os.write(2, b"errors")


@pytest.fixture
def nursery(socket_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A nursery in a process of its own, whose children stay where they are and who they are."""
    for name in ("join", "enter", "become"):
        monkeypatch.setattr(sandbox, name, lambda _: None)
    monkeypatch.setattr(sandbox, "find", lambda _: PLACE)
    path = socket_folder / "nursery.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(path))
        listener.listen()
        pid = os.fork()
        if pid == 0:
            server.serve(listener, {"greeter": _greet})
    yield path
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _ask(path: Path, name: str) -> tuple[bytes, list[bytes]]:
    """Ask for a server; return the answer, and what the server says on its socket, its output and among its errors."""
    pairs = [socket.socketpair() for _ in range(3)]
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asker:
        asker.settimeout(60)
        asker.connect(str(path))
        socket.send_fds(asker, [name.encode()], [theirs.fileno() for _, theirs in pairs])
        for _, theirs in pairs:
            theirs.close()
        answer = asker.recv(32)
    said = []
    for ours, _ in pairs:
        with ours:
            ours.settimeout(60)
            said.append(ours.recv(100))
    return answer, said


def test_each_question_is_answered_by_a_server_of_its_own(nursery: Path) -> None:
    first, (pid, *rest) = _ask(nursery, "greeter")
    assert first == pid
    assert rest == [b"output", b"errors"]
    second, _ = _ask(nursery, "greeter")
    assert second != first


def test_a_server_that_is_not_there(nursery: Path) -> None:
    assert _ask(nursery, "nobody") == (b"", [b"", b"", b""])
    assert _ask(nursery, "greeter")[0]
