"""The rules' text; what it does to packets is tried on machines (``tests/instance/test_network.py``)."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from lyceum_compute.network import link, rules
from lyceum_compute.network.settings import Network

SETTINGS = Network(instance=["192.0.2.5"], denied=["203.0.113.0/24"], allowed=["10.1.0.0/16"], resolvers=["10.0.0.53"])


def gate(settings: Network = SETTINGS) -> str:
    return rules.gate(settings, [IPv4Network("192.0.2.128/25")], settings.resolvers)


def elements(text: str, name: str) -> set[str]:
    line = next(line for line in text.splitlines() if line.strip().startswith(f"set {name} "))
    return set(line.partition("elements = { ")[2].partition(" }")[0].split(", "))


def test_what_is_never_reached() -> None:
    never = elements(gate(), "never")
    assert {"192.0.2.5/32", "192.0.2.128/25", "169.254.0.0/16", "198.18.0.0/15", "127.0.0.0/8"} <= never
    assert elements(gate(), "denied") == {"203.0.113.0/24"}
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"} <= elements(gate(), "private")


def test_walls_come_before_exceptions() -> None:
    lines = [line.strip() for line in gate().splitlines()]
    order = [lines.index(next(line for line in lines if line.startswith(f"ip daddr @{name}"))) for name in (
        "never", "denied", "allowed", "private"
    )]  # fmt: skip
    assert order == sorted(order)
    assert lines.index("meta nfproto != ipv4 drop") < order[0]


def test_names_are_asked_of_the_gate_alone() -> None:
    assert "ip daddr 198.18.0.2 meta l4proto { tcp, udp } th dport 53 dnat ip to 10.0.0.53" in gate()
    assert "dnat" not in gate(Network()).replace("ct status dnat", "").replace("priority dstnat", "")


@pytest.mark.parametrize(("ports", "rule"), [([25], "th dport { 25 } reject"), ([587, 25, 25], "{ 25, 587 }")])
def test_ports(ports: list[int], rule: str) -> None:
    assert rule in gate(Network(denied_ports=ports))


def test_no_port_is_denied() -> None:
    assert "th dport {" not in gate(Network(denied_ports=[]))


def test_the_host_forwards_for_projects_alone_and_lets_them_in_nowhere() -> None:
    text = rules.host(SETTINGS, ["10.0.0.53"])
    assert "hook forward priority filter - 10; policy drop" in text
    assert 'iifname "lyceum-out" drop' in text
    assert elements(text, "resolvers") == {"10.0.0.53/32"}


@pytest.mark.parametrize(
    ("bandwidth", "shape"),
    [(100, "rate 100000kbit burst 125000"), (0.5, "rate 500kbit burst 16384")],
)
def test_bandwidth(bandwidth: float, shape: str) -> None:
    assert shape in link.shape(Network(bandwidth=bandwidth))
