"""What hubs may have a host do as a whole."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from lyceum_compute.daemon import operations
from lyceum_compute.daemon.operations import Operations
from lyceum_compute.daemon.projects import Projects
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import (
    DAEMON_OPERATIONS,
    Accounting,
    Empty,
    KnownProject,
    ProjectArguments,
    SetDraining,
    State,
)

from tests.unit.compute.daemon.played import ID, OTHER, Host, project, running, settled

NOBODY: Any = None


def serving(projects: Projects) -> Operations:
    return Operations(projects.settings, projects, NOBODY, NOBODY)


async def test_every_operation_of_the_protocol_is_served(there: Host) -> None:
    async with running(there) as projects:
        assert serving(projects).table().keys() >= DAEMON_OPERATIONS.keys()


async def test_a_host_tells_its_room_and_whether_it_drains(there: Host) -> None:
    async with running(there) as projects:
        served = serving(projects)
        await projects.start(project(memory=1000))
        await settled(projects)
        status = await served.set_draining(NOBODY, SetDraining(draining=True))
        assert (status.draining, status.running, status.memory_committed, status.memory_room) == (True, 1, 1000, 2000)
        assert (await served.set_draining(NOBODY, SetDraining(draining=False))).draining is False
        assert (await served.host_status(NOBODY, Empty())).draining is False


async def test_a_mark_of_the_settings_is_not_taken_away(there: Host) -> None:
    async with running(there) as projects:
        projects.settings = msgspec.structs.replace(projects.settings, draining=True)
        served = serving(projects)
        assert (await served.host_status(NOBODY, Empty())).draining is True
        with pytest.raises(FaultError) as caught:
            await served.set_draining(NOBODY, SetDraining(draining=False))
        assert caught.value.code == "conflict"


async def test_all_projects_are_stopped_or_their_processes_killed(there: Host) -> None:
    async with running(there) as projects:
        served = serving(projects)
        for one in (project(), project(OTHER, 200002)):
            await projects.start(one)
        for key in (ID, OTHER):
            await settled(projects, key)
        assert (await served.kill_all(NOBODY, Empty())).processes == 6
        there.failing["kill"] = TimeoutError()
        assert (await served.kill_all(NOBODY, Empty())).processes == 0
        assert (await served.stop_all(NOBODY, Empty())).projects == 2
        for key in (ID, OTHER):
            assert (await settled(projects, key)).state is State.OPENED
        assert (await served.stop_all(NOBODY, Empty())).projects == 0


async def test_users_are_made_and_removed(there: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    users: dict[str, int] = {}
    monkeypatch.setattr(operations.accounts, "ensure", lambda name, uid, _home: users.update({name: uid}))
    monkeypatch.setattr(operations.accounts, "remove", lambda name: users.pop(name, None))
    async with running(there) as projects:
        served = serving(projects)
        await served.create_user(NOBODY, ProjectArguments(project=project()))
        assert users == {ID.replace("-", ""): 200001}
        await projects.open(project())
        await settled(projects)
        with pytest.raises(FaultError) as caught:
            await served.delete_user(NOBODY, KnownProject(project_id=ID))
        assert caught.value.code == "conflict"
        await projects.close(project())
        await settled(projects)
        await served.delete_user(NOBODY, KnownProject(project_id=ID))
    assert users == {}


async def test_commands_count_as_activity(there: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(there) as projects:
        await projects.start(project())
        entry = await settled(projects)
        entry.life.active = None
        goes_on = asyncio.Event()

        async def call(_operation: str, _arguments: Any) -> str:
            assert entry.calls == 1
            await goes_on.wait()
            return "done"

        monkeypatch.setattr(entry.local_hub, "call", call)
        arguments: Any = msgspec.json.decode(
            msgspec.json.encode({"project_id": ID, "arguments": {}}), type=operations.ForProject
        )
        calling = asyncio.create_task(serving(projects).in_project("exec", NOBODY, arguments))
        await asyncio.sleep(0)
        goes_on.set()
        assert await calling == "done"
        assert entry.calls == 0
        assert entry.life.active is not None


async def test_the_ledger_is_read_by_hubs(there: Host) -> None:
    async with running(there) as projects:
        projects.ledger.rest(ID, 5, datetime.now(UTC))
        answer = await serving(projects).accounting(NOBODY, Accounting())
        assert [hour.disk for hour in answer.hours] == [5]
        again = Accounting(ledger=answer.ledger, sequence=answer.hours[0].sequence)
        assert (await serving(projects).accounting(NOBODY, again)).hours == []
