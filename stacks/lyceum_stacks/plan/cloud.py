"""A plan for Google Cloud: the cheapest machines that carry the demand, as a size that can be deployed as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from functools import cache

import msgspec

from lyceum_stacks import configuration, machine_types, offline
from lyceum_stacks.cost import usage as usages
from lyceum_stacks.cost.estimate import Options, estimate
from lyceum_stacks.cost.report import Report
from lyceum_stacks.cost.resources import Resource
from lyceum_stacks.errors import WrongUse
from lyceum_stacks.plan.capacities import Capacities
from lyceum_stacks.plan.demand import Demand
from lyceum_stacks.plan.limits import GROUPS, SPARE, WITHOUT_SPARE, Limit, Machine, limits, needed
from lyceum_stacks.sizes import LEAST_MEMORY, DataDisk, Disk, Group, GroupName, Size

GIBIBYTE = Decimal(2**30) / Decimal(10**6)  # in MB
LARGEST_DISK = 65_536  # GiB; Google's limit for a Persistent Disk
LARGEST_COUNT = 500
PROFILE = "typical"
_STANDARD = tuple(f"e2-standard-{n}" for n in (2, 4, 8, 16))
_N2 = tuple(f"n2-standard-{n}" for n in (2, 4, 8, 16, 32, 48, 64, 80, 96))
_HIGHMEM = tuple(f"n2-highmem-{n}" for n in (2, 4, 8, 16, 32, 48, 64, 80, 96))
#: Which machine types are weighed for a group. N2 for what computes: its processors do not slow down under steady load.
CANDIDATES: Mapping[str, Sequence[str]] = {
    "edge": ("e2-small", "e2-medium", *_STANDARD),
    "hub": _STANDARD,
    "database": (*_STANDARD[:2], *_HIGHMEM[2:]),
    "compute": (*_N2, *_HIGHMEM),
    "storage": _STANDARD,
}
DISKS: Mapping[str, str] = {"database": "pd-ssd", "compute": "pd-balanced", "storage": "pd-standard"}


class Chosen(msgspec.Struct, frozen=True):
    """The machines of a group: `spare` of them are there for the loss of one. `limits`: the tightest first.

    A group that is on another's machines (`on`) counts none of its own.
    """

    group: str
    machine: str
    count: int
    spare: int
    limits: list[Limit]
    disk: int = 0
    on: str = ""

    @property
    def bottleneck(self) -> Limit:
        """What runs out first."""
        return self.limits[0]

    @property
    def words(self) -> str:
        """Why so many."""
        if self.on:
            return f"{self.bottleneck.words()}: it shares the machines of {self.on}"
        without = WITHOUT_SPARE.get(self.group)
        loss = f"{self.spare} more for the loss of one" if self.spare else f"after the loss of one, {without}"
        return f"{self.bottleneck.words()}, so {self.count - self.spare}; {loss}"


def choose(demand: Demand, figures: Capacities, region: str) -> dict[GroupName, Chosen]:
    """The cheapest machines for each group, their people's time counted; raises `WrongUse` if there are none."""
    return {group: _cheapest(group, demand, figures, region) for group in GROUPS}


def size(demand: Demand, figures: Capacities, chosen: Mapping[GroupName, Chosen]) -> Size:
    """The size that a stack is made of."""
    groups: dict[GroupName, Group] = {
        name: Group(
            count=found.count,
            machine_type=found.machine,
            boot_disk=Disk(size=20),
            data_disk=_data_disk(name, found) if found.disk else None,
            reason=found.words,
        )
        for name, found in chosen.items()
    }
    groups["admin"] = Group(count=1, machine_type="e2-small", reason="A place inside the network to deploy from.")
    return Size(
        name="plan",
        weekly_users=demand.weekly_users,
        concurrent_percent=float(figures["people.concurrent"]),
        memory_per_project=int(figures["project.memory"]),
        memory_overcommit=float(figures["compute.overcommit"]),
        zones=3,
        groups=groups,
    )


def price(wanted: Size, region: str, *, alternatives: bool = True) -> Report:
    """What a stack of that size costs a month, by its own program, with the traffic of the typical profile."""
    from lyceum_stacks.program import deploy  # noqa: PLC0415 - the provider takes seconds to import

    settings = configuration.build("plan", {**_EXAMPLE, "region": region, "size": wanted})
    resources = offline.run(
        lambda: deploy(settings), project="lyceum", name="plan",
        config={"gcp:project": settings.project, "gcp:region": region},
    )  # fmt: skip
    usage = msgspec.structs.replace(usages.load(PROFILE), weekly_users=Decimal(wanted.weekly_users))
    return estimate(
        resources, usage, Options(alternatives=alternatives), source=f"{wanted.weekly_users:,} weekly users",
        config={"gcp:region": region},
    )  # fmt: skip


def machine(name: str) -> Machine:
    """What a machine type offers."""
    found = machine_types.find(name)
    return Machine(name, Decimal(str(found.processors)), Decimal(str(found.memory)) * GIBIBYTE, LARGEST_DISK * GIBIBYTE)


@cache
def monthly(name: str, region: str) -> Decimal:
    """What a machine of a type costs a month, without disks."""
    return _known([_resource("instance", "Instance", machineType=name, zone=f"{region}-b")], region)


def outline(wanted: Size, region: str) -> Decimal:
    """What the machines of a size and their disks cost a month: most of `price`, in a thousandth of the time."""
    return sum((group.count * _one(group, region) for group in wanted.groups.values()), Decimal(0))


def _one(group: Group, region: str) -> Decimal:
    """One machine of a group with its disks."""
    disks = _disks_cost(group.boot_disk.type, group.boot_disk.size, replicated=False, region=region)
    if group.data_disk is not None:
        found = group.data_disk
        disks += _disks_cost(found.type, found.size, replicated=found.replicated, region=region)
    return monthly(group.machine_type, region) + disks


@cache
def _disks_cost(kind: str, size: int, *, replicated: bool, region: str) -> Decimal:
    if replicated:
        zones = [f"{region}-b", f"{region}-c"]
        return _known(
            [_resource("regionDisk", "RegionDisk", type=kind, size=size, region=region, replicaZones=zones)], region
        )
    return _known([_resource("disk", "Disk", type=kind, size=size, zone=f"{region}-b")], region)


def _resource(module: str, name: str, **inputs: object) -> Resource:
    kind = f"gcp:compute/{module}:{name}"
    return Resource(urn=f"urn:pulumi:plan::lyceum::{kind}::one", type=kind, inputs=inputs)


def _known(resources: Sequence[Resource], region: str) -> Decimal:
    report = estimate(resources, options=Options(alternatives=False), config={"gcp:region": region})
    if not report.complete:
        missing = report.not_priced[0]
        raise WrongUse(
            f"The price table has no price for what a plan in {region} needs: {missing.why}.",
            hint="Another region (--region), or newer prices: ./lyceum prices refresh --region REGION",
        )
    return report.known


def _cheapest(group: GroupName, demand: Demand, figures: Capacities, region: str) -> Chosen:
    work = figures["work.machine"] * figures["work.rate"]
    best: tuple[Decimal, Chosen] | None = None
    for name in CANDIDATES[group]:
        offered = machine(name)
        if offered.memory < Decimal(LEAST_MEMORY[group]) * GIBIBYTE:
            continue
        found = limits(group, demand, offered, figures)
        count = needed(found)
        most = 1 if group == "database" else LARGEST_COUNT
        if count + SPARE[group] > most:
            continue
        disk = _disk(group, demand, figures, count)
        chosen = Chosen(group, name, count + SPARE[group], SPARE[group], found, disk)
        cost = chosen.count * (monthly(name, region) + work)
        if best is None or cost < best[0]:
            best = (cost, chosen)
    if best is None:
        raise WrongUse(
            f"No machine type of Google Cloud carries the {group} of {demand.weekly_users:,} weekly users.",
            hint="Plan several instances, each for a part of the people.",
        )
    return best[1]


def _disk(group: str, demand: Demand, figures: Capacities, count: int) -> int:
    """The data disk of each machine that is needed, in GiB, with headroom; 0 for none."""
    stored = {
        "database": demand.projects * figures["database.disk"] / 1000,
        "compute": demand.open_disk,
        "storage": demand.copies_disk,
    }.get(group)
    if stored is None:
        return 0
    least = {"database": 20, "compute": 50, "storage": 200}[group]
    wanted = stored / count / figures.part("machine.used") / GIBIBYTE
    return min(LARGEST_DISK, max(least, int((wanted / 10).to_integral_value(ROUND_CEILING)) * 10))


def _data_disk(group: str, chosen: Chosen) -> DataDisk:
    return DataDisk(
        type=DISKS[group],  # type: ignore[arg-type] # one of Google's
        size=chosen.disk,
        replicated=group == "database",
        snapshots=group != "compute",
    )


# What a stack must say that a plan does not know; none of it costs anything.
_EXAMPLE = {
    "project": "example-project",
    "domain": "lyceum.example.org",
    "administrators": ["group:lyceum@example.org"],
    "billing_account": "000000-000000-000000",
    "budget": {"amount": 1000, "emails": ["lyceum@example.org"]},
}
