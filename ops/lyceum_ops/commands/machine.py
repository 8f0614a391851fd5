"""Commands about one machine: a shell on it, and its journal."""

from __future__ import annotations

import re

from lyceum_ops import programs
from lyceum_ops.commands.status import services_of
from lyceum_ops.errors import UsageFailure
from lyceum_ops.remote import Machines, Remote

UNIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9:_.\\@*-]*")


def shell(machines: Machines, machine: str) -> None:
    """Become a shell on a machine."""
    programs.replace(machines.find(machine).command(terminal=True))


def logs(machines: Machines, machine: str, unit: str, *, lines: int, follow: bool) -> None:
    """Become a view of a machine's journal."""
    if unit and not UNIT.fullmatch(unit):
        raise UsageFailure(f"{unit!r} is no name of a unit.", hint="Example: ./lyceum logs hub1 lyceum-hub@0")
    found = machines.find(machine)
    if unit:
        _check_known(found, unit)
    units = [f"--unit={unit}"] if unit else []
    tail = ["--follow"] if follow else []
    words = ["journalctl", "--no-pager", "--output=short-iso", f"--lines={lines}", *units, *tail]
    programs.replace(found.command(*words))


def _check_known(machine: Remote, unit: str) -> None:
    """Refuse a unit that the machine does not have, and of which its journal knows nothing either."""
    loaded = machine.run("systemctl", "show", "--property=LoadState", "--value", unit, check=False).stdout.split()
    if set(loaded) - {"not-found"}:
        return
    if machine.run("journalctl", "--quiet", "--lines=1", f"--unit={unit}", check=False).stdout:
        return
    there = ", ".join(name.removesuffix(".service") for name in services_of(machine))
    raise UsageFailure(f"There is no unit {unit} on {machine.name}.", hint=f"It has: {there}.")
