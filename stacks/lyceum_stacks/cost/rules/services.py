"""Names, secrets, keys and clusters."""

from __future__ import annotations

from decimal import Decimal

from lyceum_stacks.cost.pricing import Pricing
from lyceum_stacks.cost.report import Line
from lyceum_stacks.cost.resources import NotPriceable, Resource

SECRET = "gcp:secretmanager/secret:Secret"  # noqa: S105 - a type of resource
REGIONAL_SECRET = "gcp:secretmanager/regionalSecret:RegionalSecret"  # noqa: S105
KEY = "gcp:kms/cryptoKey:CryptoKey"
TEN_THOUSAND = Decimal(10000)
MILLION = Decimal(1000000)
SECONDS_IN_HOUR = 3600
FREE_VERSIONS = Decimal(6)
FREE_ACCESSES = Decimal(10000)
FREE_ROTATIONS = Decimal(3)


def zone(pricing: Pricing, resource: Resource) -> list[Line]:
    """A managed zone, and the queries that it answers."""
    month = pricing.usage.month_hours
    before = pricing.count("zones", Decimal(1))
    tiers = pricing.tiers("dns/zone", "all")
    tier = next(row for row in reversed(tiers) if row.start <= before)
    found = [pricing.line("managed zone", month, "dns/zone", "all")]
    if tier.start:
        found = pricing.tiered("managed zone", month, "dns/zone", "all", "fixed", before=tier.start)
    said = pricing.usage_of(resource)
    zones = sum(1 for other in pricing.everything.values() if other.type == resource.type)
    queries = said.queries if said.queries is not None else pricing.per_user("dns_queries") / zones
    for what, item, count in (
        ("queries", "dns/queries", queries),
        ("routed queries", "dns/routing-queries", said.routing_queries or Decimal(0)),
    ):
        if count:
            found += pricing.tiered(
                what, count / MILLION, item, "all", "usage", before=pricing.count(item, count / MILLION)
            )
    return found


def secret(pricing: Pricing, resource: Resource) -> list[Line]:
    """A secret itself is free; telling that it is due for rotation is not."""
    period = resource.text("rotation", "rotationPeriod")
    if not period:
        return []
    try:
        seconds = Decimal(period.removesuffix("s"))
    except ArithmeticError:
        seconds = Decimal(0)
    if seconds <= 0:
        raise NotPriceable(f"its rotation period is not a number of seconds: {period}")
    rotations = pricing.usage.month_hours * SECONDS_IN_HOUR / seconds
    return [
        pricing.line(
            "rotations told", _beyond_free(pricing, "rotations", rotations, FREE_ROTATIONS), "secret/rotation", "all"
        )
    ]


def secret_version(pricing: Pricing, resource: Resource) -> list[Line]:
    """A version of a secret, in each place that keeps it; also one that is disabled."""
    places = Decimal(1)
    owners = pricing.referred(resource, "secret", (SECRET, REGIONAL_SECRET))
    replicas = owners[0].get("replication", "userManaged", "replicas") if owners else None
    if isinstance(replicas, list):
        places = Decimal(len(replicas))
    elif not owners and pricing.usage_of(resource).versions is None:
        pricing.notes.append(f"{resource.name} is of a secret outside this stack; it is taken to be kept in one place.")
    said = pricing.usage_of(resource)
    versions = places * (Decimal(1) if said.versions is None else said.versions)
    found = [
        pricing.line(
            "version kept", _beyond_free(pricing, "versions", versions, FREE_VERSIONS), "secret/version", "all"
        )
    ]
    if said.accesses:
        accesses = _beyond_free(pricing, "accesses", said.accesses, FREE_ACCESSES)
        found.append(pricing.line("accesses", accesses / TEN_THOUSAND, "secret/access", "all", "usage"))
    return found


def key(pricing: Pricing, resource: Resource) -> list[Line]:
    """A key, with each version that was made by rotation and not destroyed."""
    _refuse_hardware(resource)
    said = pricing.usage_of(resource)
    first = Decimal(0) if resource.get("skipInitialVersionCreation") is True else Decimal(1)
    versions = first if said.versions is None else said.versions
    found = [pricing.line("active version", versions, "key/version", "all")]
    if said.accesses:
        found.append(pricing.line("operations", said.accesses / TEN_THOUSAND, "key/operations", "all", "usage"))
    return found


def key_version(pricing: Pricing, resource: Resource) -> list[Line]:
    """A version of a key that is made by itself."""
    for owner in pricing.referred(resource, "cryptoKey", (KEY,)):
        _refuse_hardware(owner)
    return [pricing.line("active version", Decimal(1), "key/version", "all")]


def _refuse_hardware(key: Resource) -> None:
    level = key.text("versionTemplate", "protectionLevel")
    if level not in {"", "SOFTWARE"}:
        raise NotPriceable(f"the table has no prices of keys of protection level {level}")


def _beyond_free(pricing: Pricing, what: str, quantity: Decimal, free: Decimal) -> Decimal:
    """What is left of a quantity after the account's free part, where that is to be counted."""
    if not pricing.usage.free_tier:
        return quantity
    return max(Decimal(0), quantity - max(Decimal(0), free - pricing.count(f"free {what}", quantity)))


RULES = {
    "gcp:dns/managedZone:ManagedZone": zone,
    SECRET: secret,
    REGIONAL_SECRET: secret,
    "gcp:secretmanager/secretVersion:SecretVersion": secret_version,
    "gcp:secretmanager/regionalSecretVersion:RegionalSecretVersion": secret_version,
    KEY: key,
    "gcp:kms/cryptoKeyVersion:CryptoKeyVersion": key_version,
}
