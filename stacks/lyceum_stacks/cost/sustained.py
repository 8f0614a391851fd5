"""The discount that comes by itself for machines that run for much of a month.

It is reckoned for vCPUs and for memory, for a series in a region, over all machines: of two machines that each run for
half a month, one after the other, the second begins where the first ended
(cloud.google.com/compute/docs/sustained-use-discounts). A stack does not tell at what hours its machines run, only how
many: `pooled` takes it that they take turns as far as they can, `machine` that each stands alone (all run at the same
hours).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from lyceum_stacks.cost.usage import Sustained
from lyceum_stacks.prices.table import Price

ONE = Decimal(1)


class Use(msgspec.Struct, frozen=True):
    """`count` machines of so many units (vCPUs or GiB), each running for a fraction of the month."""

    units: Decimal
    count: Decimal
    fraction: Decimal


def charged(fraction: Decimal, tiers: Sequence[Price]) -> Decimal:
    """What is paid for a fraction of a month, in months at the full price."""
    total = Decimal(0)
    for number, tier in enumerate(tiers):
        end = tiers[number + 1].start if number + 1 < len(tiers) else ONE
        total += tier.usd * max(Decimal(0), min(fraction, end) - tier.start)
    return total


def multiplier(uses: Sequence[Use], tiers: Sequence[Price], how: Sustained) -> Decimal:
    """What these uses pay together, as a share of their full price."""
    full = sum((use.units * use.count * use.fraction for use in uses), Decimal(0))
    if not full or how == "none":
        return ONE
    if how == "machine":
        paid = sum((use.units * use.count * charged(use.fraction, tiers) for use in uses), Decimal(0))
        return paid / full
    return _pooled(uses, tiers) / full


def _pooled(uses: Sequence[Use], tiers: Sequence[Price]) -> Decimal:
    """Lay the machines one after the other round the month; charge each level of use for as long as it lasts."""
    changes: dict[Decimal, Decimal] = {Decimal(0): Decimal(0)}
    at = Decimal(0)

    def add(start: Decimal, end: Decimal, units: Decimal) -> None:
        changes[start] = changes.get(start, Decimal(0)) + units
        changes[end] = changes.get(end, Decimal(0)) - units

    for use in uses:
        whole, part = divmod(use.count, ONE)
        for units in [use.units] * int(whole) + ([use.units * part] if part else []):
            end = at + use.fraction
            add(at, min(end, ONE), units)
            if end > ONE:
                add(Decimal(0), end - ONE, units)
            at = end % ONE
    return _by_level(changes, tiers)


def _by_level(changes: dict[Decimal, Decimal], tiers: Sequence[Price]) -> Decimal:
    lasting: dict[Decimal, Decimal] = {}
    moments = sorted(changes)
    running = Decimal(0)
    for moment, following in zip(moments, [*moments[1:], ONE], strict=True):
        running += changes[moment]
        lasting[running] = lasting.get(running, Decimal(0)) + following - moment
    paid, above = Decimal(0), Decimal(0)
    levels = sorted(lasting, reverse=True)
    for level, lower in zip(levels, [*levels[1:], Decimal(0)], strict=True):
        above += lasting[level]
        paid += (level - lower) * charged(above, tiers)
    return paid
