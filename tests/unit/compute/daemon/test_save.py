"""When a project is saved and when not; the disk and the storage host are played."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lyceum_compute.daemon import save
from lyceum_compute.daemon.entry import Entry
from lyceum_compute.daemon.layout import Layout
from lyceum_compute.daemon.local_hub import LocalHub
from lyceum_compute.daemon.record import Record
from lyceum_compute.daemon.save import Looked, Saver
from lyceum_compute.daemon.settings import Settings
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.identity import TlsSettings
from lyceum_compute.protocol.messages import Prepared, Project, Quota, Saved, SaveResult, State

ID = "c2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"
BEGIN = datetime(2026, 11, 22, tzinfo=UTC)


class World:
    """A disk with one project and a storage host; the transaction's number stands for all that is written."""

    def __init__(self) -> None:
        self.transaction = 1
        self.on_disk = 1
        self.copies: list[int] = []
        self.frozen = 0
        self.snapshots = 0
        self.calls: list[str] = []
        self.failing: dict[str, Exception] = {}
        self.gate: asyncio.Event | None = None
        self.discarded = 0
        self.uncleaned: list[bool] = []
        self.limits: list[int] = []
        self.lowered = asyncio.Event()
        self.sending = asyncio.Event()
        self.snapshotted = asyncio.Event()

    def write(self) -> None:
        self.transaction += 1

    def sync(self, _root: Path) -> None:
        self.on_disk = self.transaction

    def generations(self, _layout: Layout) -> dict[int, int]:
        return {256: self.on_disk}

    def freeze(self, _layout: Layout) -> dict[int, int]:
        self.sync(Path())
        self.frozen = self.on_disk
        return {256: self.frozen}

    def discard(self, _path: Path) -> None:
        self.discarded += 1

    async def limit_disk(self, entry: Entry) -> None:
        self.limits.append(entry.held)
        if entry.held == 0:
            self.lowered.set()

    async def prepare(self, _project: Project) -> Prepared:
        return Prepared(exists=bool(self.copies))

    async def send(self, _project: Project, _home: Path) -> None:
        self.calls.append("send")
        self.sending.set()
        if self.gate is not None:
            await self.gate.wait()
        if "send" in self.failing:
            raise self.failing["send"]
        self.copies.append(self.frozen)

    async def snapshot(self, _project: Project) -> SaveResult:
        self.calls.append("snapshot")
        if "snapshot" in self.failing:
            raise self.failing.pop("snapshot")
        self.snapshots += 1
        self.snapshotted.set()
        time = BEGIN + timedelta(minutes=self.snapshots)
        return SaveResult(snapshot=time.isoformat(), time=time)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(save.btrfs, "sync", made.sync)
    monkeypatch.setattr(save.btrfs, "used", lambda _root, _group: 7_000_000)
    monkeypatch.setattr(save.btrfs, "exists", lambda _root, _number: made.uncleaned.pop() if made.uncleaned else False)
    monkeypatch.setattr(save.btrfs, "is_subvolume", lambda _path: True)
    monkeypatch.setattr(save, "_number", lambda _path: 300)
    monkeypatch.setattr(save, "RELEASE_PAUSE", 0)
    for name in ("generations", "freeze", "discard"):
        monkeypatch.setattr(save, name, getattr(made, name))
    return made


@pytest.fixture
def entry() -> Entry:
    layout = Layout(Path("/projects"), ID)
    project = Project(project_id=ID, uid=200001, storage_host="storage1", quota=Quota())
    return Entry(layout, Record(project=project), State.RUNNING, BEGIN, LocalHub(layout.local_hub))


def saver(world: World, *, interval: float = 0, automatic: float = 0) -> tuple[Saver, list[Any]]:
    settings = Settings(
        name="c",
        listen=":1",
        tls=TlsSettings(ca="", certificate="", key=""),
        on_demand_save_interval=interval,
        automatic_save_interval=automatic,
    )
    said: list[Any] = []

    async def remember(entry: Entry) -> None:
        said.append(entry)

    return Saver(settings, world, said.append, remember, world.limit_disk), said  # type: ignore[arg-type]


async def test_a_save_tells_its_snapshot(world: World, entry: Entry) -> None:
    making, said = saver(world)
    result = await making.demand(entry)
    assert said == [entry, Saved(project_id=ID, snapshot=result.snapshot, time=result.time)]
    assert entry.record.saved == result
    assert world.discarded == 1


async def test_nothing_is_sent_when_nothing_changed(world: World, entry: Entry) -> None:
    making, _ = saver(world)
    first = await making.demand(entry)
    assert await making.demand(entry) == first
    assert await making.now(entry) == first
    await making.automatic(entry)
    assert world.copies == [1]


async def test_a_write_still_in_memory_is_saved_on_demand(world: World, entry: Entry) -> None:
    making, _ = saver(world)
    first = await making.demand(entry)
    world.write()
    assert await making.demand(entry) != first
    assert world.copies == [1, 2]


async def test_a_demand_too_soon_waits_its_turn_and_holds_what_was_written_before_it(
    world: World, entry: Entry
) -> None:
    making, _ = saver(world, interval=0.05)
    began = asyncio.get_running_loop().time()
    await making.demand(entry)
    world.write()
    waiting = [asyncio.create_task(making.demand(entry)) for _ in range(3)]
    await asyncio.sleep(0)
    world.write()
    results = [*await asyncio.gather(*waiting), await making.demand(entry)]
    assert asyncio.get_running_loop().time() - began >= 0.05
    assert world.copies == [1, 3]
    assert len({result.snapshot for result in results}) == 1


async def test_a_demand_during_a_copy_gets_a_later_one(world: World, entry: Entry) -> None:
    making, _ = saver(world)
    world.gate = asyncio.Event()
    first = asyncio.create_task(making.demand(entry))
    await world.sending.wait()
    world.write()
    second = asyncio.create_task(making.demand(entry))
    await asyncio.sleep(0.01)
    world.gate.set()
    assert (await first).snapshot != (await second).snapshot
    assert world.copies == [1, 2]


async def test_a_copy_that_failed_counts_for_nothing(world: World, entry: Entry) -> None:
    making, said = saver(world)
    world.failing["send"] = FaultError("unavailable", "rsync exit code 23")
    with pytest.raises(FaultError, match="23"):
        await making.demand(entry)
    assert (entry.record.saved, said, world.discarded) == (None, [], 1)
    assert "snapshot" not in world.calls
    world.failing.clear()
    await making.demand(entry)
    assert world.copies == [1]


async def test_a_copy_that_the_storage_host_forgot_is_sent_again(world: World, entry: Entry) -> None:
    making, _ = saver(world)
    world.failing["snapshot"] = FaultError("conflict", "no copy was completed")
    await making.demand(entry)
    assert world.calls == ["send", "snapshot", "send", "snapshot"]


async def test_a_caller_that_goes_away_ends_no_save(world: World, entry: Entry) -> None:
    making, _ = saver(world)
    world.gate = asyncio.Event()
    caller = asyncio.create_task(making.demand(entry))
    await world.sending.wait()
    caller.cancel()
    await asyncio.wait([caller])
    world.gate.set()
    await world.snapshotted.wait()
    assert world.copies == [1]


async def test_automatic_saves_keep_their_distance(world: World, entry: Entry) -> None:
    making, _ = saver(world, automatic=1000)
    assert not await making.automatic(entry)
    assert not await making.automatic(entry)
    assert world.copies == []
    making, _ = saver(world, automatic=0)
    assert await making.automatic(entry)
    assert world.copies == [1]


async def test_edits_are_told_once(world: World, entry: Entry) -> None:
    making, _ = saver(world)
    await making.demand(entry)
    assert await making.look([entry]) == [Looked(entry, edited=False, saved=True)]
    world.write()
    world.sync(Path())
    assert await making.look([entry]) == [Looked(entry, edited=True, saved=False)]
    assert await making.look([entry]) == [Looked(entry, edited=False, saved=False)]


async def test_a_project_that_cannot_be_looked_at_is_taken_for_unsaved(
    world: World, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_layout: Any) -> Any:
        raise FaultError("too_large", "too many subvolumes")

    making, _ = saver(world)
    await making.demand(entry)
    monkeypatch.setattr(save, "generations", fail)
    assert await making.look([entry]) == [Looked(entry, edited=False, saved=False)]


async def test_the_disk_s_limit_is_raised_until_the_kernel_has_freed_the_snapshot(world: World, entry: Entry) -> None:
    making, _ = saver(world)
    world.uncleaned = [True, True]
    world.gate = asyncio.Event()
    saving = asyncio.create_task(making.demand(entry))
    await world.sending.wait()
    assert entry.held == 7_000_000
    world.gate.set()
    await saving
    await world.lowered.wait()
    assert (world.limits, world.uncleaned, entry.held) == ([7_000_000, 0], [], 0)


async def test_no_more_than_one_quota_is_added(world: World, entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(save.btrfs, "used", lambda _root, _group: 10**12)
    making, _ = saver(world)
    await making.demand(entry)
    assert world.limits[0] == entry.project.quota.disk * 1_000_000


async def test_a_save_that_begins_before_the_last_was_freed_keeps_the_limit_raised(world: World, entry: Entry) -> None:
    making, _ = saver(world)
    world.uncleaned = [True] * 10_000
    await making.demand(entry)
    world.write()
    await making.demand(entry)
    assert 0 not in world.limits
    world.uncleaned = []
    await world.lowered.wait()
    assert entry.held == 0


async def test_a_copy_that_failed_lowers_the_limit_too(world: World, entry: Entry) -> None:
    making, _ = saver(world)
    world.failing["send"] = FaultError("unavailable", "storage1 cannot be reached")
    with pytest.raises(FaultError):
        await making.demand(entry)
    await world.lowered.wait()
    assert entry.held == 0
