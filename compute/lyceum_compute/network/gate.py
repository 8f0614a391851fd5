"""The gate: a network namespace between projects and host, with rules that no other program of the host changes.

    project's own namespace       gate (``/run/netns/lyceum-projects``)        host
    eth0 <-- one link each --> p<uid>  ...  rules  ...  out <-- one link --> lyceum-out  ...  rules, NAT  ...  outside

Should somebody flush the host's rules, the address translation goes with them, and what the gate denies stays denied.
"""

from __future__ import annotations

import json
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path

from lyceum_compute.programs import Completed, check, run

from . import rules
from .addresses import Pool
from .rules import GATE_END, HOST_END
from .settings import Network, host_resolvers

NAME = "lyceum-projects"
NAMESPACE = Path("/run/netns") / NAME
#: What the host's forwarding was before, so that it can be so again.
FORWARDED = Path("/run/lyceum/network/ip_forward")
IP_FORWARD = Path("/proc/sys/net/ipv4/ip_forward")
SWITCHES = (
    "net.ipv4.conf.all.rp_filter=1",
    "net.ipv4.conf.all.accept_redirects=0",
    "net.ipv4.icmp_ratelimit=0",  # each refusal is told, so that no program waits for what will never come
    "net.ipv4.ip_forward=1",
)
PACE = 15
"""Seconds that any one program may take."""


async def inside(*argv: str, stdin: str | None = None, namespace: str = str(NAMESPACE)) -> Completed:
    """Run a program in the gate, or in another network namespace."""
    return await check("nsenter", f"--net={namespace}", "--", *argv, timeout=PACE, stdin=_bytes(stdin))


async def up(settings: Network) -> None:
    """Make the gate, or bring it up to date; links and connections stay. Raises ``ProgramError`` or ``OSError``."""
    host_end, gate_end = Pool.of(settings).pair(0)
    if not NAMESPACE.exists():
        await check("ip", "netns", "add", NAME, timeout=PACE)
    if (await run("ip", "link", "show", HOST_END, timeout=PACE)).returncode != 0:
        link = ("link", "add", HOST_END, "type", "veth", "peer", "name", GATE_END, "netns", NAME)
        await check("ip", *link, timeout=PACE)
    await batch(
        f"link set {HOST_END} addrgenmode none",
        f"address replace {host_end}/31 dev {HOST_END}",
        f"link set {HOST_END} up",
    )
    await batch(
        "link set lo up",
        f"link set {GATE_END} addrgenmode none",
        f"address replace {gate_end}/31 dev {GATE_END}",
        f"link set {GATE_END} up",
        f"route replace default via {host_end} dev {GATE_END}",
        f"route replace unreachable {settings.addresses}",
        namespace=str(NAMESPACE),
    )
    await batch(f"route replace {settings.addresses} via {gate_end} dev {HOST_END}")
    resolvers = settings.resolvers or host_resolvers()
    await inside("nft", "-f", "-", stdin=rules.gate(settings, await own_networks(), resolvers))
    await check("nft", "-f", "-", timeout=PACE, stdin=rules.host(settings, resolvers).encode())
    await inside("sysctl", "--quiet", "--write", *SWITCHES)
    _begin_forwarding()


async def down() -> None:
    """Remove the gate, every link to it, and what it needed of the host."""
    _end_forwarding()
    await run("nft", "delete", "table", "inet", "lyceum", timeout=PACE)
    if (await run("ip", "link", "show", HOST_END, timeout=PACE)).returncode == 0:
        await check("ip", "link", "delete", HOST_END, timeout=PACE)
    if NAMESPACE.exists():
        await check("ip", "netns", "delete", NAME, timeout=PACE)


async def own_networks() -> list[IPv4Network]:
    """Return the networks that the host itself is in: whoever is in them is its neighbour."""
    shown = (await check("ip", "-json", "-4", "address", "show", timeout=PACE)).stdout
    return [
        IPv4Interface(f"{address['local']}/{address['prefixlen']}").network
        for link in json.loads(shown)
        if link["ifname"] not in {"lo", HOST_END}
        for address in link["addr_info"]
    ]


async def batch(*lines: str, namespace: str = "", program: str = "ip") -> None:
    """Run several commands of ``ip`` or ``tc`` in one go. Raises ``ProgramError`` at the first that fails."""
    script = "".join(f"{line}\n" for line in lines)
    if namespace:
        await inside(program, "-batch", "-", stdin=script, namespace=namespace)
    else:
        await check(program, "-batch", "-", timeout=PACE, stdin=script.encode())


def _begin_forwarding() -> None:
    if not FORWARDED.exists():
        FORWARDED.write_text(IP_FORWARD.read_text())
    IP_FORWARD.write_text("1\n")


def _end_forwarding() -> None:
    if FORWARDED.exists():
        IP_FORWARD.write_text(FORWARDED.read_text())
        FORWARDED.unlink()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()
