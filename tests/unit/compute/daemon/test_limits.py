from __future__ import annotations

import math

import pytest
from lyceum_compute.daemon import host, limits
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import Quota


def test_the_default_quota_as_limits_of_a_slice() -> None:
    values = {name: variant.value for name, variant in limits.slice_properties(Quota()).items()}
    assert values == {
        "MemoryMax": 1_000_000_000,
        "MemorySwapMax": 0,
        "CPUQuotaPerSecUSec": 1_000_000,
        "CPUWeight": 25,
        "TasksMax": limits.TASKS,
    }


@pytest.mark.parametrize(("shares", "weight"), [(1, 1), (1024, 100), (2048, 200), (1_000_000, 10_000)])
def test_shares_become_weights_that_systemd_takes(shares: int, weight: int) -> None:
    assert limits.slice_properties(Quota(cpu_shares=shares))["CPUWeight"].value == weight


@pytest.mark.parametrize(
    "quota",
    [
        Quota(disk=0),
        Quota(memory=-1),
        Quota(cores=0),
        Quota(cores=math.nan),
        Quota(cores=math.inf),
        Quota(cpu_shares=0),
        Quota(idle_timeout=-1),
    ],
)
def test_quotas_that_make_no_sense_are_refused(quota: Quota) -> None:
    with pytest.raises(FaultError) as caught:
        limits.check(quota)
    assert caught.value.code == "invalid"


@pytest.mark.parametrize(
    ("room", "words"),
    [
        (host.Room(memory=999, disk=3000, disk_free=1), "room for 999 MB more"),
        (host.Room(memory=-5, disk=3000, disk_free=1), "room for 0 MB more"),
        (host.Room(memory=1000, disk=2999, disk_free=1), "2999 MB of disk left"),
        (host.Room(memory=1000, disk=3000, disk_free=0), "disk is full"),
    ],
)
def test_a_host_is_never_overfilled(room: host.Room, words: str) -> None:
    host.Room(memory=1000, disk=3000, disk_free=1).check(memory=1000, disk=3000)
    with pytest.raises(FaultError, match=words) as caught:
        room.check(memory=1000, disk=3000)
    assert caught.value.code == "host_full"


def test_memory_is_counted_in_millions_of_bytes() -> None:
    found = host.memory("MemTotal:       2000000 kB\nMemFree: 1 kB\nMemAvailable:   1000000 kB\n")
    assert (found.total, found.available) == (2048, 1024)
