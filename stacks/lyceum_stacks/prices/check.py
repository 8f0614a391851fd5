"""What a price table must be before anything is priced with it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from lyceum_stacks.cost import machines
from lyceum_stacks.cost.resources import NotPriceable
from lyceum_stacks.prices.table import Price, Table

ITEM = re.compile(r"[a-z0-9-]+(?:/[A-Za-z0-9-]+)+")
REGION = re.compile(r"[a-z]+(?:-[a-z]+)*\d{0,2}")
UNITS = frozenset({
    "hour", "VM-hour", "rule-hour", "zone-hour", "vCPU-hour", "GiB-hour", "GiB-month", "IOPS-month", "MiB/s-month",
    "GiB", "version-month", "rotation", "million queries", "1,000 operations", "10,000 operations", "multiplier",
})  # fmt: skip
EXCHANGE = re.compile(r"[A-Z]{3} per USD")
OLDEST = date(2020, 1, 1)
MODELS = ("on-demand", "commitment-1y", "commitment-3y", "spot")
# How far a machine's own price may be from that of its vCPUs and memory together: rounding, nothing more.
TOLERANCE = Decimal("0.001")


def problems(table: Table, today: date, sources: Collection[str]) -> list[str]:
    """Everything that is wrong with a table, one line each; empty if it is fit to be used."""
    found = [problem for row in table.rows for problem in _row(row, today, sources)]
    found += _twice(table)
    found += [problem for item in sorted(table.items) for problem in _tiers(table, item)]
    found += [
        problem for item in sorted(table.items) if item.startswith("machine/") for problem in _machine(table, item)
    ]
    if not table.regions:
        found.append("no machine has a price in any region")
    return found


def _row(row: Price, today: date, sources: Collection[str]) -> Iterator[str]:
    where = f"{row.item} in {row.region}"
    if not ITEM.fullmatch(row.item):
        yield f"{where}: this is not the name of an item"
    if not REGION.fullmatch(row.region):
        yield f"{where}: this is not the name of a region"
    if row.unit not in UNITS and not EXCHANGE.fullmatch(row.unit):
        yield f"{where}: there is no unit {row.unit!r}"
    if not row.usd.is_finite() or row.usd < 0 or row.usd > 10_000:
        yield f"{where}: {row.usd} is not a price"
    if not row.start.is_finite() or row.start < 0:
        yield f"{where}: a tier cannot begin at {row.start}"
    if row.usd == 0:
        yield f"{where}: what is free is no row of the table"
    if not OLDEST <= row.day <= today + timedelta(days=1):
        yield f"{where}: its date, {row.day}, cannot be"
    if row.source not in sources:
        yield f"{where}: there is no source {row.source!r} in sources.csv"


def _twice(table: Table) -> list[str]:
    counts = Counter((row.item, row.region, row.start) for row in table.rows)
    return [
        f"{item} in {region}: {count} rows for the tier from {start}"
        for (item, region, start), count in counts.items()
        if count > 1
    ]


def _tiers(table: Table, item: str) -> Iterator[str]:
    for region in sorted({row.region for row in table.rows if row.item == item}):
        tiers = table.tiers(item, region)
        if len({row.unit for row in tiers}) > 1:
            yield f"{item} in {region}: its tiers have different units"
        if item.startswith("sustained-use/"):
            if tiers[0].start or any(not 0 < row.usd <= 1 for row in tiers):
                yield f"{item}: its multipliers begin at 0 and are parts of 1"
            if any(later.usd >= earlier.usd for earlier, later in pairwise(tiers)):
                yield f"{item}: a later part of the month is not cheaper"


def _machine(table: Table, item: str) -> Iterator[str]:
    _, name, model = item.split("/", 2)
    if model not in MODELS:
        yield f"{item}: there is no way {model!r} to buy a machine"
        return
    try:
        machine = machines.read(name)
    except NotPriceable as error:
        yield f"{item}: {error.why}"
        return
    for region in sorted(table.regions):
        row, full = table.price(item, region), table.price(f"machine/{name}/on-demand", region)
        if row is None or full is None:
            continue
        if model != "on-demand" and row.usd >= full.usd:
            yield f"{item} in {region}: {row.usd} an hour is not less than on demand ({full.usd})"
        core, memory = (table.price(f"family/{machine.series}/{kind}/on-demand", region) for kind in ("core", "memory"))
        if model == "on-demand" and core is not None and memory is not None:
            together = core.usd * machine.cores + memory.usd * machine.memory
            if abs(together - row.usd) > TOLERANCE * row.usd:
                yield f"{item} in {region}: {row.usd} an hour, but its vCPUs and memory cost {together}"
