"""The state machine, with steps that only note that they were taken."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lyceum_compute.daemon import entry as entries
from lyceum_compute.daemon import layout, record
from lyceum_compute.daemon.ledger import Life
from lyceum_compute.daemon.systemd import UnitError, escape
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import State

from tests.unit.compute.daemon.played import ID, OTHER, Host, project, running, settled


async def test_a_project_is_opened_and_started(there: Host) -> None:
    async with running(there) as projects:
        assert (await projects.start(project())).state is State.OPENING
        found = await settled(projects)
    assert there.states() == ["opening", "starting", "running"]
    assert found.state is State.RUNNING
    assert record.load_all(layout.STATE)[0].project == project()


async def test_two_starts_at_once_are_one(there: Host) -> None:
    async with running(there) as projects:
        answers = await asyncio.gather(*(projects.start(project()) for _ in range(20)))
        await settled(projects)
        assert (await projects.start(project())).state is State.RUNNING
    assert there.steps == ["open", "start"]
    assert {answer.state for answer in answers} == {State.OPENING}


async def test_stopping_saves(there: Host) -> None:
    async with running(there) as projects:
        await projects.start(project())
        await settled(projects)
        assert (await projects.stop(project())).state is State.STOPPING
        await settled(projects)
        await projects.stop(project())
    assert there.states()[-3:] == ["stopping", "saving", "opened"]
    assert there.steps == ["open", "start", "stop", "save"]


async def test_a_start_while_it_stops_comes_after(there: Host) -> None:
    async with running(there) as projects:
        await projects.start(project())
        await settled(projects)
        there.gates["stop"] = asyncio.Event()
        await projects.stop(project())
        assert (await projects.start(project())).state is State.STOPPING
        there.gates["stop"].set()
        found = await settled(projects)
    assert found.state is State.RUNNING
    assert there.steps == ["open", "start", "stop", "save", "start"]


async def test_a_start_does_not_wait_for_the_copy_after_a_stop(there: Host) -> None:
    async with running(there) as projects:
        await projects.start(project())
        await settled(projects)
        there.gates["save"] = asyncio.Event()  # never set: a copy that takes long
        await projects.stop(project())
        while "save" not in there.steps:
            await there.stepped.wait()
            there.stepped.clear()
        await projects.start(project())
        found = await settled(projects)
    assert found.state is State.RUNNING


async def test_a_stop_breaks_off_a_start_that_takes_long(there: Host) -> None:
    async with running(there) as projects:
        there.gates["open"] = asyncio.Event()  # never set: a restore that does not come
        await projects.start(project())
        await asyncio.sleep(0)
        await projects.stop(project())
        found = await settled(projects)
    assert found.state is State.CLOSED
    assert "start" not in there.steps


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device", "/p"), "No space left on device: /p"),
        (UnitError("ended with 'failed'"), "ended with"),
        (FaultError("unavailable", "storage1 cannot be reached"), "storage1 cannot be reached"),
        (RuntimeError("secret"), "the host's log has it"),
    ],
)
async def test_a_start_that_fails_leaves_a_fact_and_the_reason(there: Host, error: Exception, words: str) -> None:
    there.failing["start"] = error
    async with running(there) as projects:
        await projects.start(project())
        found = await settled(projects)
        assert (found.state, words in found.detail) == (State.OPENED, True), found.detail
        assert there.units == set()
        there.failing.clear()
        await projects.start(project())
        found = await settled(projects)
    assert (found.state, found.detail) == (State.RUNNING, "")


async def test_a_step_past_its_time_is_given_up(there: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(entries.STATE_LIMITS, State.STARTING, 0.01)
    there.gates["start"] = asyncio.Event()
    async with running(there) as projects:
        await projects.start(project())
        found = await settled(projects)
    assert found.state is State.OPENED
    assert "longer than" in found.detail


async def test_a_project_that_ends_by_itself_is_noticed(there: Host) -> None:
    async with running(there) as projects:
        await projects.start(project())
        found = await settled(projects)
        there.units.clear()
        there.result = "oom-kill"
        projects.unit_changed(escape(found.layout.unit))
        found = await settled(projects)
    assert (found.state, found.detail) == (State.OPENED, "the project ended: out of memory")


async def test_the_daemon_s_own_changes_are_not_mistaken_for_an_end(there: Host) -> None:
    async with running(there) as projects:
        await projects.start(project())
        found = await settled(projects)
        there.gates["stop"] = asyncio.Event()
        await projects.stop(project())
        there.units.clear()
        projects.unit_changed(escape(found.layout.unit))
        there.gates["stop"].set()
        found = await settled(projects)
    assert (found.state, found.detail) == (State.OPENED, "")


async def test_a_full_host_refuses_before_anything_is_done(there: Host) -> None:
    async with running(there) as projects:
        await projects.start(project(memory=2000))
        with pytest.raises(FaultError) as caught:
            await projects.start(project(OTHER, 200002, memory=1001))
        assert caught.value.code == "host_full"
        assert projects.entries[OTHER].state is State.CLOSED
        await projects.start(project(OTHER, 200002, memory=1000))
        await settled(projects)
        await settled(projects, OTHER)
    assert projects.committed() == 3000


async def test_a_user_number_belongs_to_one_project(there: Host) -> None:
    async with running(there) as projects:
        await projects.open(project())
        with pytest.raises(FaultError):
            await projects.open(project(OTHER, 200001))
        with pytest.raises(FaultError):
            await projects.open(project(ID, 200002))
        await settled(projects)


async def test_closing_saves_first_and_keeps_all_if_that_fails(there: Host) -> None:
    async with running(there) as projects:
        await projects.open(project())
        await settled(projects)
        there.failing["save"] = FaultError("unavailable", "storage1 cannot be reached")
        await projects.close(project())
        found = await settled(projects)
        assert found.state is State.OPENED
        assert ID in there.on_disk
        there.failing.clear()
        await projects.close(project())
        found = await settled(projects)
    assert found.state is State.CLOSED
    assert there.on_disk == set()
    assert record.load_all(layout.STATE) == []


async def test_states_are_recovered_from_facts(there: Host) -> None:
    there.on_disk = {ID, OTHER}
    there.units = {layout.Layout(Path("/p"), ID).unit}
    async with running(there) as projects:
        await projects.recover([record.Record(project=project()), record.Record(project=project(OTHER, 200002))])
        assert projects.entries[ID].state is State.RUNNING
        assert projects.entries[OTHER].state is State.OPENED
        assert projects.committed() == 1000
    assert there.steps == []


async def test_looking_at_an_unknown_project_makes_none(there: Host) -> None:
    async with running(there) as projects:
        assert (await projects.look(project())).state is State.CLOSED
        with pytest.raises(FaultError):
            projects.known(ID)
    assert projects.entries == {}


@pytest.mark.parametrize(
    ("goal", "before", "after", "steps"),
    [
        ("open", set(), State.OPENED, ["open"]),
        ("start", set(), State.RUNNING, ["open", "start"]),
        ("start", {ID}, State.RUNNING, ["start"]),
        ("stop", {ID}, State.OPENED, ["stop", "save"]),
        ("restart", {ID}, State.RUNNING, ["stop", "start"]),
        ("close", {ID}, State.CLOSED, ["stop", "save", "close", "forget"]),
        ("", {ID}, State.OPENED, []),
    ],
)
async def test_a_daemon_that_was_killed_goes_on_with_what_it_was_doing(
    there: Host, goal: str, before: set[str], after: State, steps: list[str]
) -> None:
    there.on_disk = set(before)
    there.ledger.keep(ID, Life(goal=goal))
    async with running(there) as projects:
        await projects.recover([record.Record(project=project())])
        found = await settled(projects) if goal else projects.entries[ID]
    assert (found.state, there.steps) == (after, steps)
    assert there.ledger.life(ID).goal == ""


async def test_why_and_when_it_was_stopped_outlives_the_daemon(there: Host) -> None:
    async with running(there) as projects:
        await projects.start(project())
        found = await settled(projects)
        await projects.stop_for(found, "stopped: nothing was done for 1 hour")
        found = await settled(projects)
    assert (found.state, found.detail) == (State.OPENED, "stopped: nothing was done for 1 hour")
    async with running(there) as projects:
        await projects.recover([record.Record(project=project())])
        again = projects.entries[ID]
    assert (again.state, again.detail, again.changed) == (found.state, found.detail, found.changed)


async def test_a_project_that_was_lost_with_the_host_says_so(there: Host) -> None:
    there.on_disk = {ID}
    there.ledger.keep(ID, Life(state=State.RUNNING, changed=datetime.now(UTC)))
    async with running(there) as projects:
        await projects.recover([record.Record(project=project())])
    assert (projects.entries[ID].state, "host was down" in projects.entries[ID].detail) == (State.OPENED, True)


async def test_a_running_project_whose_sockets_are_missing_gets_them(there: Host) -> None:
    there.on_disk = {ID}
    async with running(there) as projects:
        await projects.start(project())
        found = await settled(projects)
        there.without_sockets = True
        projects.look_again(found)
        await settled(projects)
    assert there.steps == ["start", "listen"]


async def test_a_project_that_ends_while_it_is_looked_at_is_not_started_again(there: Host) -> None:
    """Its sockets had ended when it still seemed to be up, so it was started to have them, and nobody was told."""
    there.on_disk = {ID}
    there.result = "signal"
    async with running(there) as projects:
        await projects.start(project())
        found = await settled(projects)
        there.without_sockets = True
        there.gates["listen"] = asyncio.Event()
        projects.look_again(found)
        while "listen" not in there.steps:
            there.stepped.clear()
            await there.stepped.wait()
        there.units.clear()
        there.gates["listen"].set()
        await settled(projects)
    assert (found.state, found.detail) == (State.OPENED, "the project ended: its first process was killed")
    assert there.steps == ["start", "listen", "stop"]


async def test_a_host_that_drains_takes_nothing_and_keeps_what_runs(there: Host) -> None:
    async with running(there) as projects:
        await projects.start(project())
        await settled(projects)
        there.ledger.draining = True
        assert (await projects.start(project())).state is State.RUNNING
        for call in (projects.start, projects.open):
            with pytest.raises(FaultError) as caught:
                await call(project(OTHER, 200002))
            assert caught.value.code == "host_full"
        await projects.restart(project())
        assert (await settled(projects)).state is State.RUNNING


async def test_all_processes_of_a_project_are_killed_and_it_stays_running(there: Host) -> None:
    async with running(there) as projects:
        await projects.open(project())
        await settled(projects)
        with pytest.raises(FaultError) as caught:
            await projects.kill(ID)
        assert caught.value.code == "not_running"
        await projects.start(project())
        await settled(projects)
        assert await projects.kill(ID) == 3
        assert projects.entries[ID].state is State.RUNNING


async def test_a_project_that_is_only_looked_at_can_be_killed(there: Host) -> None:
    """It was refused ("the project is running, not running") while the daemon compared its state with the facts."""
    async with running(there) as projects:
        await projects.start(project())
        entry = await settled(projects)
        projects.look_again(entry)
        assert entry.busy
        assert await projects.kill(ID) == 3
