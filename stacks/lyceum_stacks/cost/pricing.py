"""What the rules of each kind of resource work with: prices, usage, and what depends on what."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from lyceum_stacks.cost.report import Kind, Line, rounded
from lyceum_stacks.cost.resources import NotPriceable, Resource, known, last_part
from lyceum_stacks.cost.sustained import Use
from lyceum_stacks.cost.usage import ResourceUsage, Usage
from lyceum_stacks.prices.table import Price, Table

# Where a bucket or snapshot stands that is in more than one region, and the same elsewhere.
MULTI_REGIONS = {"us": "us", "northamerica": "us", "europe": "eu", "asia": "asia"}


class Sustained(msgspec.Struct, frozen=True):
    """Machines that get the sustained-use discount, and the lines that it is taken off."""

    urn: str
    series: str
    region: str
    cores: Use
    memory: Use
    lines: Sequence[tuple[Line, Decimal]]


class Pricing:
    """The resources of one stack, and everything that a rule may ask about them."""

    def __init__(
        self, resources: Sequence[Resource], table: Table, usage: Usage, *, region: str, config: Mapping[str, Any]
    ) -> None:
        self.table = table
        self.usage = usage
        self.everything = {resource.urn: resource for resource in resources}
        self.sustained: list[Sustained] = []
        self.notes: list[str] = []
        self.counted: dict[str, Decimal] = {}
        self._region = region
        self._config = config
        self._names: dict[str, list[Resource]] = {}
        self._users: dict[str, list[Resource]] = {}
        for resource in resources:
            for urn in {urn for urns in resource.property_dependencies.values() for urn in urns}:
                self._users.setdefault(urn, []).append(resource)
        self.said: dict[str, ResourceUsage] = {}

    def with_usage(self, usage: Usage) -> Pricing:
        """The same stack, used another way; nothing is counted yet."""
        other = copy.copy(self)
        other.usage, other.sustained, other.notes, other.counted, other.said = usage, [], [], {}, {}
        return other

    # What stands where

    def region(self, resource: Resource) -> str:
        """The region that a regional or zonal resource stands in; raises `NotPriceable` where it is not told."""
        found = resource.text("region") or zone_region(resource.text("zone")) or self._from_provider(resource)
        if not found:
            raise NotPriceable("neither it nor its provider says in which region it stands")
        return self.instead(last_part(found).lower())

    def instead(self, region: str) -> str:
        """The region that was asked for, in place of a resource's own."""
        return self._region or region

    def multi_region(self, location: str) -> str:
        """The multi-region (us, eu, asia) round a region."""
        near = MULTI_REGIONS.get(location.split("-", maxsplit=1)[0])
        if near is None:
            raise NotPriceable(f"the multi-region round {location} is not known")
        return near

    def moved(self, location: str) -> str:
        """A bucket's location, or what stands for it in the region that was asked for."""
        location = location.lower()
        if not self._region:
            return location
        if location in {"us", "eu", "asia"}:
            return self.multi_region(self._region)
        return (
            {"us": "nam4", "eu": "eur4", "asia": "asia1"}[self.multi_region(self._region)]
            if "-" not in location
            else self._region
        )

    def _from_provider(self, resource: Resource) -> str:
        provider = self.everything.get(resource.provider.rsplit("::", 1)[0])
        inputs = provider.inputs if provider is not None else {}
        region = inputs.get("region") or self._config.get("gcp:region") or ""
        zone = inputs.get("zone") or self._config.get("gcp:zone") or ""
        return str(known(region, "the provider's region") or zone_region(str(known(zone, "the provider's zone"))))

    # What belongs together

    def users(self, resource: Resource) -> list[Resource]:
        """The resources with an input that comes from this one."""
        return self._users.get(resource.urn, [])

    def referred(self, resource: Resource, name: str, kinds: Sequence[str]) -> list[Resource]:
        """The resources of some types that an input comes from: by its dependencies, else by its known value."""
        urns = resource.property_dependencies.get(name, ())
        found = [self.everything[urn] for urn in urns if urn in self.everything and self.everything[urn].type in kinds]
        return found or self.named(resource.inputs.get(name), kinds)

    def named(self, value: Any, kinds: Sequence[str]) -> list[Resource]:
        """The resources of some types that a known value links to or names."""
        values = [text.partition("?")[0] for text in _texts(value)]  # a link may say which of a name's resources
        wanted = {value for value in values if value} | {last_part(value) for value in values if "/" in value}
        if not wanted:
            return []
        if not self._names:
            for resource in self.everything.values():
                for name in _known_as(resource):
                    self._names.setdefault(name, []).append(resource)
        found = {one.urn: one for name in sorted(wanted) for one in self._names.get(name, ()) if one.type in kinds}
        return list(found.values())

    # How much it is used

    def usage_of(self, resource: Resource) -> ResourceUsage:
        """What the usage file says of a resource: under its name, else under the first pattern that fits it."""
        found = self.said.get(resource.name)
        if found is None:
            said = self.usage.resources
            fits = (values for pattern, values in said.items() if fnmatchcase(resource.name, pattern))
            found = said.get(resource.name) or next(fits, ResourceUsage())
            self.said[resource.name] = found
        return found

    def per_user(self, name: str) -> Decimal:
        """What all weekly active users bring of something, where their number is known."""
        return Decimal(getattr(self.usage.per_weekly_user, name)) * (self.usage.weekly_users or 0)

    # What it costs

    def tiers(self, item: str, region: str) -> tuple[Price, ...]:
        """The prices of an item; raises `NotPriceable` without one."""
        found = self.table.tiers(item, region)
        if not found:
            raise NotPriceable(f"the table has no price of {item} in {region}")
        return found

    def line(self, what: str, quantity: Decimal, item: str, region: str, kind: Kind = "fixed") -> Line:
        """A line for a quantity at an item's price."""
        return charge(what, quantity, self.tiers(item, region)[0], kind, region)

    def tiered(
        self, what: str, quantity: Decimal, item: str, region: str, kind: Kind, *, before: Decimal = Decimal(0)
    ) -> list[Line]:
        """Lines for a quantity by tiers, after `before` charged to others; below the first tier it is free."""
        tiers = self.tiers(item, region)
        found = []
        for number, tier in enumerate(tiers):
            end = tiers[number + 1].start if number + 1 < len(tiers) else None
            reached = before + quantity if end is None else min(before + quantity, end)
            within = reached - max(tier.start, before)
            if within > 0:
                found.append(
                    charge(
                        f"{what}, above {tier.start:,f} {tier.unit.split('-')[0]}" if tier.start else what,
                        within,
                        tier,
                        kind,
                        region,
                    )
                )
        return found or [charge(what, Decimal(0), tiers[0], kind, region)]

    def count(self, what: str, quantity: Decimal) -> Decimal:
        """Count something that has tiers over the whole stack; returns how much was counted before."""
        before = self.counted.get(what, Decimal(0))
        self.counted[what] = before + quantity
        return before


def charge(what: str, quantity: Decimal, price: Price, kind: Kind = "fixed", region: str = "") -> Line:
    """A line of a quantity at a price."""
    return Line(
        what=what, quantity=quantity, unit=price.unit, unit_price=price.usd, monthly=rounded(quantity * price.usd),
        price_date=price.day, kind=kind, region=region, source=price.source,
    )  # fmt: skip


def zone_region(zone: str) -> str:
    """The region of a zone: europe-west4 of europe-west4-a."""
    return last_part(zone).rsplit("-", 1)[0] if zone else ""


def _known_as(resource: Resource) -> set[str]:
    names = {resource.id, str(resource.outputs.get("selfLink", "")), str(resource.inputs.get("name", ""))}
    return names - {""}


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, Sequence):
        return [text for inner in value for text in _texts(inner)]
    return []
