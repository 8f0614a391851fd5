"""Who may do what with which project, and that only whole copies become snapshots."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.identity import Peer
from lyceum_compute.protocol.messages import Empty, ListSnapshots, StoredProject
from lyceum_storage.copies import Copies
from lyceum_storage.database import Placement
from lyceum_storage.layout import Layout, snapshot_name
from lyceum_storage.service import Begin, Begun, Finish, Service
from lyceum_storage.snapshots import Snapshots

from .conftest import ID, OTHER, Projects

COMPUTE1 = Peer("compute", "compute1")
COMPUTE2 = Peer("compute", "compute2")
HUB = Peer("hub", "hub1")
LOCAL = Peer("local", "", uid=1)
MINE = StoredProject(project_id=ID)


async def send(service: Service, layout: Layout, *, success: bool = True, **files: str) -> None:
    """Do what the receiver does: begin, write, finish."""
    begun = await service.begin(LOCAL, Begin(project_id=ID, host="compute1"))
    for name, content in files.items():
        (layout.home(ID) / name).write_text(content)
    await service.finish(LOCAL, Finish(project_id=ID, token=begun.token, success=success))


def code(caught: pytest.ExceptionInfo[FaultError]) -> str:
    return caught.value.code


async def test_a_save(service: Service, layout: Layout) -> None:
    assert not (await service.prepare(COMPUTE1, MINE)).exists
    await send(service, layout, a="text")
    saved = await service.snapshot(COMPUTE1, MINE)
    assert saved.snapshot == snapshot_name(saved.time)
    assert (layout.snapshots_of(ID) / saved.snapshot / "home/a").read_text() == "text"
    assert json.loads(layout.record(ID).read_text()) == {"title": "mine"}
    assert (await service.prepare(COMPUTE1, MINE)).exists


async def test_the_host_that_a_project_moves_to_may_fetch_it_and_nothing_else(
    service: Service, projects: Projects
) -> None:
    fetch = Begin(project_id=ID, host="compute2", fetch=True)
    with pytest.raises(FaultError):
        await service.begin(LOCAL, fetch)
    projects.placements[ID] = Placement("compute1", "storage1", "compute2")
    assert await service.begin(LOCAL, fetch) == Begun()
    with pytest.raises(FaultError):
        await service.begin(LOCAL, Begin(project_id=ID, host="compute2"))
    for call in (service.prepare, service.snapshot):
        with pytest.raises(FaultError):
            await call(COMPUTE2, MINE)


async def test_the_same_copy_asked_for_twice_is_one_snapshot(service: Service, layout: Layout) -> None:
    await service.prepare(COMPUTE1, MINE)
    await send(service, layout, a="text")
    first, second = await asyncio.gather(service.snapshot(COMPUTE1, MINE), service.snapshot(COMPUTE1, MINE))
    assert first == second


async def test_two_copies_within_a_second_are_two_snapshots(service: Service, layout: Layout) -> None:
    await service.prepare(COMPUTE1, MINE)
    names = []
    for content in "abc":
        await send(service, layout, a=content)
        names.append((await service.snapshot(COMPUTE1, MINE)).snapshot)
    assert names == sorted(set(names))
    contents = [(layout.snapshots_of(ID) / name / "home/a").read_text() for name in names]
    assert contents == ["a", "b", "c"]


async def test_a_clock_that_went_back_makes_no_snapshot_older_than_the_last(service: Service, layout: Layout) -> None:
    ahead = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    (layout.snapshots_of(ID) / snapshot_name(ahead) / "home").mkdir(parents=True)
    await service.prepare(COMPUTE1, MINE)
    await send(service, layout, a="text")
    assert (await service.snapshot(COMPUTE1, MINE)).time == ahead + timedelta(seconds=1)


@pytest.mark.parametrize("operation", ["prepare", "snapshot"])
async def test_another_hosts_project_does_not_exist(service: Service, operation: str, layout: Layout) -> None:
    for peer, project_id in ((COMPUTE1, OTHER), (COMPUTE2, ID), (COMPUTE1, OTHER.replace("9", "8"))):
        with pytest.raises(FaultError) as caught:
            await getattr(service, operation)(peer, StoredProject(project_id=project_id))
        assert code(caught) == "not_found"
    assert not list(layout.copies.iterdir())


@pytest.mark.parametrize("fetch", [False, True])
async def test_a_receiver_for_another_hosts_project_is_refused(service: Service, fetch: bool) -> None:
    await service.prepare(COMPUTE1, MINE)
    for host in ("compute2", "", "COMPUTE1"):
        with pytest.raises(FaultError) as caught:
            await service.begin(LOCAL, Begin(project_id=ID, host=host, fetch=fetch))
        assert code(caught) == "not_found"


async def test_a_project_on_another_storage_host_is_refused(service: Service, projects: Projects) -> None:
    projects.placements[ID] = Placement("compute1", "storage2")
    with pytest.raises(FaultError) as caught:
        await service.prepare(COMPUTE1, MINE)
    assert code(caught) == "not_found"


async def test_a_project_that_is_placed_nowhere_belongs_to_nobody(service: Service, projects: Projects) -> None:
    projects.placements[ID] = Placement(None, "storage1")
    for peer in (COMPUTE1, Peer("compute", "")):
        with pytest.raises(FaultError) as caught:
            await service.prepare(peer, MINE)
        assert code(caught) == "not_found"


async def test_without_the_database_nothing_is_let_in(service: Service, projects: Projects, layout: Layout) -> None:
    await service.prepare(COMPUTE1, MINE)
    await send(service, layout, a="text")
    projects.reachable = False
    for call in (
        service.prepare(COMPUTE1, MINE),
        service.snapshot(COMPUTE1, MINE),
        service.begin(LOCAL, Begin(project_id=ID, host="compute1")),
    ):
        with pytest.raises(FaultError) as caught:
            await call
        assert code(caught) == "unavailable"
    assert (await service.list_snapshots(HUB, ListSnapshots(project_id=ID))).snapshots == []


@pytest.mark.parametrize("project_id", ["", "..", "../" + ID, ID + "\n", ID.replace("1", "A")])
async def test_what_is_no_id_is_refused(service: Service, project_id: str) -> None:
    for call in (
        service.prepare(COMPUTE1, StoredProject(project_id=project_id)),
        service.snapshot(COMPUTE1, StoredProject(project_id=project_id)),
        service.list_snapshots(HUB, ListSnapshots(project_id=project_id)),
        service.begin(LOCAL, Begin(project_id=project_id, host="compute1")),
        service.finish(LOCAL, Finish(project_id=project_id, token="", success=True)),
    ):
        with pytest.raises(FaultError) as caught:
            await call
        assert code(caught) == "invalid"


async def test_nothing_is_snapshotted_before_a_copy_arrived(service: Service) -> None:
    await service.prepare(COMPUTE1, MINE)
    with pytest.raises(FaultError) as caught:
        await service.snapshot(COMPUTE1, MINE)
    assert code(caught) == "conflict"


async def test_a_copy_under_way_is_not_snapshotted(service: Service, layout: Layout) -> None:
    await service.prepare(COMPUTE1, MINE)
    await send(service, layout, a="text")
    begun = await service.begin(LOCAL, Begin(project_id=ID, host="compute1"))
    with pytest.raises(FaultError) as caught:
        await service.snapshot(COMPUTE1, MINE)
    assert code(caught) == "conflict"
    await service.finish(LOCAL, Finish(project_id=ID, token=begun.token, success=True))
    await service.snapshot(COMPUTE1, MINE)


async def test_a_failed_copy_is_not_snapshotted_until_a_later_one_arrived_whole(
    service: Service, layout: Layout
) -> None:
    await service.prepare(COMPUTE1, MINE)
    await send(service, layout, a="whole")
    await send(service, layout, a="half", success=False)
    with pytest.raises(FaultError) as caught:
        await service.snapshot(COMPUTE1, MINE)
    assert code(caught) == "conflict"
    await send(service, layout, a="whole again")
    await service.snapshot(COMPUTE1, MINE)


async def test_a_receiver_that_died_silently_leaves_no_complete_copy(service: Service, layout: Layout) -> None:
    await service.prepare(COMPUTE1, MINE)
    await service.begin(LOCAL, Begin(project_id=ID, host="compute1"))
    with pytest.raises(FaultError):
        await service.snapshot(COMPUTE1, MINE)
    await send(service, layout, a="text")  # and it blocks nobody
    await service.snapshot(COMPUTE1, MINE)


async def test_a_daemon_that_started_anew_trusts_no_copy(
    service: Service, layout: Layout, snapshots: Snapshots, projects: Projects
) -> None:
    await service.prepare(COMPUTE1, MINE)
    await send(service, layout, a="text")
    anew = Service("storage1", Copies(layout, service.copies.owner), snapshots, projects, minimum_free=0)
    with pytest.raises(FaultError) as caught:
        await anew.snapshot(COMPUTE1, MINE)
    assert code(caught) == "conflict"


async def test_a_receiver_that_outlived_the_daemon_keeps_others_out(service: Service, layout: Layout) -> None:
    """Its rsync still writes: the lock, which it holds, is what counts, not the daemon's memory."""
    await service.prepare(COMPUTE1, MINE)
    await send(service, layout, a="text")
    fd = os.open(layout.home(ID), os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        for call in (service.begin(LOCAL, Begin(project_id=ID, host="compute1")), service.snapshot(COMPUTE1, MINE)):
            with pytest.raises(FaultError) as caught:
                await call
            assert code(caught) == "conflict"
    finally:
        os.close(fd)
    await service.snapshot(COMPUTE1, MINE)


async def test_a_receiver_that_was_overtaken_cannot_call_the_copy_whole(service: Service) -> None:
    await service.prepare(COMPUTE1, MINE)
    first = await service.begin(LOCAL, Begin(project_id=ID, host="compute1"))
    second = await service.begin(LOCAL, Begin(project_id=ID, host="compute1"))
    for token in (first.token, "", "x"):
        with pytest.raises(FaultError) as caught:
            await service.finish(LOCAL, Finish(project_id=ID, token=token, success=True))
        assert code(caught) == "conflict"
    with pytest.raises(FaultError):
        await service.snapshot(COMPUTE1, MINE)
    await service.finish(LOCAL, Finish(project_id=ID, token=second.token, success=True))
    await service.snapshot(COMPUTE1, MINE)


async def test_nothing_is_received_before_it_was_prepared(service: Service) -> None:
    with pytest.raises(FaultError) as caught:
        await service.begin(LOCAL, Begin(project_id=ID, host="compute1"))
    assert code(caught) == "not_found"


async def test_a_full_disk_takes_no_copies(service: Service) -> None:
    await service.prepare(COMPUTE1, MINE)
    service.minimum_free = 10**12
    with pytest.raises(FaultError) as caught:
        await service.begin(LOCAL, Begin(project_id=ID, host="compute1"))
    assert code(caught) == "host_full"
    await service.begin(LOCAL, Begin(project_id=ID, host="compute1", fetch=True))


@pytest.fixture
def held(layout: Layout) -> list[str]:
    """Three snapshots, the last two with a folder of odd names."""
    names = [f"2026-11-22T10:0{n}:00Z" for n in range(3)]
    for name in names:
        (layout.snapshots_of(ID) / name / "home").mkdir(parents=True)
    for name in names[1:]:
        folder = layout.snapshots_of(ID) / name / "home" / "a folder's 'name'\n*"
        folder.mkdir()
        (folder / "ünïcode").write_text("x")
        (folder / "link").symlink_to("/etc")
        (folder / "dangling").symlink_to("nowhere")
    return names


@pytest.mark.parametrize(
    "path",
    [
        "a folder's 'name'\n*",
        "a folder's 'name'\n*/",
        "./a folder's 'name'\n*//ünïcode",
        "a folder's 'name'\n*/dangling",
    ],
)
async def test_with_a_path_those_are_listed_that_hold_it(service: Service, held: list[str], path: str) -> None:
    listed = (await service.list_snapshots(HUB, ListSnapshots(project_id=ID, path=path))).snapshots
    assert [snapshot.name for snapshot in listed] == held[1:]
    assert [snapshot_name(snapshot.time) for snapshot in listed] == held[1:]


async def test_a_name_that_is_no_text_is_found(service: Service, layout: Layout) -> None:
    await service.prepare(COMPUTE1, MINE)
    await send(service, layout, **{os.fsdecode(b"caf\xe9"): "text"})
    saved = await service.snapshot(COMPUTE1, MINE)
    for path, names in (("caf\\xe9", [saved.snapshot]), ("caf\\xea", [])):
        listed = (await service.list_snapshots(HUB, ListSnapshots(project_id=ID, path=path))).snapshots
        assert [snapshot.name for snapshot in listed] == names


@pytest.mark.parametrize("path", [None, "", "."])
async def test_the_home_is_in_every_snapshot(service: Service, held: list[str], path: str | None) -> None:
    listed = (await service.list_snapshots(HUB, ListSnapshots(project_id=ID, path=path))).snapshots
    assert [snapshot.name for snapshot in listed] == held


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "a folder's 'name'\n*/link/passwd",
        "a folder's 'name'\n*/ünïcode/x",
        "x" * 300,
        "a folder's 'name'\n?",
    ],
)
async def test_what_no_snapshot_holds_is_in_none(service: Service, held: list[str], path: str) -> None:
    assert held
    assert (await service.list_snapshots(HUB, ListSnapshots(project_id=ID, path=path))).snapshots == []


@pytest.mark.parametrize("path", ["..", "../copies", "/etc", "a/../..", "a\0b", "x/" * 3000, "\ud800"])
async def test_a_path_that_leads_elsewhere_is_refused(service: Service, held: list[str], path: str) -> None:
    assert held
    with pytest.raises(FaultError) as caught:
        await service.list_snapshots(HUB, ListSnapshots(project_id=ID, path=path))
    assert code(caught) == "invalid"


async def test_a_project_without_snapshots_has_none(service: Service) -> None:
    assert (await service.list_snapshots(HUB, ListSnapshots(project_id=OTHER))).snapshots == []


async def test_old_snapshots_go_with_each_new_one_but_one_that_is_read_stays(service: Service, layout: Layout) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    old = [snapshot_name(start + timedelta(minutes=n)) for n in range(5)]
    for name in old:
        (layout.snapshots_of(ID) / name / "home").mkdir(parents=True)
    await service.prepare(COMPUTE1, MINE)
    fd = os.open(layout.snapshots_of(ID) / old[2] / "home", os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH)
        await send(service, layout, a="text")
        saved = await service.snapshot(COMPUTE1, MINE)
        assert {path.name for path in layout.snapshots_of(ID).iterdir()} == {old[2], old[4], saved.snapshot}
    finally:
        os.close(fd)
    await service.sweep()
    assert {path.name for path in layout.snapshots_of(ID).iterdir()} == {old[4], saved.snapshot}


async def test_the_host_says_how_full_it_is(service: Service, held: list[str]) -> None:
    status = await service.host_status(HUB, Empty())
    assert (status.name, status.projects, status.snapshots) == ("storage1", 1, len(held))
    assert 0 < status.disk_available <= status.disk_total


def test_each_operation_is_for_one_kind_of_caller(service: Service) -> None:
    served = {name: operation.services for name, operation in service.operations().items()}
    assert served == {
        "host_status": {"hub"},
        "list_snapshot_directory": {"hub"},
        "list_snapshots": {"hub"},
        "prepare": {"compute"},
        "read_snapshot_file": {"hub"},
        "snapshot": {"compute"},
    }
    assert {name: operation.services for name, operation in service.control_operations().items()} == {
        "begin": {"local"},
        "finish": {"local"},
    }


async def test_a_record_is_replaced_whole(service: Service, layout: Layout, projects: Projects) -> None:
    await service.prepare(COMPUTE1, MINE)
    for title in ("a longer title than the next", "b"):
        projects.records[ID] = json.dumps({"title": title})
        await send(service, layout)
        await service.snapshot(COMPUTE1, MINE)
        assert json.loads(layout.record(ID).read_text()) == {"title": title}
    assert [path.name for path in layout.records.iterdir()] == [f"{ID}.json"]
    assert layout.record(ID).stat().st_mode & 0o777 == 0o600
