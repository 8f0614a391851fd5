from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lyceum_compute.network.settings import Network, NetworkError, host_resolvers, load


def test_a_file_without_the_table_has_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "compute.toml"
    path.write_text('name = "compute1"\n')
    assert load(path) == Network()
    assert load(path).denied_ports == [25]


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ({"denied": ["10.0.0.1/8"]}, "network.denied: '10.0.0.1/8'"),
        ({"allowed": ["fd00::/8"]}, "network.allowed: 'fd00::/8'"),
        ({"resolvers": ["ns.example"]}, "network.resolvers: 'ns.example'"),
        ({"addresses": "198.18.0.0/30"}, "too small"),
        ({"denied_ports": [0]}, "from 1 to 65535"),
        ({"bandwidth": 0}, "at least"),
        ({"connections": 0}, "at least"),
    ],
)
def test_what_cannot_work_is_named(entries: dict[str, Any], complaint: str) -> None:
    with pytest.raises(NetworkError, match=complaint):
        Network(**entries).check()


def test_a_misspelled_entry_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "compute.toml"
    path.write_text("[network]\nband = 5\n")
    with pytest.raises(NetworkError, match="band"):
        load(path)


def test_name_servers_of_the_host_that_others_can_ask(tmp_path: Path) -> None:
    stub, real = tmp_path / "resolv.conf", tmp_path / "real.conf"
    stub.write_text("# a comment\nsearch example.org\nnameserver 127.0.0.53\nnameserver ::1\n")
    assert host_resolvers(stub) == []
    real.write_text("nameserver 192.0.2.1\nnameserver 192.0.2.2\n")
    assert host_resolvers(tmp_path / "none", stub, real) == ["192.0.2.1", "192.0.2.2"]
