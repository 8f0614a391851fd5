"""Moves between hosts, as the two daemons see them: what is received, given away, and deleted when."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lyceum_compute.daemon import aside, btrfs, host, layout, manifest, save
from lyceum_compute.daemon import moves as daemon_moves
from lyceum_compute.daemon.manifest import Manifest
from lyceum_compute.daemon.moves import Moves
from lyceum_compute.daemon.projects import Projects
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import CopyOfProject, Project, SetAside, State

from tests.unit.compute.daemon.played import ID, Host, project, running, settled

COPY = CopyOfProject(project=project(), snapshot="2026-11-27T22:00:00Z")


class Disk(Host):
    """A host whose lifecycle also knows moves."""

    def __init__(self) -> None:
        super().__init__()
        self.generation = 7

    async def receive(self, _place: layout.Layout, _project: Project, _snapshot: str) -> None:
        await self._do("receive")

    async def accept(self, place: layout.Layout, _project: Project) -> None:
        await self._do("accept")
        self.on_disk.add(place.project_id)

    async def refuse(self, _place: layout.Layout, _uid: int) -> None:
        await self._do("refuse")

    async def set_aside(self, place: layout.Layout, _uid: int) -> None:
        await self._do("set_aside")
        self.on_disk.discard(place.project_id)


@pytest.fixture
def disk(there: Host, monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk()
    monkeypatch.setattr(btrfs, "is_subvolume", lambda path: path.name in made.on_disk)
    monkeypatch.setattr(btrfs, "sync", lambda _root: None)
    monkeypatch.setattr(save, "generations", lambda _layout: {256: made.generation})
    monkeypatch.setattr(manifest, "of_home", lambda _home: Manifest("digest", 3, 10))
    assert there.on_disk == set()
    return made


async def opened(projects: Projects) -> Moves:
    await projects.open(project())
    await settled(projects)
    return Moves(projects)


def refused(caught: pytest.ExceptionInfo[FaultError], code: str) -> bool:
    return caught.value.code == code


async def test_a_project_comes_in_two_steps(disk: Disk) -> None:
    async with running(disk) as projects:
        moves = Moves(projects)
        assert (await moves.receive(COPY)).digest == "digest"
        assert projects.entries[ID].state is State.CLOSED
        assert (await moves.accept(COPY)).state is State.OPENED
    assert disk.steps == ["receive", "accept"]


async def test_only_what_was_received_is_accepted(disk: Disk) -> None:
    async with running(disk) as projects:
        moves = Moves(projects)
        with pytest.raises(FaultError) as caught:
            await moves.accept(COPY)
        assert refused(caught, "conflict")
        await moves.receive(COPY)
        with pytest.raises(FaultError) as caught:
            await moves.accept(CopyOfProject(project=project(), snapshot="2026-11-27T21:00:00Z"))
        assert refused(caught, "conflict")


async def test_what_does_not_fit_is_not_received(disk: Disk) -> None:
    async with running(disk) as projects:
        projects.ledger.draining = True
        with pytest.raises(FaultError) as caught:
            await Moves(projects).receive(COPY)
        assert refused(caught, "host_full")
        projects.ledger.draining = False
        with pytest.raises(FaultError) as caught:
            await Moves(projects).receive(CopyOfProject(project=project(memory=4000), snapshot=COPY.snapshot))
        assert refused(caught, "host_full")
    assert disk.steps == []


async def test_a_copy_that_breaks_off_is_deleted(disk: Disk) -> None:
    disk.failing["receive"] = OSError(28, "No space left on device")
    async with running(disk) as projects:
        moves = Moves(projects)
        with pytest.raises(FaultError, match="No space left"):
            await moves.receive(COPY)
        with pytest.raises(FaultError):
            await moves.accept(COPY)
    assert disk.steps == ["receive", "refuse"]


async def test_a_copy_that_nobody_accepts_is_deleted(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon_moves, "PATIENCE", -1.0)
    monkeypatch.setattr(aside, "sweep", lambda _root, **_options: 0)
    async with running(disk) as projects:
        moves = Moves(projects)
        await moves.receive(COPY)
        await moves.sweep()
    assert disk.steps == ["receive", "refuse"]


async def test_a_project_that_rests_goes(disk: Disk) -> None:
    async with running(disk) as projects:
        moves = await opened(projects)
        found = await moves.manifest(project())
        assert (await moves.set_aside(SetAside(project=project(), changed=found.changed))).state is State.CLOSED
    assert disk.steps[-2:] == ["set_aside", "forget"]


async def test_a_project_that_was_written_to_stays(disk: Disk) -> None:
    async with running(disk) as projects:
        moves = await opened(projects)
        found = await moves.manifest(project())
        disk.generation += 1
        with pytest.raises(FaultError, match="changed meanwhile"):
            await moves.set_aside(SetAside(project=project(), changed=found.changed))
        assert projects.entries[ID].state is State.OPENED


async def test_a_project_that_runs_neither_goes_nor_comes(disk: Disk) -> None:
    async with running(disk) as projects:
        moves = await opened(projects)
        await projects.start(project())
        await settled(projects)
        for call in (
            moves.manifest(project()),
            moves.receive(COPY),
            moves.set_aside(SetAside(project=project(), changed="")),
        ):
            with pytest.raises(FaultError) as caught:
                await call
            assert refused(caught, "conflict")


async def test_a_save_under_way_ends_first(disk: Disk) -> None:
    async with running(disk) as projects:
        moves = await opened(projects)
        found = await moves.manifest(project())
        async with projects.entries[ID].save_lock:
            going = asyncio.create_task(moves.set_aside(SetAside(project=project(), changed=found.changed)))
            await asyncio.sleep(0)
            assert "set_aside" not in disk.steps
        assert (await going).state is State.CLOSED


def test_what_was_set_aside_stays_for_its_time_and_longer_than_the_disk_can_bear_it_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / layout.ASIDE
    names = [f"{ID}.20261120T000000Z", f"{ID}.20261126T000000Z", f"{ID}.20261127T000000Z"]
    for name in (*names, "somebody's"):
        (folder / name).mkdir(parents=True)
    free = iter([5_000, 50, 5_000, 5_000])
    monkeypatch.setattr(host, "disk", lambda _path: (10_000, next(free)))
    monkeypatch.setattr(aside, "discard", lambda path: path.rmdir())
    now = datetime(2026, 11, 27, 12, tzinfo=UTC)
    assert aside.sweep(tmp_path, kept=6 * 86_400, reserve=1_000, now=now) == 1
    assert sorted(path.name for path in folder.iterdir()) == [*names[1:], "somebody's"]
    assert aside.sweep(tmp_path, kept=6 * 86_400, reserve=1_000, now=now) == 1
    assert sorted(path.name for path in folder.iterdir()) == [names[2], "somebody's"]


def test_putting_aside_keeps_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = layout.Layout(tmp_path, ID)
    place.home.mkdir(parents=True)
    (tmp_path / layout.ASIDE).mkdir()
    monkeypatch.setattr(btrfs, "is_subvolume", lambda path: path.exists())
    for _ in range(2):
        aside.put(place, datetime(2026, 11, 27, 12, tzinfo=UTC))
    assert (tmp_path / layout.ASIDE / f"{ID}.20261127T120000Z" / "home").is_dir()
    assert not place.subvolume.exists()
