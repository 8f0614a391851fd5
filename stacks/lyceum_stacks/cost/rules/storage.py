"""Buckets: what is kept in them, how often it is touched, and what leaves them."""

from __future__ import annotations

from decimal import Decimal

from lyceum_stacks.cost.pricing import Pricing
from lyceum_stacks.cost.report import Line
from lyceum_stacks.cost.resources import NotPriceable, Resource
from lyceum_stacks.cost.rules.disks import FREE_REGIONS

# Older names of a class, that still stand in programs.
CLASSES = {
    "": "standard", "standard": "standard", "regional": "standard", "multi_regional": "standard",
    "nearline": "nearline", "coldline": "coldline", "archive": "archive",
}  # fmt: skip
CONTINENTS = {
    "us": "north-america",
    "northamerica": "north-america",
    "nam4": "north-america",
    "eu": "europe",
    "europe": "europe",
    "eur4": "europe",
    "asia": "apac",
    "australia": "apac",
}
THOUSAND = Decimal(1000)
FREE_GIB = Decimal(5)


def bucket(pricing: Pricing, resource: Resource) -> list[Line]:
    """A bucket: by class and location. Without a usage file it is empty."""
    own = resource.text("storageClass").lower()
    if own not in CLASSES:
        raise NotPriceable(f"there is no storage class {resource.text('storageClass')}")
    kept = CLASSES[own]
    location = _location(pricing, resource)
    said = pricing.usage_of(resource)
    stored = said.storage_gib if said.storage_gib is not None else pricing.per_user("bucket_gib")
    found = []
    for name, amount in (stored if isinstance(stored, dict) else {kept: stored}).items():
        charged = amount
        if pricing.usage.free_tier and name == "standard" and location in FREE_REGIONS:
            charged = max(Decimal(0), amount - max(Decimal(0), FREE_GIB - pricing.count("free bucket", amount)))
        found.append(pricing.line(f"storage, {name}", charged, f"bucket/{name}/storage", location, "usage"))
    place = "multi-regional" if "-" not in location else "regional"
    for name, what in (("class_a_operations", "class-a"), ("class_b_operations", "class-b")):
        counted = getattr(said, name)
        counted = pricing.per_user(name) if counted is None else counted
        if counted:
            found.append(
                pricing.line(
                    f"operations, {what.replace('-a', ' A').replace('-b', ' B')}",
                    counted / THOUSAND,
                    f"bucket/{kept}/{what}",
                    place,
                    "usage",
                )
            )
    if said.retrieval_gib and kept != "standard":
        region = origin(pricing, resource)
        found.append(pricing.line("retrieval", said.retrieval_gib, f"bucket/{kept}/retrieval", region, "usage"))
    for there, amount in (said.transfer_gib or {}).items():
        found.append(_transfer(pricing, location, there, amount))
    return found


def origin(pricing: Pricing, resource: Resource) -> str:
    """The region that a bucket's bytes leave from: its own, or one of those that it spans."""
    location = _location(pricing, resource)
    return location if "-" in location else _near(pricing, location)


def _location(pricing: Pricing, resource: Resource) -> str:
    location = resource.text("location")
    if not location:
        raise NotPriceable("it does not say its location")
    places = resource.get("customPlacementConfig", "dataLocations")
    if places:
        pair = frozenset(str(place).lower() for place in places)
        known = {frozenset({"europe-north1", "europe-west4"}): "eur4", frozenset({"us-central1", "us-east1"}): "nam4"}
        if pair not in known:
            raise NotPriceable(f"the table has no price of a bucket in both {' and '.join(sorted(pair))}")
        location = known[pair]
    return pricing.moved(location)


def _near(pricing: Pricing, location: str) -> str:
    """A region that stands for a multi-region's: prices of retrieval are the same in all of them."""
    return min(pricing.table.regions, key=lambda region: (_continent(region) != _continent(location), region))


def _transfer(pricing: Pricing, location: str, there: str, amount: Decimal) -> Line:
    here = _continent(location)
    for item in (f"bucket/transfer/{here}/{there}", f"bucket/transfer/{there}/{here}"):
        if item in pricing.table.items:
            return pricing.line(f"transfer to {there}", amount, item, "all", "usage")
    raise NotPriceable(f"the table has no price of transfer from {here} to {there}")


def _continent(location: str) -> str:
    return CONTINENTS.get(location, CONTINENTS.get(location.split("-", maxsplit=1)[0], location))


RULES = {"gcp:storage/bucket:Bucket": bucket}
