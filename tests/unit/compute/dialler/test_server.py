"""Questions and answers of the dialler."""

from __future__ import annotations

import socket

import pytest
from lyceum_compute.dialler import server
from lyceum_compute.running import NoProjectError

NAME = "c2b6ca5e8f334b8ab1c64b1a5e0c2f11"


def ask(question: bytes) -> tuple[bytes, list[int]]:
    asking, answering = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with asking, answering:
        asking.send(question)
        server.answer(answering)
        answer, descriptors, _, _ = socket.recv_fds(asking, 16, 4)
    return answer, descriptors


def test_sockets_are_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def make(name: str) -> list[socket.socket]:
        asked.append(name)
        return [socket.socket()]

    monkeypatch.setattr(server, "sockets_in", make)
    answer, descriptors = ask(NAME.encode())
    assert (answer, asked) == (b"+", [NAME])
    socket.socket(fileno=descriptors[0]).close()


@pytest.mark.parametrize(("error", "answer"), [(NoProjectError("gone"), b"-"), (PermissionError("no"), b"!")])
def test_refusals(monkeypatch: pytest.MonkeyPatch, error: Exception, answer: bytes) -> None:
    def make(_: str) -> list[socket.socket]:
        raise error

    monkeypatch.setattr(server, "sockets_in", make)
    assert ask(NAME.encode()) == (answer, [])


def test_questions_that_make_no_sense() -> None:
    assert ask(b"\xff" * 200) == (b"-", [])


def test_the_end_when_nobody_asks() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(b"\0lyceum-test-dialler")
        listener.listen()
        server.serve(listener, idle=0.01)
