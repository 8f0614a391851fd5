"""The rules of the way out, as text for ``nft -f``: one set in the gate, one on the host. Each replaces itself whole.

In the gate, what may not be reached comes before what is established: what is denied later holds for open connections
too. The host's rules are a second wall: they hold whatever the gate lets through.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from .addresses import Pool

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from ipaddress import IPv4Address

    from .settings import Network

#: Names of the two ends of the link between host and gate.
HOST_END, GATE_END = "lyceum-out", "out"
PROJECTS = "p"
"""How the names of links to projects begin, in the gate."""

#: Never, whatever settings allow. Link-local holds the metadata address of the clouds, 169.254.169.254.
NEVER = (
    *("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"),
    "168.63.129.16",  # Azure's own services, metadata among them
)
#: Not the internet (IANA's registry of special-purpose addresses), so somebody's own network, if anybody's.
PRIVATE = (
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
    *("192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15"),
)
#: New connections a second, and at once, that tell a program that uses the network from one that searches it.
NEW, BURST = 100, 500
_REFUSE = "reject with icmp admin-prohibited"


def gate(settings: Network, own: Iterable[IPv4Network], resolvers: list[str]) -> str:
    """Return the gate's rules. ``own``: the networks that the host itself is in."""
    pool = Pool.of(settings)
    never = _elements((*NEVER, *settings.instance, *map(str, own), str(pool.network)))
    passed = dict(zip(pool.resolvers, resolvers, strict=False))
    ports = ", ".join(str(port) for port in sorted(set(settings.denied_ports)))
    port_rule = f"meta l4proto {{ tcp, udp }} th dport {{ {ports} }} {_REFUSE}" if ports else ""
    return f"""\
table inet lyceum
delete table inet lyceum
table inet lyceum {{
    set never {{ type ipv4_addr; flags interval; auto-merge; {never} }}
    set denied {{ type ipv4_addr; flags interval; auto-merge; {_elements(settings.denied)} }}
    set allowed {{ type ipv4_addr; flags interval; auto-merge; {_elements(settings.allowed)} }}
    set private {{ type ipv4_addr; flags interval; auto-merge; {_elements(PRIVATE)} }}
    set open {{ type ipv4_addr; size 65535; flags dynamic; }}
    set begun {{ type ipv4_addr; size 65535; flags dynamic,timeout; timeout 1m; }}

    chain names {{
        type nat hook prerouting priority dstnat; policy accept;
{_passing(passed)}
    }}
    chain gate {{
        type filter hook input priority filter; policy drop;
    }}
    chain way {{
        type filter hook forward priority filter; policy drop;
        meta nfproto != ipv4 drop
        iifname "{GATE_END}" oifname "{PROJECTS}*" ct state established,related accept
        iifname != "{PROJECTS}*" drop
        oifname != "{GATE_END}" {_REFUSE}
        ip saddr != {pool.network} drop
        ct state invalid drop
        ct state new add @open {{ ip saddr ct count over {settings.connections} }} {_REFUSE}
        ct state new update @begun {{ ip saddr limit rate over {NEW}/second burst {BURST} packets }} {_REFUSE}
        meta l4proto {{ tcp, udp }} ct status dnat th dport 53 accept
        ip daddr @never {_REFUSE}
        ip daddr @denied {_REFUSE}
        {port_rule}
        ip daddr @allowed accept
        ip daddr @private {_REFUSE}
        accept
    }}
}}
"""


def host(settings: Network, resolvers: list[str]) -> str:
    """Return the host's rules: nothing for the host itself, nothing begun from outside, and one address for all."""
    pool = Pool.of(settings).network
    return f"""\
table inet lyceum
delete table inet lyceum
table inet lyceum {{
    set resolvers {{ type ipv4_addr; flags interval; {_elements(resolvers)} }}
    chain in {{
        type filter hook input priority filter - 10; policy accept;
        iifname "{HOST_END}" ip daddr @resolvers meta l4proto {{ tcp, udp }} th dport 53 accept
        iifname "{HOST_END}" drop
    }}
    chain out {{
        type filter hook output priority filter - 10; policy accept;
        oifname "{HOST_END}" ct state established accept
        oifname "{HOST_END}" drop
    }}
    chain way {{
        type filter hook forward priority filter - 10; policy drop;
        iifname "{HOST_END}" ip saddr {pool} accept
        oifname "{HOST_END}" ct state established,related accept
    }}
    chain nat {{
        type nat hook postrouting priority srcnat; policy accept;
        ip saddr {pool} oifname != "{HOST_END}" masquerade
    }}
}}
"""


def _elements(networks: Iterable[str]) -> str:
    found = sorted({IPv4Network(text) for text in networks})
    return f"elements = {{ {', '.join(map(str, found))} }};" if found else ""


def _passing(passed: Mapping[IPv4Address, str]) -> str:
    return "\n".join(
        f"        ip daddr {seen} meta l4proto {{ tcp, udp }} th dport 53 dnat ip to {resolver}"
        for seen, resolver in passed.items()
    )
