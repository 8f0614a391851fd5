"""What is stuck is resolved."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lyceum_compute.daemon import sweep
from lyceum_compute.daemon.entry import STATE_LIMITS
from lyceum_compute.daemon.save import Looked
from lyceum_compute.daemon.sweep import FILES_EVERY, MEMORY_EVERY, Sweep
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import State

from tests.unit.compute.daemon.played import ID, Host, project, running


def sweeping(projects: Any) -> Sweep:
    nothing: Any = None
    return Sweep(projects, nothing, nothing, nothing, nothing)


@pytest.mark.parametrize("state", sorted(STATE_LIMITS))
async def test_a_state_without_anybody_at_work_on_it_becomes_a_fact(there: Host, state: State) -> None:
    async with running(there) as projects:
        entry = projects.of(project())
        entry.state = state
        await sweeping(projects)._look([entry], MEMORY_EVERY)
    assert entry.state is State.CLOSED
    assert "given up" in entry.detail


@pytest.mark.parametrize("state", sorted(STATE_LIMITS))
async def test_a_way_that_does_not_end_is_broken_off(
    there: Host,
    state: State,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweep, "OVERDUE", 1)
    there.on_disk = {ID}
    async with running(there) as projects:
        entry = projects.of(project())
        entry.task = asyncio.get_running_loop().create_task(asyncio.Event().wait())  # type: ignore[arg-type]
        entry.state = state
        entry.changed = datetime.now(UTC) - timedelta(seconds=STATE_LIMITS[state])
        await sweeping(projects)._look([entry], MEMORY_EVERY)
        assert entry.state is state, "its time is not up yet"
        entry.changed -= timedelta(seconds=2)
        await sweeping(projects)._look([entry], MEMORY_EVERY)
    assert (entry.state, entry.busy) == (State.OPENED, False)
    assert entry.detail == f"{state} took too long and was given up"


async def test_a_program_that_was_ended_for_memory_is_told_once_whoever_counted_it_first(
    there: Host,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweep.cgroups, "killed_for_memory", lambda _slice: 1)
    monkeypatch.setattr(sweep.cgroups, "memory_shortages", lambda _slice: 5)
    async with running(there) as projects:
        entry = projects.of(project())
        entry.state = State.RUNNING
        # A look at the usage, between the end of the program and the sweep.
        entry.life.counted_kills = entry.life.memory_kills = 1
        entry.life.memory_killed = datetime.now(UTC)
        await sweeping(projects)._look([entry], MEMORY_EVERY)
        assert entry.detail.startswith("out of memory: programs were ended once")
        entry.detail = ""
        await sweeping(projects)._look([entry], MEMORY_EVERY)
        assert entry.detail == ""


async def test_a_project_that_is_too_large_to_be_saved_is_told_until_it_is_saved(there: Host) -> None:
    class Saver:
        failure: Exception | None = FaultError("too_large", "a copy of the project would hold 5 MB")
        time_is_up = False

        async def automatic(self, _entry: Any) -> bool:
            if self.failure is not None:
                raise self.failure
            return self.time_is_up

    saver: Any = Saver()
    async with running(there) as projects:
        entry = projects.of(project())
        nothing: Any = None
        going = Sweep(projects, saver, nothing, nothing, nothing)
        await going._save(entry)
        assert entry.detail == "not saved: a copy of the project would hold 5 MB"
        saver.failure = None
        await going._save(entry)
        assert entry.detail.startswith("not saved"), "it was not its turn again yet"
        saver.time_is_up = True
        await going._save(entry)
        assert entry.detail == ""


async def test_programs_that_were_ended_are_counted_whenever_the_memory_ran_short(
    there: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = {"shortages": 3, "killed": 0}
    monkeypatch.setattr(sweep.cgroups, "memory_shortages", lambda _slice: counted["shortages"])
    monkeypatch.setattr(sweep.cgroups, "killed_for_memory", lambda _slice: counted["killed"])
    async with running(there) as projects:
        entry = projects.of(project())
        entry.state = State.RUNNING
        await sweeping(projects)._look([entry], MEMORY_EVERY)
        assert entry.detail == "", "files that were kept had to go, and no program"
        counted |= {"shortages": 4, "killed": 2}
        await sweeping(projects)._look([entry], MEMORY_EVERY)
        assert entry.detail.startswith("out of memory: programs were ended 2 times")


async def test_files_that_changed_are_told_and_saved_and_others_left_alone(there: Host) -> None:
    class Saver:
        edited, saved = False, True
        asked = 0

        async def look(self, entries: Any) -> list[Looked]:
            return [Looked(entry, edited=self.edited, saved=self.saved) for entry in entries]

        async def automatic(self, _entry: Any) -> bool:
            self.asked += 1
            return True

    saver: Any = Saver()
    events: list[Any] = []
    async with running(there) as projects:
        entry = projects.of(project())
        entry.state, entry.detail = State.RUNNING, "not saved: a copy of the project would hold 5 MB"
        nothing: Any = None
        going = Sweep(projects, saver, nothing, nothing, events.append)
        await going._look([entry], FILES_EVERY)
        assert (saver.asked, events, entry.detail) == (0, [], ""), "it was saved when somebody asked for it"
        saver.edited, saver.saved = True, False
        await going._look([entry], FILES_EVERY)
        await asyncio.gather(*going._saving)
    assert saver.asked == 1
    assert [event.project_id for event in events] == [ID]


async def test_a_round_that_fails_ends_no_daemon(there: Host, caplog: pytest.LogCaptureFixture) -> None:
    class Saver:
        async def look(self, _entries: Any) -> Any:
            raise ValueError

    saver: Any = Saver()
    nothing: Any = None
    async with running(there) as projects:
        entry = projects.of(project())
        entry.state = State.OPENED
        await Sweep(projects, saver, nothing, nothing, nothing)._look([entry], FILES_EVERY)
    assert "a round failed" in caplog.text
