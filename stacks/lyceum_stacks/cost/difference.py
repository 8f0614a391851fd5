"""Two reports beside each other: what comes, what goes, what changes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

import msgspec

from lyceum_stacks.cost.document import money
from lyceum_stacks.cost.report import ZERO, Item, Report
from lyceum_stacks.errors import WrongUse

Sign = Literal["+", "-", "~", "="]


class Change(msgspec.Struct, frozen=True):
    """One resource: + comes, - goes, ~ costs something else than before, = costs the same."""

    sign: Sign
    name: str
    type: str
    before: Decimal
    after: Decimal
    what: str = ""

    @property
    def difference(self) -> Decimal:
        """What it costs more than before."""
        return self.after - self.before


class Difference(msgspec.Struct, frozen=True):
    """Every change between two reports. `complete` if both are: else the sums leave something out."""

    before: str
    after: str
    currency: str
    changes: Sequence[Change]
    complete: bool

    @property
    def total(self) -> Decimal:
        """What all of it costs more than before."""
        return sum((change.difference for change in self.changes), ZERO)


def between(before: Report, after: Report) -> Difference:
    """Compare two reports of one currency, resource by resource; raises `WrongUse` for two currencies."""
    if before.currency != after.currency:
        raise WrongUse(
            f"{before.source} is in {before.currency} and {after.source} in {after.currency}.",
            hint=f"Estimate both in one currency: --currency {before.currency}",
        )
    old, new = _by_key(before), _by_key(after)
    changes = []
    for key in dict.fromkeys([*new, *old]):
        was, now = old.get(key), new.get(key)
        item = now or was
        if item is not None:
            changes.append(_change(item, was, now))
    return Difference(before.source, after.source, after.currency, changes, _whole(before) and _whole(after))


def document(difference: Difference) -> dict[str, Any]:
    """A difference as plain values; what stays the same is left out."""
    return {
        "before": difference.before,
        "after": difference.after,
        "currency": difference.currency,
        "total": money(difference.total),
        "complete": difference.complete,
        "changes": [
            {
                "sign": change.sign, "name": change.name, "type": change.type, "before": money(change.before),
                "after": money(change.after), "difference": money(change.difference), "what": change.what,
            }
            for change in difference.changes
            if change.sign != "="
        ],
    }  # fmt: skip


def _whole(report: Report) -> bool:
    return not report.not_priced  # what is unlisted has not changed


def _change(item: Item, was: Item | None, now: Item | None) -> Change:
    if was is None or now is None:
        return Change(
            "+" if was is None else "-",
            item.name,
            item.type,
            was.monthly if was else ZERO,
            now.monthly if now else ZERO,
        )
    sign: Sign = "=" if _lines(was) == _lines(now) else "~"
    return Change(sign, item.name, item.type, was.monthly, now.monthly, _what(was, now) if sign == "~" else "")


def _lines(item: Item) -> list[tuple[str, Decimal, Decimal, str]]:
    return [(line.what, line.quantity, line.monthly, line.region) for line in item.lines]


def _what(was: Item, now: Item) -> str:
    """What changed, in the words of the lines."""
    gone, come = (
        [line.what for line in one.lines if (line.what, line.quantity, line.monthly, line.region) not in _lines(other)]
        for one, other in ((was, now), (now, was))
    )
    return f"{', '.join(gone) or 'nothing'} -> {', '.join(come) or 'nothing'}" if gone != come else ", ".join(come)


def _by_key(report: Report) -> dict[tuple[str, str], Item]:
    """Resources by what they are called in every stack of their program: type and name, without the stack's own."""
    found = {}
    for item in report.resources:
        key = item.urn.split("::", 2)[-1] if item.urn else f"{item.type}::{item.name}"
        found[key, ""] = item
    return found
