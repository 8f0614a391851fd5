"""Takes newer prices from Google's catalogue into the table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

import msgspec

from lyceum_stacks.cost import machines
from lyceum_stacks.prices import catalog
from lyceum_stacks.prices.catalog import BINARY, Sku
from lyceum_stacks.prices.table import EVERYWHERE, Price, Table, plain

SOURCE = "billing-catalog"
COMPUTE, STORAGE, DNS, SECRETS, NETWORK = (
    "6F81-5844-456A", "95FF-2EF5-5EA1", "FA26-5236-A6B5", "EE82-7A5E-871C", "E505-1604-58F8",
)  # fmt: skip
SERVICES = (COMPUTE, STORAGE, DNS, SECRETS, NETWORK)
MODELS = {"OnDemand": "on-demand", "Commit1Yr": "commitment-1y", "Commit3Yr": "commitment-3y", "Preemptible": "spot"}
# A disk in "Confidential mode" looks alike, and costs several times as much.
PLACE = r"(?: (?:running )?in (?!.*Confidential).+)?"
# What a series is called in the catalogue.
SERIES = {"n1": "N1 Predefined", "e2": "E2", "n2": "N2", "n2d": "N2D AMD", "t2d": "T2D AMD", "c3": "C3"}
COMMITTED = {**SERIES, "n1": ""}
# Unit of the catalogue: unit of the table, and what a price is multiplied with.
UNITS = {
    "h": ("hour", Decimal(1)), "GiBy.h": ("GiB-hour", Decimal(1)), "GBy.h": ("GiB-hour", BINARY),
    "GiBy.mo": ("GiB-month", Decimal(1)), "GBy.mo": ("GiB-month", BINARY),
    "GiBy": ("GiB", Decimal(1)), "GBy": ("GiB", BINARY),
    "mo": ("IOPS-month", Decimal(1)), "count": ("1,000 operations", Decimal(1000)),
}  # fmt: skip


REGIONAL = "(?!.*(?:Dual|Multi)).+"
INTERNET = "Network Internet Data Transfer Out from .+ to"
# Items whose price is one SKU's, by its description without its place.
PLAIN = {
    "disk/pd-standard": "Storage PD Capacity",
    "disk/pd-ssd": "SSD backed PD Capacity",
    "disk/pd-balanced": "Balanced PD Capacity",
    "disk/pd-extreme": "Extreme PD Capacity",
    "disk/pd-extreme/iops": "Extreme PD IOPS",
    "disk/regional-pd-standard": "Regional Storage PD Capacity",
    "disk/regional-pd-ssd": "Regional SSD backed PD Capacity",
    "disk/regional-pd-balanced": "Regional Balanced PD Capacity",
    "disk/hyperdisk-balanced": "Hyperdisk Balanced Capacity",
    "disk/hyperdisk-balanced/iops": "Hyperdisk Balanced IOPS",
    "disk/hyperdisk-balanced/throughput": "Hyperdisk Balanced Throughput",
    "disk/hyperdisk-extreme": "Hyperdisk Extreme Capacity",
    "disk/hyperdisk-extreme/iops": "Hyperdisk Extreme IOPS",
    "disk/local-ssd": "SSD backed Local Storage",
    "snapshot/standard": "Storage PD Snapshot",
    "image/storage": "Storage Image",
    "address/in-use": "External IP Charge on a Standard VM",
    "address/in-use-spot": "External IP Charge on a Spot Preemptible VM",
    "address/unused": "Static Ip Charge",
    "transfer/inter-zone": "Network Inter Zone Data Transfer Out",
    "egress/premium/worldwide": f"{INTERNET} Americas",
    "egress/premium/china": f"{INTERNET} China",
    "egress/premium/australia": f"{INTERNET} Australia",
    "bucket/standard/storage": f"Standard Storage {REGIONAL}",
    "bucket/nearline/storage": f"Nearline Storage {REGIONAL}",
    "bucket/coldline/storage": f"Coldline Storage {REGIONAL}",
    "bucket/archive/storage": f"Archive Storage {REGIONAL}",
    "secret/version": "Secret version replica storage",
}


class Rule(msgspec.Struct, frozen=True):
    """Which SKU an item's price is. An account's free tiers are left out, unless they are a part of the price."""

    item: str
    pattern: re.Pattern[str]
    usage: str = "OnDemand"
    keeps_free: bool = False


def _rules() -> list[Rule]:
    found = []
    for series, name in SERIES.items():
        for kind, word in (("core", "Core"), ("memory", "Ram")):
            found += [
                Rule(f"family/{series}/{kind}/on-demand", _words(rf"{name} Instance {word}")),
                Rule(
                    f"family/{series}/{kind}/spot", _words(rf"Spot Preemptible {name} Instance {word}"), "Preemptible"
                ),
            ]
        for usage, years in (("Commit1Yr", "1 Year"), ("Commit3Yr", "3 Years?")):
            for kind, word in (("core", "Cpu"), ("memory", "Ram")):
                words = rf"Commitment v1: {COMMITTED[series]} ?{word} in .+ for {years}".replace(":  ?", ": ")
                found.append(Rule(f"family/{series}/{kind}/{MODELS[usage]}", re.compile(words), usage))
    for series, name in (("n1", ""), ("n2", "N2 "), ("n2d", "N2D AMD ")):
        found.append(Rule(f"family/{series}/extended-memory/on-demand", _words(f"{name}Custom Extended Instance Ram")))
    found += [Rule(item, _words(words)) for item, words in PLAIN.items()]
    standard = _words("Network Internet Standard Tier Data Transfer Out from .+")
    return [*found, Rule("egress/standard/worldwide", standard, keeps_free=True)]


def _words(words: str) -> re.Pattern[str]:
    return re.compile(words + PLACE)


RULES = _rules()


class Refreshed(msgspec.Struct, frozen=True):
    """The new rows, what changed in words, and how many rows the catalogue said nothing of."""

    rows: Sequence[Price]
    changes: Sequence[str]
    found: int
    kept: int


def fetch(api_key: str, address: str = catalog.CATALOG) -> list[Sku]:
    """Every SKU of the services that the table has prices of."""
    return [sku for service in SERVICES for sku in catalog.skus(service, api_key, catalog=address)]


def exchange_rate(api_key: str, currency: str, address: str = catalog.CATALOG) -> Decimal | None:
    """Google's own rate for a currency: what it changes its dollar prices at; None where it tells none."""
    for sku in catalog.skus(SECRETS, api_key, catalog=address, currency=currency):
        if sku.latest is not None and sku.latest.currency_conversion_rate != 1:
            return sku.latest.currency_conversion_rate
    return None


def refresh(table: Table, skus: Iterable[Sku], today: date, *, regions: Iterable[str] = ()) -> Refreshed:
    """The table with what the catalogue says now; `regions` are added to those that it has."""
    wanted = {*table.regions, *regions, EVERYWHERE}
    fresh = prices(skus, today, wanted)
    fresh.update(_kept_starts(table, fresh))
    fresh.update(_machines(table, fresh, today))
    # Spot prices and commitments are kept for each machine, not for its parts.
    fresh = {key: row for key, row in fresh.items() if not re.fullmatch(r"family/.+/(?:spot|commitment-.y)", row.item)}
    again = {(row.item, row.region) for row in fresh.values()}
    everywhere = {row.item for row in fresh.values() if row.region == EVERYWHERE}
    kept = [row for row in table.rows if row.item not in everywhere and (row.item, row.region) not in again]
    before = {(row.item, row.region, row.start): row for row in table.rows}
    changes = [
        _change(before.get(key), row)
        for key, row in sorted(fresh.items())
        if key not in before or before[key].usd != row.usd
    ]
    return Refreshed([*kept, *fresh.values()], changes, len(fresh), len(kept))


def prices(skus: Iterable[Sku], today: date, regions: Iterable[str]) -> dict[tuple[str, str, Decimal], Price]:
    """Rows for the SKUs that a rule knows, in the regions that are wanted."""
    found: dict[tuple[str, str, Decimal], Price] = {}
    wanted = frozenset(regions)
    for sku in skus:
        rule = next(
            (
                rule
                for rule in RULES
                if rule.usage == sku.category.usage_type and rule.pattern.fullmatch(sku.description)
            ),
            None,
        )
        if rule is None:
            continue
        for region in sku.regions:
            if region in wanted:
                for row in _rows(rule, sku, region, today):
                    found[row.item, row.region, row.start] = row
    return found


def _rows(rule: Rule, sku: Sku, region: str, today: date) -> list[Price]:
    info = sku.latest
    if info is None or info.pricing_expression.usage_unit not in UNITS:
        return []
    unit, factor = UNITS[info.pricing_expression.usage_unit]
    tiers = sorted(info.pricing_expression.tiered_rates, key=lambda rate: rate.start_usage_amount)
    paid = [rate for rate in tiers if rate.price]
    if not paid:
        return []
    free = not rule.keeps_free and len(paid) < len(tiers)
    return [
        Price(
            rule.item, region, _unit(rule.item, unit),
            Decimal(0) if free and number == 0 else rate.start_usage_amount, rate.price * factor, today, SOURCE,
        )
        for number, rate in enumerate(paid)
    ]  # fmt: skip


def _unit(item: str, unit: str) -> str:
    """The table's word for a unit that the catalogue says less of."""
    if item.startswith("family/"):
        return "vCPU-hour" if "/core/" in item else "GiB-hour"
    if item.endswith("/throughput"):
        return "MiB/s-month"
    return "version-month" if item == "secret/version" else unit


def _kept_starts(table: Table, fresh: dict[tuple[str, str, Decimal], Price]) -> dict[tuple[str, str, Decimal], Price]:
    """What a disk includes of IOPS and throughput is no tier in the catalogue; it stays as the table has it."""
    moved = {}
    for key, row in list(fresh.items()):
        if row.item.startswith("disk/hyperdisk-balanced/"):
            start = next((old.start for old in table.rows if old.item == row.item), row.start)
            del fresh[key]
            moved[row.item, row.region, start] = msgspec.structs.replace(row, start=start)
    return moved


def _machines(
    table: Table, fresh: dict[tuple[str, str, Decimal], Price], today: date
) -> dict[tuple[str, str, Decimal], Price]:
    """Prices of whole machines from those of their vCPUs and memory."""
    found = {}
    names = sorted({row.item.split("/")[1] for row in table.rows if row.item.startswith("machine/")})
    regions = sorted({region for item, region, _ in fresh if item.startswith("family/")})
    zero = Decimal(0)
    for name in names:
        machine = machines.read(name)
        for model in MODELS.values():
            for region in regions:
                core, memory = (
                    fresh.get((f"family/{machine.series}/{kind}/{model}", region, zero)) for kind in ("core", "memory")
                )
                if core is not None and memory is not None:
                    usd = core.usd * machine.cores + memory.usd * machine.memory
                    row = Price(f"machine/{name}/{model}", region, "hour", zero, usd, today, SOURCE)
                    found[row.item, region, zero] = row
    return found


def _change(old: Price | None, new: Price) -> str:
    what = f"{new.item} in {new.region}" + (f" above {plain(new.start)}" if new.start else "")
    return f"{what}: {plain(new.usd)}, new" if old is None else f"{what}: {plain(old.usd)} -> {plain(new.usd)}"
