"""Compute hosts: which there are, how full they are, and emptying one before work on it."""

from __future__ import annotations

from typing import Any

import msgspec

from lyceum_ops.remote import Machines

from . import hub


class Status(msgspec.Struct, frozen=True):
    """What is shown of a host that answers."""

    running: int
    projects: int
    memory_committed: int
    memory_total: int
    disk_available: int
    draining: bool


class Host(msgspec.Struct, frozen=True):
    """A compute host as the hub lists it."""

    host: str
    status: Status | None


def drain(machines: Machines, host: str, *, stop: bool) -> None:
    """Have a host emptied."""
    print(hub.call(machines, "host", "drain", *(["--stop"] if stop else []), "--", host))


def resume(machines: Machines, host: str) -> None:
    """Let a host take projects again."""
    print(hub.call(machines, "host", "resume", "--", host))


def show(machines: Machines) -> None:
    """List all hosts."""
    lines = hub.call(machines, "host", "list").splitlines()
    hosts = [msgspec.json.decode(line, type=Host) for line in lines if line.startswith("{")]
    rows = [("host", "running", "projects", "memory promised", "disk free", ""), *map(_row, hosts)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def _row(one: Host) -> tuple[Any, ...]:
    status = one.status
    if status is None:
        return (one.host, "-", "-", "-", "-", "cannot be reached")
    memory = f"{status.memory_committed} of {status.memory_total} MB"
    return (
        one.host,
        str(status.running),
        str(status.projects),
        memory,
        f"{status.disk_available} MB",
        "being emptied" if status.draining else "",
    )
