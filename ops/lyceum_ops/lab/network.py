"""A lab's network: a namespace with a bridge, and one namespace for each machine. The host's own is never touched."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lyceum_ops import programs
from lyceum_ops.errors import die
from lyceum_ops.lab.definition import GATEWAY, Lab, Machine, Places, hardware_address

NAMESPACES = Path("/run/netns")
BRIDGE = "switch"
CLONE_NEWNET = 0x40000000


def exists(namespace: str) -> bool:
    """Tell whether a network namespace is there."""
    return (NAMESPACES / namespace).exists()


def namespaces(lab: str) -> list[str]:
    """All network namespaces of a lab, its machines' first."""
    prefix = f"lyceum-{lab}"
    found = [path.name for path in NAMESPACES.glob(f"{prefix}*") if path.name == prefix or _is_machine(path, prefix)]
    return sorted(found, key=len, reverse=True)


def make_switch(places: Places) -> None:
    """Make the switch: a bridge in a namespace of its own, with the address of the package proxy."""
    name = places.switch
    _make_namespace(name)
    if not programs.succeeds(["ip", "-n", name, "link", "show", BRIDGE]):
        own = hardware_address(GATEWAY)  # else it is one of its ports', and another one when that is plugged anew
        _ip(name, "link", "add", BRIDGE, "address", own, "type", "bridge", "forward_delay", "0")
    _ip(name, "address", "replace", f"{GATEWAY}/24", "dev", BRIDGE)
    _ip(name, "link", "set", "lo", "up")
    _ip(name, "link", "set", BRIDGE, "up")


def connect(lab: Lab, machine: Machine) -> str:
    """Make a machine's namespace and plug it into the switch; returns the namespace's name."""
    own, port = lab.places.namespace(machine.name), f"m{machine.number}"
    disconnect(lab.places, machine.name)
    _make_namespace(own)
    if programs.succeeds(["ip", "-n", lab.places.switch, "link", "show", port]):
        _ip(lab.places.switch, "link", "delete", port)
    peer = ("peer", "name", "eth0", "address", machine.hardware_address, "netns", own)
    _ip(lab.places.switch, "link", "add", port, "type", "veth", *peer)
    _ip(lab.places.switch, "link", "set", port, "master", BRIDGE, "up")
    _ip(own, "address", "add", f"{machine.address}/24", "dev", "eth0")
    _ip(own, "link", "set", "lo", "up")
    _ip(own, "link", "set", "eth0", "up")
    return own


def disconnect(places: Places, machine: str) -> None:
    """Remove a machine's namespace, and its plug with it."""
    _remove_namespace(places.namespace(machine))


def remove(lab: str) -> None:
    """Remove every namespace of a lab, and the folder of namespaces' mount when the last one is gone."""
    for namespace in namespaces(lab):
        _remove_namespace(namespace)
    if NAMESPACES.is_dir() and not any(NAMESPACES.iterdir()):
        programs.run(["umount", str(NAMESPACES)], check=False)


def processes(lab: str) -> set[int]:
    """Processes that are in a namespace of a lab, wherever they were started: the way of a connection by SSH, say."""
    wanted = set()
    for namespace in namespaces(lab):
        with contextlib.suppress(OSError):
            wanted.add(_identity(NAMESPACES / namespace))
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            if wanted and _identity(folder / "ns" / "net") in wanted:
                found.add(int(folder.name))
    return found


def listen(address: str, port: int, *, namespace: str | None = None) -> socket.socket:
    """Open a listening TCP socket, in another network namespace if one is named."""
    if namespace is None:
        return _open(address, port)
    return within(NAMESPACES / namespace, lambda: _open(address, port))


def within(namespace: Path, make: Callable[[], socket.socket]) -> socket.socket:
    """Make a socket in another network namespace, given by its file. Raises what making it raises.

    A namespace belongs to a thread: a short-lived one enters it and leaves the socket behind.
    """

    def make_there() -> socket.socket:
        _enter(namespace)
        return make()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(make_there).result()


def _identity(path: Path) -> tuple[int, int]:
    """What tells one namespace from another, by whatever path it is reached."""
    status = path.stat()
    return status.st_dev, status.st_ino


def _is_machine(path: Path, prefix: str) -> bool:
    return path.name.startswith(f"{prefix}-")


def _make_namespace(name: str) -> None:
    path = NAMESPACES / name
    if path.exists() and not programs.succeeds(["ip", "netns", "exec", name, "true"]):
        path.unlink()  # an empty file, left when its making was cut short
    if not path.exists():
        programs.run(["ip", "netns", "add", name])


def _remove_namespace(name: str) -> None:
    path = NAMESPACES / name
    if path.exists():
        programs.run(["ip", "netns", "delete", name], check=False)
        path.unlink(missing_ok=True)


def _ip(namespace: str, *arguments: str) -> None:
    programs.run(["ip", "-n", namespace, *arguments])


def _open(address: str, port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((address, port))
        opened.listen(1024)
    except OSError:
        opened.close()
        raise
    return opened


def _enter(namespace: Path) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(namespace, os.O_RDONLY)
    try:
        if library.setns(descriptor, CLONE_NEWNET) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(namespace))
    finally:
        os.close(descriptor)


def free_port() -> int:
    """Find a TCP port of the loopback that nobody uses."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    if not isinstance(number, int):
        die("The kernel gave no port.")
    return number
