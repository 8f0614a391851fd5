"""The state machine, with steps that only note that they were taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lyceum_compute.daemon import entry as entries
from lyceum_compute.daemon import host, layout, record
from lyceum_compute.daemon.entry import Entry
from lyceum_compute.daemon.ledger import Ledger, Life
from lyceum_compute.daemon.projects import Projects
from lyceum_compute.daemon.settings import Settings
from lyceum_compute.daemon.systemd import UnitError, escape
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.identity import TlsSettings
from lyceum_compute.protocol.messages import Project, Quota, Saved, State, StateChanged

ID = "c2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"
OTHER = "d2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"


def project(project_id: str = ID, uid: int = 200001, revision: int = 0, **quota: Any) -> Project:
    return Project(
        project_id=project_id, uid=uid, storage_host="storage1", quota=Quota(**quota), quota_revision=revision
    )


class Host:
    """A host whose disk is a set of ids and its service manager a set of units; lifecycle, saver and systemd in one."""

    def __init__(self) -> None:
        self.on_disk: set[str] = set()
        self.units: set[str] = set()
        self.steps: list[str] = []
        self.failing: dict[str, Exception] = {}
        self.gates: dict[str, asyncio.Event] = {}
        self.events: list[Any] = []
        self.result = "exit-code"
        self.limited = 0
        self.without_sockets = False
        self.ledger = Ledger(":memory:")
        self.systemd = self
        self.stepped = asyncio.Event()

    async def _do(self, step: str) -> None:
        self.steps.append(step)
        self.stepped.set()
        if step in self.gates:
            await self.gates[step].wait()
        if step in self.failing:
            raise self.failing[step]

    async def open(self, place: layout.Layout, _project: Project) -> None:
        await self._do("open")
        self.on_disk.add(place.project_id)

    async def start(self, place: layout.Layout, _project: Project, *, held: int = 0) -> None:
        assert held == 0
        self.units.add(place.unit)
        await self._do("start")

    async def listen(self, _place: layout.Layout) -> None:
        await self._do("listen")

    async def stop(self, place: layout.Layout) -> None:
        await self._do("stop")
        self.units.discard(place.unit)

    async def close(self, place: layout.Layout, _uid: int) -> None:
        await self._do("close")
        self.on_disk.discard(place.project_id)

    async def apply(self, *_arguments: object, **_more: object) -> None:
        await self._do("apply")

    async def limit_disk(self, *_arguments: object, **_more: object) -> None:
        self.limited += 1

    async def kill(self, _place: layout.Layout) -> int:
        await self._do("kill")
        return 3

    async def now(self, _entry: Entry) -> None:
        await self._do("save")

    def forget(self, _entry: Entry) -> None:
        self.steps.append("forget")

    async def active(self, unit: str) -> str:
        """A project's sockets are up when its unit is."""
        if self.without_sockets and unit.endswith(".socket"):
            return "inactive"
        return "active" if layout.id_of_name(unit.split("@")[1][:32]) in self.running else "inactive"

    @property
    def running(self) -> set[str]:
        return {layout.id_of_name(unit.split("@")[1][:32]) for unit in self.units}

    async def property(self, _unit: str, _interface: str, _name: str) -> str:
        return self.result

    def states(self) -> list[str]:
        return [str(event.state) for event in self.events if isinstance(event, StateChanged)]


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Host:
    made = Host()
    monkeypatch.setattr("lyceum_compute.daemon.btrfs.is_subvolume", lambda path: path.name in made.on_disk)
    monkeypatch.setattr(host, "memory", lambda: host.Memory(4000, 3000))
    monkeypatch.setattr(host, "disk", lambda _path: (100_000, 50_000))
    monkeypatch.setattr("lyceum_compute.daemon.btrfs.used", lambda _root, _group: 5_000_000)
    monkeypatch.setattr(layout, "STATE", tmp_path)
    return made


@asynccontextmanager
async def running(there: Host) -> AsyncIterator[Projects]:
    settings = Settings(
        name="c", listen=":1", tls=TlsSettings(ca="", certificate="", key=""), projects="/p", memory_reserve=1000
    )
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        projects = Projects(settings, there, there.events.append, group, there.ledger)  # type: ignore[arg-type]
        projects.saver = there
        yield projects


async def settled(projects: Projects, project_id: str = ID) -> Entry:
    """Wait until a project is on the way to nowhere."""
    found = projects.entries[project_id]
    while found.busy and found.task is not None:
        await asyncio.wait([found.task])
    return found


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


async def test_quotas_hold_at_once_and_are_remembered(there: Host) -> None:
    async with running(there) as projects:
        await projects.start(project())
        await settled(projects)
        await projects.set_quotas(ID, Quota(memory=2000), 1)
        with pytest.raises(FaultError):
            await projects.set_quotas(ID, Quota(memory=-1), 2)
    assert there.steps[-1] == "apply"
    assert projects.committed() == 2000
    assert record.load_all(layout.STATE)[0].project.quota.memory == 2000
    assert not any(isinstance(event, Saved) for event in there.events)


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


async def test_a_running_project_gets_no_memory_that_the_host_has_not(there: Host) -> None:
    async with running(there) as projects:
        await projects.start(project(memory=1000))
        await settled(projects)
        with pytest.raises(FaultError) as caught:
            await projects.set_quotas(ID, Quota(memory=3001), 1)
        assert caught.value.code == "host_full"
        assert projects.entries[ID].project.quota.memory == 1000
        await projects.set_quotas(ID, Quota(memory=3000), 2)


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


async def test_a_hub_that_asks_says_what_the_quota_is_by_now(there: Host) -> None:
    async with running(there) as projects:
        await projects.start(project())
        await settled(projects)
        await projects.look(project(memory=1500))
        assert projects.entries[ID].project.quota.memory == 1500


async def test_a_hub_that_has_not_heard_of_the_latest_quota_brings_no_earlier_one_back(there: Host) -> None:
    """A hub that came back had read a project before another hub took its network away, and let it out again."""
    async with running(there) as projects:
        await projects.start(project(revision=1, network=True))
        await settled(projects)
        assert await projects.set_quotas(ID, Quota(network=False), 3) == Quota(network=False)
        await projects.look(project(revision=1, network=True))
        projects.on_host(project(revision=1, network=True))
        assert await projects.set_quotas(ID, Quota(network=True), 2) == Quota(network=False)
        assert projects.entries[ID].project == project(revision=3)
        await projects.stop(project(revision=1, network=True))
        await settled(projects)
        await projects.start(project(revision=1, network=True))
        assert projects.entries[ID].project == project(revision=3)


async def test_a_quota_that_a_call_brings_along_is_not_taken_for_one_that_holds(there: Host) -> None:
    """A hub says it with every call; looked at afterwards, it would seem that nothing was left to be done."""
    async with running(there) as projects:
        await projects.start(project())
        await settled(projects)
        projects.on_host(project(revision=1, memory=1500))
        assert projects.entries[ID].project == project()
        await projects.look(project(revision=1, memory=1500))
        assert projects.entries[ID].project == project(revision=1, memory=1500)
        assert there.steps[-1] == "apply"
