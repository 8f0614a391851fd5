"""Which hosts a project goes to."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from lyceum_compute.protocol.messages import HostStatus, Quota, StorageStatus
from lyceum_hub.db.projects import Committed
from lyceum_hub.services.placement import Candidate, Placement, choose_compute, choose_storage


def host(name: str, *, member: bool = False, **changes: Any) -> Candidate:
    values: dict[str, Any] = {
        "version": "0", "load": 0.0, "cores": 2, "memory_total": 8000, "memory_available": 8000, "memory_committed": 0,
        "disk_total": 100_000, "disk_available": 50_000, "running": 0, "projects": 0,
    }  # fmt: skip
    return Candidate(status=HostStatus(name=name, **(values | changes)), member=member)


def test_the_most_uncommitted_memory_wins() -> None:
    hosts = [host("a", memory_committed=3000), host("b", memory_committed=1000), host("c", memory_total=6000)]
    assert choose_compute(hosts, [], memory=1000, member=False) == "b"


def test_what_the_database_knows_counts_before_the_host_does() -> None:
    load = [Committed(host="a", memory=2000, projects=2)]
    assert choose_compute([host("a"), host("b")], load, memory=1000, member=False) == "b"


def test_of_equals_the_one_with_fewer_projects() -> None:
    load = [Committed(host="b", memory=0, projects=5), Committed(host="a", memory=0, projects=9)]
    assert choose_compute([host("a"), host("b")], load, memory=1000, member=False) == "b"


def test_hosts_that_cannot_take_it_are_left_out() -> None:
    hosts = [host("a", draining=True), host("b", disk_available=10), host("c", memory_total=500)]
    assert choose_compute(hosts, [], memory=1000, member=False) is None
    assert choose_compute([], [], memory=1000, member=False) is None


def test_a_host_whose_memory_is_all_promised_is_left_out() -> None:
    assert choose_compute([host("a", memory_committed=7_500)], [], memory=1000, member=False) is None
    assert choose_compute([host("a", memory_room=999)], [], memory=1000, member=False) is None


def test_a_host_says_itself_what_it_may_promise() -> None:
    hosts = [host("a", memory_committed=20_000, memory_room=4_000), host("b", memory_room=3_000)]
    assert choose_compute(hosts, [], memory=1000, member=False) == "a"


def test_what_was_just_placed_is_not_promised_again() -> None:
    load = [Committed(host="a", memory=3_500, projects=4)]
    hosts = [host("a", memory_committed=0, memory_room=4_000)]
    assert choose_compute(hosts, load, memory=1000, member=False) is None
    assert choose_compute(hosts, load, memory=500, member=False) == "a"


def test_a_host_without_the_disk_that_is_promised_is_left_out() -> None:
    hosts = [host("a", disk_room=2_000), host("b", disk_room=3_000, memory_room=2_000)]
    assert choose_compute(hosts, [], memory=1000, member=False, disk=3_000) == "b"


def test_marked_hosts_are_for_members_if_any_are_marked() -> None:
    hosts = [host("a", member=True), host("b", memory_committed=5000)]
    assert choose_compute(hosts, [], memory=1000, member=False) == "b"
    assert choose_compute(hosts, [], memory=1000, member=True) == "a"
    assert choose_compute(hosts[1:], [], memory=1000, member=True) == "b"
    assert choose_compute(hosts[:1], [], memory=1000, member=False) is None


def test_storage_goes_where_there_is_room() -> None:
    def store(name: str, room: int) -> StorageStatus:
        return StorageStatus(name=name, version="0", disk_total=9, disk_available=room, projects=0, snapshots=0)

    assert choose_storage([store("a", 2000), store("b", 3000)]) == "b"
    assert choose_storage([store("a", 10)]) is None


@pytest.mark.parametrize(
    ("on", "member", "misplaced"), [("m", True, False), ("m", False, True), ("a", True, True), ("a", False, False)]
)
def test_a_project_on_a_host_of_the_wrong_kind_is_misplaced(on: str, member: bool, misplaced: bool) -> None:
    placement, project = placing("a", "m", member="m"), placed(on, member_host=member)
    assert placement.misplaced(project) is misplaced
    assert placement.fitting(project, on) is not misplaced


def test_where_no_host_is_for_members_every_host_is_the_right_one() -> None:
    assert placing("a", "m").misplaced(placed("a", member_host=True)) is False


def placing(*names: str, member: str = "") -> Placement:
    hosts = {name: SimpleNamespace(name=name, settings=SimpleNamespace(member=name == member)) for name in names}
    compute: Any = Known(hosts)
    nothing: Any = None
    return Placement(nothing, compute, nothing)


def placed(host: str, **quota: Any) -> Any:
    return SimpleNamespace(compute_host=host, quota=Quota(**quota))


class Known(dict[str, Any]):
    """Compute hosts, as ``ComputeHosts`` gives them."""

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values())
