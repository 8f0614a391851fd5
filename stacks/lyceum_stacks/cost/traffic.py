"""What leaves the machines: to the internet, by where from and where to, and to other zones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from lyceum_stacks.cost.pricing import Pricing
from lyceum_stacks.cost.report import ZERO, Item, Line, Unpriced
from lyceum_stacks.cost.resources import NotPriceable, Resource
from lyceum_stacks.cost.rules import storage
from lyceum_stacks.cost.usage import Destination

EGRESS = "usage:egress"
INTER_ZONE = "usage:inter-zone"
PLACES = {
    "worldwide": "the Americas and the rest of the world",
    "europe": "Europe, the Middle East and Africa",
    "china": "China",
    "australia": "Australia",
}
FREE_GIB = Decimal(1)


def items(pricing: Pricing, region: str) -> tuple[list[Item], list[Unpriced]]:
    """Traffic as entries of their own: tiers count over a whole account, not for a machine.

    `region` is where traffic leaves from that the usage file says of no resource.
    """
    found: list[Item] = []
    missing: list[Unpriced] = []
    for (origin, there), amount in _amounts(pricing, region).items():
        name = f"egress from {origin or 'an unknown region'} to {there}"
        try:
            lines = _egress(pricing, origin, there, amount)
        except NotPriceable as error:
            missing.append(Unpriced(name, EGRESS, error.why))
        else:
            found.append(_item(name, EGRESS, lines))
    between = pricing.usage.inter_zone_gib + pricing.per_user("inter_zone_gib")
    if between:
        line = pricing.line("between zones of a region", between, "transfer/inter-zone", region or "all", "usage")
        found.append(_item("traffic between zones", INTER_ZONE, [line]))
    return found, missing


def main_region(regions: Counter[str]) -> str:
    """Where most of a stack stands."""
    return min(regions, key=lambda region: (-regions[region], region)) if regions else ""


def _amounts(pricing: Pricing, region: str) -> dict[tuple[str, Destination], Decimal]:
    amounts: dict[tuple[str, Destination], Decimal] = {}

    def add(origin: str, given: Decimal | dict[Destination, Decimal]) -> None:
        places: dict[Destination, Decimal] = given if isinstance(given, dict) else {"worldwide": given}
        for there, amount in places.items():
            if amount:
                amounts[origin, there] = amounts.get((origin, there), ZERO) + amount

    add(region, pricing.usage.egress_gib)
    add(region, pricing.per_user("egress_gib"))
    for resource in pricing.everything.values():
        said = pricing.usage_of(resource).egress_gib
        if said is not None:
            add(_origin(pricing, resource, region), said)
    return amounts


def _origin(pricing: Pricing, resource: Resource, region: str) -> str:
    """Where traffic of a resource leaves from; the stack's main region where that is not told."""
    try:
        return storage.origin(pricing, resource) if resource.type in storage.RULES else pricing.region(resource)
    except NotPriceable:
        return region


def _egress(pricing: Pricing, origin: str, there: Destination, amount: Decimal) -> list[Line]:
    if not origin:
        raise NotPriceable("nothing in the stack says in which region it stands")
    tier = pricing.usage.egress_tier
    item = f"egress/{tier}/{there}"
    if tier == "standard" or (there == "europe" and not pricing.table.tiers(item, origin)):
        item = f"egress/{tier}/worldwide"  # only premium traffic, and only from some regions, is priced apart
    if pricing.usage.free_tier and tier == "premium":
        amount = max(ZERO, amount - max(ZERO, FREE_GIB - pricing.count("free egress", amount)))
    before = pricing.count(f"{item} from {origin}", amount) if tier == "standard" else ZERO
    return pricing.tiered(f"to {PLACES[there]}, {tier} tier", amount, item, origin, "usage", before=before)


def _item(name: str, kind: str, lines: Sequence[Line]) -> Item:
    return Item(name, kind, sum((line.monthly for line in lines), ZERO), lines, component="traffic")
