"""From the resources of a stack to its report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from lyceum_stacks.cost import sustained, traffic
from lyceum_stacks.cost.pricing import Pricing, Sustained
from lyceum_stacks.cost.report import ZERO, Alternative, Exchange, Item, Line, Report, Unpriced, rounded
from lyceum_stacks.cost.resources import NotPriceable, Resource
from lyceum_stacks.cost.rules import MACHINES, RULES, why_free
from lyceum_stacks.cost.usage import ResourceUsage, Usage
from lyceum_stacks.cost.usage import Sustained as SustainedUse
from lyceum_stacks.errors import StackError, WrongUse
from lyceum_stacks.prices import table as tables
from lyceum_stacks.regions import REGIONS

GOOGLE = "gcp:"
STACK = "pulumi:pulumi:Stack"
DOLLAR = "USD"
# How a stack's machines can be bought, and what that changes of its usage.
WAYS: Mapping[str, Mapping[str, Any]] = {
    "on demand, no discount": {"commitment": "none", "sustained_use": "none", "preemptible_share": ZERO},
    "on demand, sustained use": {"commitment": "none", "preemptible_share": ZERO},
    "commitment of 1 year": {"commitment": "1y", "preemptible_share": ZERO},
    "commitment of 3 years": {"commitment": "3y", "preemptible_share": ZERO},
    "spot": {"commitment": "none", "preemptible_share": Decimal(1)},
}


class Options(msgspec.Struct, frozen=True):
    """How to price: as if in another region, in another currency, from another table."""

    region: str = ""
    currency: str = DOLLAR
    exchange_rate: Decimal | None = None
    table: tables.Table | None = None
    alternatives: bool = True
    # Whether a name in the usage that no resource has is a mistake.
    strict_names: bool = True


def estimate(
    resources: Sequence[Resource],
    usage: Usage | None = None,
    options: Options | None = None,
    *,
    source: str = "",
    config: Mapping[str, Any] | None = None,
    unlisted: int = 0,
    notes: Sequence[str] = (),
) -> Report:
    """Price the resources of a stack for a month.

    `config` is the stack's configuration, for the region of its provider; `unlisted` counts resources that exist but of
    which nothing is known: then there is no total. Raises `WrongUse` for an unknown region or currency, and
    `StackError` where the usage names what is not in the stack.
    """
    usage, options = usage or Usage(), options or Options()
    table = options.table or tables.load()
    _refuse_unknown_region(options.region, table)
    exchange = exchange_to(options, table)
    if options.strict_names:
        _refuse_strangers(usage, resources)
    pricing = Pricing(resources, table, usage, region=options.region, config=config or {})
    items, missing = price(pricing)
    days = [line.price_date for item in items for line in item.lines]
    report = Report(
        source=source,
        currency=options.currency,
        total=None if unlisted else sum((item.monthly for item in items), ZERO),
        resources=items,
        not_priced=missing,
        prices_oldest=min(days, default=None),
        prices_newest=max(days, default=None),
        exchange=exchange,
        region=options.region,
        unlisted=unlisted,
        projects=usage.projects,
        weekly_users=usage.weekly_users,
        alternatives=() if unlisted or not options.alternatives else _alternatives(pricing, items),
        notes=[*notes, *dict.fromkeys(pricing.notes)],
    )
    return report if exchange is None else changed(report, exchange)


def price(pricing: Pricing) -> tuple[list[Item], list[Unpriced]]:
    """Every resource as an item, or as one that has no price; then what is reckoned over all of them."""
    items, missing = _priced(pricing, [resource for resource in pricing.everything.values() if resource.custom])
    regions = Counter(line.region for item in items for line in item.lines if line.region in pricing.table.regions)
    passing, unknown = traffic.items(pricing, traffic.main_region(regions))
    return [*items, *passing], [*missing, *unknown]


def _priced(pricing: Pricing, resources: Iterable[Resource]) -> tuple[list[Item], list[Unpriced]]:
    items: list[Item] = []
    missing: list[Unpriced] = []
    for resource in resources:
        try:
            items.append(_item(pricing, resource))
        except NotPriceable as error:
            missing.append(Unpriced(resource.name, resource.type, error.why, resource.urn))
        except (TypeError, AttributeError, ValueError, ArithmeticError, RecursionError):
            why = "its inputs are of a shape that is not known here"
            missing.append(Unpriced(resource.name, resource.type, why, resource.urn))
    return _with_discounts(pricing, items), missing


def component(pricing: Pricing, resource: Resource) -> str:
    """The outermost component that a resource belongs to; "" where it belongs to none."""
    found, at = "", resource.parent
    for _ in range(100):  # parents that go round in a circle end too
        above = pricing.everything.get(at)
        if above is None or above.type == STACK:
            break
        found, at = above.name, above.parent
    return found


def exchange_to(options: Options, table: tables.Table) -> Exchange | None:
    """The rate for the currency that was asked for: the one given, else the table's; None for dollars."""
    if options.currency == DOLLAR and options.exchange_rate is None:
        return None
    if options.exchange_rate is not None:
        return Exchange(options.currency, options.exchange_rate, None, "given")
    row = table.price(f"exchange/{options.currency}", tables.EVERYWHERE)
    if row is None:
        raise WrongUse(
            f"There is no exchange rate for {options.currency!r} in the table.",
            hint=f"It has {', '.join(table.currencies())}; or give --exchange-rate, in {options.currency} per dollar.",
        )
    return Exchange(options.currency, row.usd, row.day, row.source)


def changed(report: Report, exchange: Exchange) -> Report:
    """A report in another currency."""
    rate = exchange.rate
    items = []
    for item in report.resources:
        lines = [
            msgspec.structs.replace(
                line, unit_price=line.unit_price * rate, monthly=rounded(line.quantity * line.unit_price * rate)
            )
            for line in item.lines
        ]
        items.append(msgspec.structs.replace(item, lines=lines, monthly=sum((line.monthly for line in lines), ZERO)))
    total = None if report.total is None else sum((item.monthly for item in items), ZERO)
    others = [Alternative(other.model, rounded(other.total * rate)) for other in report.alternatives]
    return msgspec.structs.replace(report, resources=items, total=total, alternatives=others)


def _item(pricing: Pricing, resource: Resource) -> Item:
    rule = RULES.get(resource.type)
    lines = list(rule(pricing, resource)) if rule is not None else []
    why = "" if lines else why_free(resource.type) if rule is None else "it costs nothing as it is set up"
    if rule is None and not why:
        raise NotPriceable(
            f"the prices of {resource.type} are not known here"
            if resource.type.startswith(GOOGLE)
            else "it is not of Google Cloud's provider (gcp), whose prices alone are known here"
        )
    return Item(
        resource.name, resource.type, sum((line.monthly for line in lines), ZERO), lines,
        component=component(pricing, resource), urn=resource.urn, free=why,
    )  # fmt: skip


def _with_discounts(pricing: Pricing, items: Sequence[Item]) -> list[Item]:
    """Take the sustained-use discount off, which is reckoned over all machines of a series in a region."""
    pools: dict[tuple[str, str], list[Sustained]] = {}
    for use in pricing.sustained:
        pools.setdefault((use.series, use.region), []).append(use)
    discounts: dict[str, list[Line]] = {}
    priced = {item.urn for item in items}
    for (series, region), everyone in pools.items():
        tiers = pricing.table.tiers(f"sustained-use/{series}", region)
        if len(tiers) < 2:
            continue
        uses = [use for use in everyone if use.urn in priced]
        # A whole month is whole wherever it lies; only shorter uses can follow one another.
        together = _multipliers([use for use in uses if use.cores.fraction != 1], tiers, pricing.usage.sustained_use)
        for use in uses:
            alone = use.cores.fraction == 1 or pricing.usage.sustained_use == "machine"
            cores, memory = _multipliers([use], tiers, pricing.usage.sustained_use) if alone else together
            discounts.setdefault(use.urn, []).extend(
                _discount(line, share * cores + (1 - share) * memory, tiers[0]) for line, share in use.lines
            )
    return [
        msgspec.structs.replace(item, lines=lines, monthly=sum((line.monthly for line in lines), ZERO))
        if (more := [line for line in discounts.get(item.urn, []) if line.monthly]) and (lines := [*item.lines, *more])
        else item
        for item in items
    ]


def _multipliers(
    uses: Sequence[Sustained], tiers: Sequence[tables.Price], how: SustainedUse
) -> tuple[Decimal, Decimal]:
    """What is paid of the full price of vCPUs, and of memory."""
    return (
        sustained.multiplier([use.cores for use in uses], tiers, how),
        sustained.multiplier([use.memory for use in uses], tiers, how),
    )


def _discount(line: Line, multiplier: Decimal, row: tables.Price) -> Line:
    off = -line.unit_price * (1 - multiplier)
    what = f"{line.what.split(',', maxsplit=1)[0]}, sustained-use discount"
    return msgspec.structs.replace(
        line, what=what, unit_price=off, monthly=rounded(line.quantity * off), price_date=min(line.price_date, row.day)
    )


def _alternatives(pricing: Pricing, items: Sequence[Item]) -> list[Alternative]:
    """What the whole would cost with its machines bought in each way that the table has prices for."""
    bought = {item.urn for item in items if item.type in MACHINES}
    resources = [pricing.everything[urn] for urn in bought]
    others = sum((item.monthly for item in items if item.urn not in bought), ZERO)
    found = []
    for model, changes in WAYS.items() if resources else ():
        usage = msgspec.structs.replace(pricing.usage, resources=_unbought(pricing.usage.resources), **changes)
        again, missing = _priced(pricing.with_usage(usage), resources)
        if not missing:  # a way that leaves machines out would look cheap
            found.append(Alternative(model, others + sum((item.monthly for item in again), ZERO)))
    return found


def _unbought(said: Mapping[str, ResourceUsage]) -> dict[str, ResourceUsage]:
    """What is said of resources by name, without how they are bought."""
    nothing: Mapping[str, Any] = {"commitment": None, "preemptible_share": None}
    return {name: msgspec.structs.replace(values, **nothing) for name, values in said.items()}


def _refuse_unknown_region(region: str, table: tables.Table) -> None:
    """A region that exists but has no prices is not refused: what has none there is told by name."""
    if region and region not in table.regions and region not in REGIONS:
        near = get_close_matches(region, [*sorted(table.regions), *REGIONS], n=1)
        raise WrongUse(
            f"There is no region {region!r}." + (f" Is {near[0]} meant?" if near else ""),
            hint=f"The table has prices for {', '.join(sorted(table.regions))}; "
            "./lyceum prices refresh --region REGION adds those of others.",
        )


def _refuse_strangers(usage: Usage, resources: Sequence[Resource]) -> None:
    """What the usage file says of a resource that is not there would be lost without a word."""
    names = {resource.name for resource in resources if resource.custom}
    for pattern in usage.resources:
        if pattern not in names and not any(fnmatchcase(name, pattern) for name in names):
            near = get_close_matches(pattern, names, n=1)
            raise StackError(
                f"The usage file speaks of a resource {pattern!r}, which the stack does not have."
                + (f" Is {near[0]} meant?" if near else "")
            )
