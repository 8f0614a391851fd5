"""Which TCP ports the project's programs listen on, as the kernel lists them for the project's own network."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator
from contextlib import suppress

from lyceum_compute.protocol.messages import ListPortsResult, Port

MAX_LISTED = 1000
#: Descriptors that are looked at to find out whose a socket is.
MAX_LOOKED_AT = 20_000

_LISTEN = "0A"


def list_ports(proc: str = "/proc") -> ListPortsResult:
    """Return the ports. ``proc``: where the kernel's lists are."""
    found = {}
    for table in ("tcp", "tcp6"):
        for address, port, inode in _listening(f"{proc}/net/{table}"):
            found[port, address] = inode
    ports = sorted(found)[:MAX_LISTED]
    programs = _programs(proc, {found[key] for key in ports})
    return ListPortsResult(
        ports=[Port(port=port, address=address, program=programs.get(found[port, address])) for port, address in ports]
    )


def _listening(table: str) -> Iterator[tuple[str, int, str]]:
    """Yield address, port and inode of each listening socket in one of the kernel's tables (``man 5 proc_net``)."""
    with suppress(FileNotFoundError), open(table, encoding="ascii") as lines:  # noqa: PTH123 no pathlib
        next(lines, None)
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTEN:
                address, _, port = fields[1].partition(":")
                yield _address(address), int(port, 16), fields[9]


def _address(hexadecimal: str) -> str:
    """Return an address that the kernel wrote as 32-bit words in the machine's own order."""
    raw = bytes.fromhex(hexadecimal)
    words = (raw[place : place + 4][::-1] for place in range(0, len(raw), 4))
    return str(ipaddress.ip_address(b"".join(words)))


def _programs(proc: str, inodes: set[str]) -> dict[str, str]:
    """Return the name of the program that has each socket, as far as they are to be seen."""
    found: dict[str, str] = {}
    left = MAX_LOOKED_AT
    for pid in filter(str.isdigit, os.listdir(proc)):  # noqa: PTH208 no pathlib
        with suppress(OSError):  # ended meanwhile, or another user's
            for descriptor in os.listdir(f"{proc}/{pid}/fd"):  # noqa: PTH208 no pathlib
                left -= 1
                target = os.readlink(f"{proc}/{pid}/fd/{descriptor}")  # noqa: PTH115 no pathlib
                inode = target[len("socket:[") : -1]
                if target.startswith("socket:[") and inode in inodes:
                    found.setdefault(inode, _name(proc, pid))
        if left < 0 or len(found) == len(inodes):
            break
    return found


def _name(proc: str, pid: str) -> str:
    with open(f"{proc}/{pid}/comm", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 no pathlib
        return file.read(64).rstrip("\n")
