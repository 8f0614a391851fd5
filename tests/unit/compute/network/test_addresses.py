from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from lyceum_compute.network.addresses import RESERVED, Pool, resolv_conf
from lyceum_compute.network.settings import Network, NetworkError

SMALL = Pool.of(Network(addresses="198.51.100.0/24"))


def test_a_project_keeps_its_address() -> None:
    pool = Pool.of(Network())
    first, second = pool.free(200_001, [])
    assert (first, second) == pool.free(200_001, [pool.free(200_002, [])[0]])
    assert int(second) == int(first) + 1
    assert int(first) % 2 == 0


def test_two_projects_never_share_an_address() -> None:
    taken: list[IPv4Address] = []
    for _ in range(SMALL.pairs - RESERVED):
        taken.append(SMALL.free(100_000, taken)[0])
    assert len(set(taken)) == len(taken) == 120
    assert min(taken) > max(SMALL.resolvers)
    with pytest.raises(NetworkError, match="all 120 addresses"):
        SMALL.free(100_000, taken)


@pytest.mark.parametrize(
    ("settings", "found", "count"),
    [(Network(), [], 1), (Network(), ["192.0.2.1"] * 5, 3), (Network(resolvers=["192.0.2.1"]), ["192.0.2.2"] * 2, 1)],
)
def test_projects_see_no_name_server_of_the_inside(settings: Network, found: list[str], count: int) -> None:
    text = resolv_conf(settings, found)
    assert text.count("nameserver 198.18.0.") == text.count("nameserver") == count
