"""What an estimate says: every line of every resource, what has no price, and the sums."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

import msgspec

SCHEMA = 1
SMALLEST = Decimal("0.000001")
ZERO = Decimal(0)

Kind = Literal["fixed", "usage"]


class Line(msgspec.Struct, frozen=True):
    """One charge. `unit_price` times `quantity` is `monthly`, rounded to a millionth."""

    what: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    monthly: Decimal
    price_date: date
    kind: Kind = "fixed"
    region: str = ""
    source: str = ""


class Item(msgspec.Struct, frozen=True):
    """A resource and its charges. One that is known to be free has no lines, and says why."""

    name: str
    type: str
    monthly: Decimal
    lines: Sequence[Line]
    component: str = ""
    urn: str = ""
    free: str = ""

    @property
    def fixed(self) -> Decimal:
        """What it costs however much it is used."""
        return sum((line.monthly for line in self.lines if line.kind == "fixed"), ZERO)


class Unpriced(msgspec.Struct, frozen=True):
    """A resource without a price, and why."""

    name: str
    type: str
    why: str
    urn: str = ""


class Exchange(msgspec.Struct, frozen=True):
    """The rate that dollars were changed at: `rate` of the currency for one dollar."""

    currency: str
    rate: Decimal
    day: date | None
    source: str


class Alternative(msgspec.Struct, frozen=True):
    """What the same stack would cost, its machines bought another way."""

    model: str
    total: Decimal


class Report(msgspec.Struct, frozen=True):
    """The estimate of a stack. `total` is None where not every resource is known."""

    source: str
    currency: str
    total: Decimal | None
    resources: Sequence[Item]
    not_priced: Sequence[Unpriced]
    prices_oldest: date | None
    prices_newest: date | None
    exchange: Exchange | None = None
    region: str = ""
    unlisted: int = 0
    projects: Decimal | None = None
    weekly_users: Decimal | None = None
    alternatives: Sequence[Alternative] = ()
    notes: Sequence[str] = ()

    @property
    def complete(self) -> bool:
        """Whether every resource is known and has a price."""
        return not self.not_priced and self.unlisted == 0

    @property
    def known(self) -> Decimal:
        """The sum of what has a price: the total, or less than it."""
        return sum((item.monthly for item in self.resources), ZERO)

    @property
    def fixed(self) -> Decimal:
        """The part of `known` that does not depend on usage."""
        return sum((item.fixed for item in self.resources), ZERO)

    @property
    def per_project(self) -> Decimal | None:
        """The total for each project, where their number is known."""
        return _share(self.total, self.projects)

    @property
    def per_weekly_user(self) -> Decimal | None:
        """The total for each weekly active user, where their number is known."""
        return _share(self.total, self.weekly_users)


def rounded(money: Decimal) -> Decimal:
    """Money to a millionth: finer than any bill, and small prices still show."""
    return money.quantize(SMALLEST, rounding=ROUND_HALF_UP)


def _share(total: Decimal | None, among: Decimal | None) -> Decimal | None:
    return None if total is None or not among else rounded(total / among)
