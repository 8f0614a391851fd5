"""Jobs of the service manager, whose answers and signals may come in any order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from dbus_fast import Message, MessageType
from lyceum_compute.daemon.systemd import Systemd, UnitError, escape

UNIT = "lyceum-project@c2b6ca5e8f334b8ab1c64b1a5e0c2f11.service"
JOB = "/org/freedesktop/systemd1/job/7"


class Bus:
    """Answers every call with the job; ``early``: the job's end is signalled first."""

    def __init__(self, manager: Systemd, result: str, *, early: bool = False, error: str = "") -> None:
        self.manager, self.result, self.early, self.error = manager, result, early, error
        manager._bus = self  # type: ignore[assignment]

    async def call(self, message: Message) -> Message:
        if self.error:
            return Message.new_error(_numbered(message), "org.x.Error", self.error)
        if self.early:
            self.manager._take(removed(self.result))
        else:
            asyncio.get_running_loop().call_later(0.01, self.manager._take, removed(self.result))
        return Message.new_method_return(_numbered(message), "o", [JOB])


def _numbered(message: Message) -> Message:
    message.serial, message.sender = 1, ":1.1"
    return message


def removed(result: str) -> Message:
    body = [7, JOB, UNIT, result]
    return Message(
        message_type=MessageType.SIGNAL,
        path="/org/freedesktop/systemd1",
        interface="org.freedesktop.systemd1.Manager",
        member="JobRemoved",
        signature="uoss",
        body=body,
    )


def changed(unit: str) -> Message:
    return Message(
        message_type=MessageType.SIGNAL,
        path=f"/org/freedesktop/systemd1/unit/{escape(unit)}",
        interface="org.freedesktop.DBus.Properties",
        member="PropertiesChanged",
        signature="sa{sv}as",
        body=["org.freedesktop.systemd1.Unit", {}, []],
    )


@pytest.fixture
def seen() -> list[str]:
    return []


@pytest.fixture
async def manager(monkeypatch: pytest.MonkeyPatch, seen: list[str]) -> Systemd:
    monkeypatch.setattr("lyceum_compute.daemon.systemd.MessageBus", lambda **_: None)
    return Systemd("lyceum-project@", seen.append)


@pytest.mark.parametrize("early", [False, True])
async def test_a_job_that_is_done(manager: Systemd, early: bool) -> None:
    Bus(manager, "done", early=early)
    await manager.start(UNIT, timeout=5)
    assert (manager._jobs, manager._early) == ({}, {})


@pytest.mark.parametrize("result", ["failed", "canceled", "timeout", "dependency"])
async def test_a_job_that_fails_is_an_error(manager: Systemd, result: str) -> None:
    Bus(manager, result)
    with pytest.raises(UnitError, match=result):
        await manager.stop(UNIT, timeout=5)


async def test_a_refusal_is_an_error(manager: Systemd) -> None:
    Bus(manager, "done", error="Unit not found.")
    with pytest.raises(UnitError, match="Unit not found"):
        await manager.start(UNIT, timeout=5)


async def test_a_job_that_takes_too_long(manager: Systemd) -> None:
    bus = Bus(manager, "done")

    async def answer(message: Message) -> Message:
        return Message.new_method_return(_numbered(message), "o", [JOB])

    bus.call = answer  # type: ignore[method-assign]
    with pytest.raises(UnitError, match="longer than"):
        await manager.start(UNIT, timeout=0.01)
    assert manager._jobs == {}


async def test_only_projects_changes_are_passed_on(manager: Systemd, seen: list[Any]) -> None:
    manager._take(changed(UNIT))
    manager._take(changed("ssh.service"))
    manager._take(removed("done"))
    assert seen == [escape(UNIT)]


def test_names_in_paths() -> None:
    assert escape("lyceum-project@ab.service") == "lyceum_2dproject_40ab_2eservice"
