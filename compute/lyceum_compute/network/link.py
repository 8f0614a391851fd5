"""The link between one running project and the gate."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import re
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path

from lyceum_compute.daemon.layout import FIRST_UID
from lyceum_compute.programs import ProgramError, check, run

from .addresses import Pool
from .gate import NAMESPACE, PACE, batch, inside
from .rules import PROJECTS
from .settings import Network, NetworkError

LOCK = Path("/run/lyceum/network/lock")
_NAME = re.compile(r"[0-9a-f]{32}")


async def up(settings: Network, name: str) -> None:
    """Connect a running project. Raises ``NetworkError``, ``ProgramError`` or ``OSError``."""
    port = port_of(name)
    with _namespace(name, await _first_process(name)) as namespace, _turn():
        gate_end, own = Pool.of(settings).free(_uid(name), await _taken())
        await _remove(port)
        await batch(
            f"link add {port} type veth peer name eth0 netns {namespace}",
            f"link set {port} addrgenmode none",
            f"address add {gate_end}/31 dev {port}",
            f"link set {port} up",
            namespace=str(NAMESPACE),
        )
        await batch(f"qdisc replace dev {port} root {shape(settings)}", namespace=str(NAMESPACE), program="tc")
        await batch(f"qdisc replace dev eth0 root {shape(settings)}", namespace=namespace, program="tc")
        await batch(
            "link set eth0 addrgenmode none",
            f"address add {own}/31 dev eth0",
            "link set eth0 up",
            f"route add default via {gate_end} dev eth0",
            namespace=namespace,
        )


async def down(name: str) -> None:
    """Disconnect a project, connections under way included; that it is not connected is fine."""
    if NAMESPACE.exists():
        await _remove(port_of(name))


def shape(settings: Network) -> str:
    """Return the queue of a link's one way: no more than the bandwidth, and at most a tenth of a second of it waits."""
    burst = max(int(settings.bandwidth * 1_000_000 / 8 / 100), 16 * 1024)
    return f"tbf rate {round(settings.bandwidth * 1000)}kbit burst {burst} latency 100ms"


def port_of(name: str) -> str:
    """Return the name of the gate's end of a project's link."""
    return f"{PROJECTS}{_uid(name)}"


def _uid(name: str) -> int:
    if not _NAME.fullmatch(name):
        raise NetworkError(f"{name!r} is not a project's name")
    try:
        uid = pwd.getpwnam(name).pw_uid
    except KeyError:
        raise NetworkError(f"project {name} has no user on this host") from None
    if uid < FIRST_UID:
        raise NetworkError(f"project {name} runs as a user of the system ({uid}), and is not connected")
    return uid


async def _first_process(name: str) -> int:
    unit = f"lyceum-project@{name}.service"
    shown = await check("systemctl", "show", "--property=MainPID", "--value", unit, timeout=PACE)
    pid = int(shown.stdout or 0)
    if pid == 0:
        raise NetworkError(f"project {name} is not running")
    return pid


@contextmanager
def _namespace(name: str, pid: int) -> Iterator[str]:
    """Hold the network namespace of a project's first process; gives a path by which programs find it."""
    try:
        process = os.open(f"/proc/{pid}", os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        raise NetworkError(f"project {name} has just ended") from None
    try:
        # Should the process end and its number go to another, this folder stays the ended one's.
        with os.fdopen(os.open("cgroup", os.O_RDONLY, dir_fd=process)) as file:
            if f"/lyceum-project@{name}.service" not in file.read():
                raise NetworkError(f"process {pid} does not belong to project {name}")
        namespace = os.open("ns/net", os.O_RDONLY, dir_fd=process)
    except ProcessLookupError:
        raise NetworkError(f"project {name} has just ended") from None
    finally:
        os.close(process)
    try:
        yield f"/proc/{os.getpid()}/fd/{namespace}"
    finally:
        os.close(namespace)


@contextmanager
def _turn() -> Iterator[None]:
    """Let one project at a time choose its address."""
    with LOCK.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


async def _taken() -> list[IPv4Address]:
    shown = (await inside("ip", "-json", "-4", "address", "show")).stdout
    return [IPv4Address(address["local"]) for link in json.loads(shown) for address in link["addr_info"]]


async def _remove(port: str) -> None:
    removed = await run("nsenter", f"--net={NAMESPACE}", "--", "ip", "link", "delete", port, timeout=PACE)
    if removed.returncode != 0 and "Cannot find device" not in removed.complaint:
        raise ProgramError(removed.argv, removed.complaint, removed)
