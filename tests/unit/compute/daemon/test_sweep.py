"""What is stuck is resolved."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lyceum_compute.daemon import sweep
from lyceum_compute.daemon.entry import STATE_LIMITS
from lyceum_compute.daemon.sweep import Sweep
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
        await sweeping(projects)._look(entry, memory=True, files=False, use=False)
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
        await sweeping(projects)._look(entry, memory=True, files=False, use=False)
        assert entry.state is state, "its time is not up yet"
        entry.changed -= timedelta(seconds=2)
        await sweeping(projects)._look(entry, memory=True, files=False, use=False)
    assert (entry.state, entry.busy) == (State.OPENED, False)
    assert entry.detail == f"{state} took too long and was given up"


async def test_a_program_that_was_ended_for_memory_is_told_once_whoever_counted_it_first(
    there: Host,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweep.cgroups, "killed_for_memory", lambda _slice: 1)
    async with running(there) as projects:
        entry = projects.of(project())
        entry.state = State.RUNNING
        # A look at the usage, between the end of the program and the sweep.
        entry.life.counted_kills = entry.life.memory_kills = 1
        entry.life.memory_killed = datetime.now(UTC)
        await sweeping(projects)._look(entry, memory=True, files=False, use=False)
        assert entry.detail.startswith("out of memory: programs were ended once")
        entry.detail = ""
        await sweeping(projects)._look(entry, memory=True, files=False, use=False)
        assert entry.detail == ""


async def test_a_project_that_is_too_large_to_be_saved_is_told_until_it_is_saved(there: Host) -> None:
    class Saver:
        failure: Exception | None = FaultError("too_large", "a copy of the project would hold 5 MB")

        async def automatic(self, _entry: Any) -> None:
            if self.failure is not None:
                raise self.failure

    saver: Any = Saver()
    async with running(there) as projects:
        entry = projects.of(project())
        nothing: Any = None
        going = Sweep(projects, saver, nothing, nothing, nothing)
        await going._save(entry)
        assert entry.detail == "not saved: a copy of the project would hold 5 MB"
        saver.failure = None
        await going._save(entry)
        assert entry.detail == ""
