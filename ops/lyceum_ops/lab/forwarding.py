"""The two ways through the lab's wall: packages in, by a proxy that knows only the mirrors; the instance out.

Each is a listening socket in one network namespace, handed to systemd-socket-proxyd, which runs in the other.
"""

from __future__ import annotations

import errno
import re
import socket
import time
from pathlib import Path

from lyceum_ops import programs
from lyceum_ops.errors import Failure, die
from lyceum_ops.lab import mirror, network, supervision
from lyceum_ops.lab.definition import GATEWAY, PROXY_PORT, Lab, published_ports, write_file

PROXYD_FOLDERS = ("/usr/lib/systemd", "/lib/systemd")
# Standard input becomes descriptor 3, the first that a program started by a socket looks for. As if started by systemd,
# it hears of no broken pipe: systemd-socket-proxyd would end, for all, when one peer closes while the other sends.
HAND_OVER_SOCKET = 'trap "" PIPE; exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"'
PROXY_UNIT = "packages-proxy"
PROXY_ENTRY_UNIT = "packages-entry"


def start_package_proxy(lab: Lab, source: mirror.Mirror) -> None:
    """Let machines reach the package mirrors through the switch; nothing to do where it already runs."""
    if {PROXY_UNIT, PROXY_ENTRY_UNIT} <= supervision.units(lab.name):
        return
    for unit in (PROXY_UNIT, PROXY_ENTRY_UNIT):
        supervision.clear(lab.name, unit)
    port = network.free_port()
    settings = _write_proxy_settings(lab, source, port)
    log = lab.places.logs / "packages-proxy.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    programs.start([*supervision.enter(lab.name, PROXY_UNIT), "tinyproxy", "-d", "-c", str(settings)], output=log)
    _wait_for_listener(port, log)
    with network.listen(GATEWAY, PROXY_PORT, namespace=lab.places.switch) as entry:
        _start_proxyd(lab, PROXY_ENTRY_UNIT, entry, f"127.0.0.1:{port}", [])


def publish(lab: Lab) -> None:
    """Publish the instance on this host's 127.0.0.1: each port leads to one of the first edge machine."""
    edges = lab.in_group("edge")
    if not edges:
        return
    present = supervision.units(lab.name)
    for outside, inside in lab.published.items():
        unit = f"port-{outside}"
        if unit in present:
            continue
        supervision.clear(lab.name, unit)
        enter = ["nsenter", f"--net={network.NAMESPACES / lab.places.switch}"]
        with _listen_outside(outside) as entry:
            _start_proxyd(lab, unit, entry, f"{edges[0].address}:{inside}", enter)


def withdraw(lab: str) -> None:
    """End everything that publishes a lab or serves it packages."""
    for unit in supervision.units(lab):
        if unit in {PROXY_UNIT, PROXY_ENTRY_UNIT} or unit.startswith("port-"):
            supervision.clear(lab, unit)


def taken_ports(port: int) -> list[int]:
    """Those of the ports to publish at that another program listens on."""
    taken = []
    for number in published_ports(port):
        try:
            network.listen("127.0.0.1", number).close()
        except OSError:
            taken.append(number)
    return taken


def _start_proxyd(lab: Lab, unit: str, entry: socket.socket, target: str, enter: list[str]) -> None:
    program = next((f"{folder}/systemd-socket-proxyd" for folder in PROXYD_FOLDERS if has_proxyd(folder)), None)
    if program is None:
        raise Failure("systemd-socket-proxyd is not installed.", hint="It comes with Debian's package systemd.")
    command = ["sh", "-ec", HAND_OVER_SOCKET, "sh", *enter, program, "--connections-max=8192", target]
    log = lab.places.logs / f"{unit}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    programs.start([*supervision.enter(lab.name, unit), *command], output=log, stdin=entry.fileno())


def has_proxyd(folder: str) -> bool:
    return Path(folder, "systemd-socket-proxyd").is_file()


def _listen_outside(port: int) -> socket.socket:
    try:
        return network.listen("127.0.0.1", port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return die(f"Port {port} of 127.0.0.1 is taken.", hint="Publish elsewhere: --port N (N, N-363 and N-421).")


def _write_proxy_settings(lab: Lab, source: mirror.Mirror, port: int) -> Path:
    names = lab.places.runtime / "packages-proxy.hosts"
    write_file(names, "".join(f"^{re.escape(host)}$\n" for host in source.hosts))
    upstream = mirror.upstream_proxy()
    lines = [
        f"Port {port}",
        "Listen 127.0.0.1",
        "Allow 127.0.0.1",
        "User nobody",
        "Group nogroup",
        "Timeout 60",
        "MaxClients 200",
        "LogLevel Warning",
        f'Filter "{names}"',
        "FilterExtended On",
        "FilterDefaultDeny Yes",
        "ConnectPort 443",
        *([f"Upstream http {upstream}"] if upstream else []),
    ]
    settings = lab.places.runtime / "packages-proxy.conf"
    write_file(settings, "\n".join(lines) + "\n")
    return settings


def _wait_for_listener(port: int, log: Path) -> None:
    """Tinyproxy has no way to say that it is ready, so ask until it answers."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    die("The proxy for packages did not start.", hint=f"What it said: {log}")
