"""Machine types of Compute Engine: what a name means in vCPUs and memory, and what an hour of it costs.

Sizes: cloud.google.com/compute/docs/machine-resource. A shared-core E2 type shows two vCPUs and is billed as part of
one.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from typing import Literal

import msgspec

from lyceum_stacks.cost.resources import NotPriceable
from lyceum_stacks.prices.table import Price, Table

Model = Literal["on-demand", "commitment-1y", "commitment-3y", "spot"]

# GiB of memory for each vCPU, and the numbers of vCPUs that there are.
SHAPES: dict[str, dict[str, tuple[str, str]]] = {
    "e2": {"standard": ("4", "2 4 8 16 32"), "highmem": ("8", "2 4 8 16"), "highcpu": ("1", "2 4 8 16 32")},
    "n1": {
        "standard": ("3.75", "1 2 4 8 16 32 64 96"),
        "highmem": ("6.5", "2 4 8 16 32 64 96"),
        "highcpu": ("0.9", "2 4 8 16 32 64 96"),
    },
    "n2": {
        "standard": ("4", "2 4 8 16 32 48 64 80 96 128"),
        "highmem": ("8", "2 4 8 16 32 48 64 80 96"),
        "highcpu": ("1", "2 4 8 16 32 48 64 80 96"),
    },
    "n2d": {
        "standard": ("4", "2 4 8 16 32 48 64 80 96 128 224"),
        "highmem": ("8", "2 4 8 16 32 48 64 80 96"),
        "highcpu": ("1", "2 4 8 16 32 48 64 80 96 128 224"),
    },
    "t2d": {"standard": ("4", "1 2 4 8 16 32 48 60")},
    "c3": {
        "standard": ("4", "4 8 22 44 88 176"),
        "highmem": ("8", "4 8 22 44 88 176"),
        "highcpu": ("2", "4 8 22 44 88 176"),
    },
}
SHARED = {"e2-micro": ("0.25", "1"), "e2-small": ("0.5", "2"), "e2-medium": ("1", "4")}
CUSTOM_SHARED = {"micro": "0.25", "small": "0.5", "medium": "1"}
LARGEST = {"n2-highmem-128": ("128", "864")}
# Series that exist, and that the table has no price of.
OTHER_SERIES = frozenset({
    "a2", "a3", "a4", "c2", "c2d", "c3d", "c4", "c4a", "c4d", "f1", "g1", "g2", "h3", "h4d",
    "m1", "m2", "m3", "m4", "n4", "n4a", "n4d", "t2a", "x4", "z3",
})  # fmt: skip
# Forms of known series, with local disks of their own or without a hypervisor, that the table has no price of.
OTHER_FORMS = ("-lssd", "-metal")
# Only these series can be made to measure here, with so many GiB for each vCPU before memory counts as extended.
CUSTOM_LIMITS = {"n1": "6.5", "n2": "8", "n2d": "8", "e2": "8"}
CUSTOM_PREMIUM = Decimal("1.05")
CUSTOM = re.compile(
    r"(?:(?P<series>[a-z0-9]+)-)?custom-(?P<cores>\d{1,3}|micro|small|medium)-(?P<megabytes>\d{1,8})(?P<ext>-ext)?"
)
PREDEFINED = re.compile(r"(?P<series>[a-z]\d[a-z]?)-(?P<shape>[a-z]+)-(?P<cores>\d{1,3})")


class Machine(msgspec.Struct, frozen=True):
    """A machine type: vCPUs as billed, memory in GiB, of which `extended` is beyond what its vCPUs allow."""

    name: str
    series: str
    cores: Decimal
    memory: Decimal
    extended: Decimal = Decimal(0)
    custom: bool = False


class Part(msgspec.Struct, frozen=True):
    """What is charged for each hour of one machine: so many units at a price. `core_share` of it is for vCPUs."""

    what: str
    units: Decimal
    unit: str
    price: Decimal
    day: date
    source: str
    core_share: Decimal


@cache
def read(name: str) -> Machine:
    """What a machine type is; raises `NotPriceable` for one that does not exist."""
    if name in SHARED:
        part, gibibytes = SHARED[name]
        return Machine(name, "e2", Decimal(part), Decimal(gibibytes))
    if name in LARGEST:
        size, gibibytes = LARGEST[name]
        return Machine(name, name.split("-", maxsplit=1)[0], Decimal(size), Decimal(gibibytes))
    if (found := CUSTOM.fullmatch(name)) is not None:
        return _custom(name, found)
    found = PREDEFINED.fullmatch(name)
    shape = SHAPES.get(found["series"], {}).get(found["shape"]) if found else None
    if found is None or shape is None or found["cores"] not in shape[1].split():
        raise NotPriceable(_stranger(name))
    cores = Decimal(found["cores"])
    return Machine(name, found["series"], cores, cores * Decimal(shape[0]))


def parts(machine: Machine, table: Table, region: str, model: Model) -> list[Part]:
    """What an hour of a machine is made of; raises `NotPriceable` where the table lacks a price."""
    if not machine.custom and (row := table.price(f"machine/{machine.name}/{model}", region)) is not None:
        return [
            Part(machine.name, Decimal(1), "hour", row.usd, row.day, row.source, _core_share(machine, table, region))
        ]
    factor = _factor(machine, table, region, model)
    core, memory = (_unit(machine, table, region, kind) for kind in ("core", "memory"))
    premium = CUSTOM_PREMIUM if machine.custom else Decimal(1)
    found = [
        _part("vCPU", machine.cores, core, factor, premium),
        _part("memory", machine.memory - machine.extended, memory, factor, premium),
    ]
    if machine.extended:
        extended = _unit(machine, table, region, "extended-memory")
        found.append(_part("extended memory", machine.extended, extended, factor, Decimal(1)))
    return found


def known_names() -> list[str]:
    """Every predefined machine type that is known by size."""
    return [
        *SHARED,
        *LARGEST,
        *(
            f"{series}-{shape}-{cores}"
            for series, shapes in SHAPES.items()
            for shape, (_, sizes) in shapes.items()
            for cores in sizes.split()
        ),
    ]


def _custom(name: str, found: re.Match[str]) -> Machine:
    series = found["series"] or "n1"
    if series not in CUSTOM_LIMITS or (found["cores"] in CUSTOM_SHARED and series != "e2"):
        raise NotPriceable(_stranger(name))
    cores = Decimal(CUSTOM_SHARED.get(found["cores"], found["cores"]))
    visible = Decimal(2) if found["cores"] in CUSTOM_SHARED else cores
    memory = Decimal(found["megabytes"]) / 1024
    if not cores or not memory:
        raise NotPriceable(f"there is no machine type {name}: it has no vCPU or no memory")
    within = min(memory, visible * Decimal(CUSTOM_LIMITS[series]))
    if memory > within and not found["ext"]:
        raise NotPriceable(
            f"the machine type {name} asks for more than {within} GiB of memory, which needs -ext at its end"
        )
    return Machine(name, series, cores, memory, extended=memory - within, custom=True)


def _stranger(name: str) -> str:
    series = name.split("-", maxsplit=1)[0]
    if series in OTHER_SERIES or name.endswith(OTHER_FORMS):
        series = f"{series} {name.rsplit('-', 1)[-1]}" if name.endswith(OTHER_FORMS) else series
        return f"the table has no prices of {series} machines ({name})"
    near = get_close_matches(name, known_names(), n=1)
    return f"there is no machine type {name}" + (f"; {near[0]} is near" if near else "")


def _unit(machine: Machine, table: Table, region: str, kind: str) -> Price:
    row = table.price(f"family/{machine.series}/{kind}/on-demand", region)
    if row is None and machine.series == "t2d":  # one shape only, so a vCPU stands for its memory too
        row = _per_core(table, region, kind)
    if row is None:
        what = kind.replace("-", " ")
        raise NotPriceable(
            f"the table has no price of the {what} of {machine.series} machines in {region} ({machine.name})"
        )
    return row


def _per_core(table: Table, region: str, kind: str) -> Price | None:
    row = table.price("machine/t2d-standard-4/on-demand", region)
    if row is None:
        return None
    return msgspec.structs.replace(
        row, unit=f"{'vCPU' if kind == 'core' else 'GiB'}-hour", usd=row.usd / 4 if kind == "core" else Decimal(0)
    )


def _factor(machine: Machine, table: Table, region: str, model: Model) -> Price | None:
    """How a model's price stands to that on demand: the same for every shape of a series, to 0.01 %."""
    if model == "on-demand":
        return None
    reference = f"machine/{machine.series}-standard-4"
    ours, on_demand = (table.price(f"{reference}/{wanted}", region) for wanted in (model, "on-demand"))
    if ours is None or on_demand is None:
        words = model.replace("commitment-", "commitment of ").replace("y", " year").replace("spot", "spot price")
        raise NotPriceable(f"the table has no {words} of {machine.series} machines in {region} ({machine.name})")
    return msgspec.structs.replace(ours, usd=ours.usd / on_demand.usd)


def _core_share(machine: Machine, table: Table, region: str) -> Decimal:
    core, memory = (table.price(f"family/{machine.series}/{kind}/on-demand", region) for kind in ("core", "memory"))
    if core is None or memory is None:
        return Decimal(1)
    ours = core.usd * machine.cores
    return ours / (ours + memory.usd * machine.memory)


def _part(what: str, units: Decimal, row: Price, factor: Price | None, premium: Decimal) -> Part:
    price = row.usd * premium * (factor.usd if factor else 1)
    day = min(row.day, factor.day) if factor else row.day
    return Part(what, units, row.unit, price, day, (factor or row).source, Decimal(1 if what == "vCPU" else 0))
