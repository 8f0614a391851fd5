"""How many machines of a kind a demand needs: a limit for each thing that can run out, the tightest the bottleneck."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_CEILING, Decimal

import msgspec

from lyceum_stacks.plan.capacities import Capacities
from lyceum_stacks.plan.demand import Demand
from lyceum_stacks.sizes import GroupName

#: PostgreSQL's shared buffers as the role sets them: a quarter of the machine's memory.
BUFFERS = Decimal("0.25")
#: Kinds of which a machine more than needed stands by; the loss of one is then no loss of service.
SPARE: Mapping[str, int] = {"edge": 1, "hub": 1, "database": 0, "compute": 1, "storage": 0}
#: What happens when a machine of the other kinds is lost.
WITHOUT_SPARE: Mapping[str, str] = {
    "database": "its disk has a copy in a second zone, where it starts again in minutes; projects run on meanwhile",
    "storage": "projects run on, and saves and restores wait; its disk is snapshotted daily, and copies go off site",
}


class Machine(msgspec.Struct, frozen=True):
    """What one machine offers: cores, memory in MB (10**6 bytes), the largest data disk in MB."""

    name: str
    cores: Decimal
    memory: Decimal
    disk: Decimal


class Limit(msgspec.Struct, frozen=True):
    """One thing that can run out: how much is needed, and how much of it one machine gives with headroom left."""

    what: str
    needed: Decimal
    each: Decimal
    unit: str

    @property
    def share(self) -> Decimal:
        """Machines that this alone would need, not rounded."""
        return self.needed / self.each

    def words(self) -> str:
        """One line: what is needed, and what a machine carries."""
        needed, each = (measure(value, self.unit) for value in (self.needed, self.each))
        return f"{self.what}: {needed}, one machine carries {each.removesuffix(f' {self.unit}')}"


def limits(group: str, demand: Demand, machine: Machine, figures: Capacities) -> list[Limit]:
    """The limits of a group of machines alike, the tightest first."""
    found = _LIMITS[group](demand, machine, figures)
    return sorted(found, key=lambda limit: limit.share, reverse=True)


def needed(found: Sequence[Limit]) -> int:
    """Machines that carry the demand, at least one."""
    return max(1, *(int(limit.share.to_integral_value(ROUND_CEILING)) for limit in found))


def figure(value: Decimal) -> str:
    """A number for people: three digits that count, thousands apart."""
    if value >= 100 or value == value.to_integral_value():
        return f"{value.to_integral_value(ROUND_CEILING):,}"
    return f"{value:.3g}"


def measure(value: Decimal, unit: str) -> str:
    """A number with its unit; many megabytes as gigabytes or terabytes."""
    for larger, least in (("TB", Decimal(10**6)), ("GB", Decimal(10**4))):
        if unit == "MB" and value >= least:
            return f"{figure(value / (10**6 if larger == 'TB' else 1000))} {larger}"
    return f"{figure(value)} {unit}"


def _edge(demand: Demand, machine: Machine, figures: Capacities) -> list[Limit]:
    used = machine.cores * figures.part("machine.used")
    return [
        Limit("requests", demand.requests, used * figures["edge.requests"], "a second"),
        Limit("traffic", demand.bytes, used * figures["edge.bytes"], "MB a second"),
    ]


def _hub(demand: Demand, machine: Machine, figures: Capacities) -> list[Limit]:
    used = machine.cores * figures.part("machine.used")
    processes = min(machine.cores, machine.memory / (2 * figures["hub.memory"])) * figures.part("machine.used")
    return [
        Limit("connections", Decimal(demand.running), processes * figures["hub.connections"], "open"),
        Limit("operations", demand.operations, used * figures["hub.operations"], "a second"),
        Limit("sign-ins", demand.sign_ins, used * figures["hub.sign_ins"], "a second"),
    ]


def _database(demand: Demand, machine: Machine, figures: Capacities) -> list[Limit]:
    used = figures.part("machine.used")
    rows = demand.projects * figures["database.row_memory"] / 1000
    disk = demand.projects * figures["database.disk"] / 1000
    return [
        Limit("statements", demand.operations, machine.cores * used * figures["database.operations"], "operations/s"),
        Limit("rows in memory", rows, machine.memory * BUFFERS, "MB"),
        Limit("disk", disk, machine.disk * used, "MB"),
    ]


def _compute(demand: Demand, machine: Machine, figures: Capacities) -> list[Limit]:
    used = figures.part("machine.used")
    memory = (machine.memory - figures["compute.reserved"]) * figures["compute.overcommit"]
    idle = demand.running * figures["compute.idle_memory"]
    return [
        Limit("memory promised to projects", demand.memory, max(memory, Decimal(1)), "MB"),
        Limit(
            "memory of projects that idle", idle, max(machine.memory - figures["compute.reserved"], Decimal(1)), "MB"
        ),
        Limit("processors", demand.cores, machine.cores * used, "cores"),
        Limit("running projects", Decimal(demand.running), figures["compute.projects"], "of them"),
        Limit("disk of open projects", demand.open_disk, machine.disk * used, "MB"),
    ]


def _storage(demand: Demand, machine: Machine, figures: Capacities) -> list[Limit]:
    used = figures.part("machine.used")
    return [
        Limit("saves", demand.saves, machine.cores * figures["storage.saves"], "a second"),
        Limit("disk of copies and snapshots", demand.copies_disk, machine.disk * used, "MB"),
    ]


_LIMITS: Mapping[str, Callable[[Demand, Machine, Capacities], list[Limit]]] = {
    "edge": _edge, "hub": _hub, "database": _database, "compute": _compute, "storage": _storage,
}  # fmt: skip
GROUPS: tuple[GroupName, ...] = ("edge", "hub", "database", "compute", "storage")
