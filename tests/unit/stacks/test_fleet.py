"""The machines of a size, what they carry, and what they take of a quota."""

from __future__ import annotations

import pytest
from lyceum_stacks import fleet, quota, sizes

from tests.unit.stacks.cloud import settings

NAMES = ("small", "medium", "large")


def test_names_are_those_of_an_inventory() -> None:
    names = [machine.name for machine in fleet.machines(sizes.load("medium"))]
    assert names == ["edge1", "edge2", "hub1", "hub2", "db1", "compute1", "compute2", "compute3", "storage1", "admin1"]


def test_devices_have_names_that_stay() -> None:
    found = {machine.group: machine.variables for machine in fleet.machines(sizes.load("small"), ("z-a", "z-b"))}
    assert found["compute"] == {"compute__data_device": "/dev/disk/by-id/google-lyceum-projects"}
    assert found["storage"] == {"storage__data_device": "/dev/disk/by-id/google-lyceum-storage"}
    assert found["database"] == {"postgresql__data_directory": "/srv/database/main"}
    assert found["edge"] == found["hub"] == found["admin"] == {}


@pytest.mark.parametrize("name", NAMES)
def test_sizes_carry_their_people_with_one_compute_machine_lost(name: str) -> None:
    """The arithmetic that the sizes' reasons tell: promised memory, without the reserve of the role compute (512 MB)."""
    size = sizes.load(name)
    compute = size.groups["compute"]
    each = (compute.type.memory * 2**30 / 10**6 - 512) * size.memory_overcommit
    assert (compute.count - 1) * each >= size.concurrent_projects * size.memory_per_project


@pytest.mark.parametrize("name", NAMES)
def test_disks_hold_what_the_sizes_estimate(name: str) -> None:
    """5 projects a weekly user of 500 MB, half as much again for snapshots; 2 of them open, one compute machine lost."""
    size = sizes.load(name)
    compute, storage = size.groups["compute"], size.groups["storage"]
    assert compute.data_disk
    assert storage.data_disk
    assert storage.count * storage.data_disk.size * 2**30 >= size.weekly_users * 5 * 0.5 * 1.5 * 10**9
    assert (compute.count - 1) * compute.data_disk.size * 2**30 >= size.weekly_users * 2 * 0.5 * 10**9


@pytest.mark.parametrize("name", NAMES)
def test_every_group_says_why(name: str) -> None:
    assert all(len(group.reason) > 40 for group in sizes.load(name).groups.values())


def test_storage_is_in_another_zone_than_the_database() -> None:
    found = {machine.name: machine.zone for machine in fleet.machines(sizes.load("small"), ("z-a", "z-b"))}
    assert (found["db1"], found["storage1"]) == ("z-a", "z-b")
    assert {found["compute1"], found["compute2"]} == {"z-a", "z-b"}


def test_quota_of_a_stack() -> None:
    assert quota.needed(settings("medium")) == {
        "CPUS": 4 + 4 + 4 + 2 + 2,  # edges and admin share processors and count as two each
        "N2_CPUS": 24,
        "INSTANCES": 10,
        "SSD_TOTAL_GB": 10 * 20 + 2 * 100 + 3 * 1000,
        "DISKS_TOTAL_GB": 7500,
        "STATIC_ADDRESSES": 2,
        "IN_USE_ADDRESSES": 2,
    }
