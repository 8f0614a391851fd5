"""A report as JSON, and back: money and quantities as decimal strings, dates in ISO 8601 (schema: docs/costs.md)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from lyceum_stacks.cost.report import SCHEMA, Item, Line, Report, Unpriced
from lyceum_stacks.cost.resources import shown
from lyceum_stacks.errors import StackError
from lyceum_stacks.prices.table import plain

CENTS = 2


def of(report: Report) -> dict[str, Any]:
    """The report as plain values."""
    return {
        "schema": SCHEMA,
        "source": report.source,
        "currency": report.currency,
        "exchange_rate": None
        if report.exchange is None
        else {
            "rate": plain(report.exchange.rate),
            "date": _day(report.exchange.day),
            "source": report.exchange.source,
        },
        "region": report.region or None,
        "total": _money(report.total),
        "known": money(report.known),
        "fixed": money(report.fixed),
        "usage_based": money(report.known - report.fixed),
        "complete": report.complete,
        "resources": [_item(item) for item in report.resources],
        "not_priced": [
            {"name": missing.name, "type": missing.type, "why": missing.why, "urn": missing.urn}
            for missing in report.not_priced
        ],
        "unlisted": report.unlisted,
        "projects": _number(report.projects),
        "weekly_users": _number(report.weekly_users),
        "per_project": _money(report.per_project),
        "per_weekly_user": _money(report.per_weekly_user),
        "alternatives": [{"model": other.model, "total": money(other.total)} for other in report.alternatives],
        "prices": {"oldest": _day(report.prices_oldest), "newest": _day(report.prices_newest)},
        "notes": list(report.notes),
    }


def money(amount: Decimal) -> str:
    """Money as a decimal string: at least two places, at most six."""
    text = plain(amount)
    whole, _, part = text.partition(".")
    return f"{whole}.{part.ljust(CENTS, '0')}"


def encode(content: Mapping[str, Any]) -> str:
    """JSON that people can read too."""
    return msgspec.json.format(msgspec.json.encode(content), indent=2).decode()


def read(content: bytes, origin: str) -> Report:
    """A report from its JSON; raises `StackError` where it is none, or of a later schema."""
    try:
        saved = msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        raise StackError(f"{origin} is not whole JSON: {error}.") from None
    if not isinstance(saved, dict) or "resources" not in saved:
        raise StackError(f"{origin} is not a saved estimate.", hint="Save one with: ./lyceum cost STACK --json > FILE")
    if saved.get("schema") != SCHEMA:
        raise StackError(
            f"{origin} is an estimate of schema {shown(saved.get('schema'))}; known here is {SCHEMA}.",
            hint="Save it anew with this version of Lyceum.",
        )
    try:
        return _report(saved)
    except (KeyError, TypeError, ValueError, ArithmeticError, msgspec.ValidationError) as error:
        raise StackError(f"{origin} is not a whole estimate: {shown(str(error))}.") from None


def _report(saved: Mapping[str, Any]) -> Report:
    return Report(
        source=str(saved["source"]),
        currency=str(saved["currency"]),
        total=None if saved["total"] is None else Decimal(saved["total"]),
        resources=[_item_of(item) for item in saved["resources"]],
        not_priced=msgspec.convert(saved["not_priced"], list[Unpriced]),
        prices_oldest=None,
        prices_newest=None,
        region=str(saved.get("region") or ""),
        unlisted=int(saved["unlisted"]),
    )


def _item(item: Item) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": item.name,
        "type": item.type,
        "component": item.component or None,
        "urn": item.urn or None,
        "monthly": money(item.monthly),
        "lines": [_line(line) for line in item.lines],
    }
    return {**found, "free": item.free} if item.free else found


def _line(line: Line) -> dict[str, Any]:
    return {
        "what": line.what,
        "quantity": plain(line.quantity),
        "unit": line.unit,
        "unit_price": plain(round(line.unit_price, 12)),
        "monthly": money(line.monthly),
        "price_date": line.price_date.isoformat(),
        "kind": line.kind,
        "region": line.region or None,
        "source": line.source,
    }


def _item_of(saved: Mapping[str, Any]) -> Item:
    return Item(
        name=str(saved["name"]),
        type=str(saved["type"]),
        monthly=Decimal(saved["monthly"]),
        lines=[
            msgspec.convert({**line, "region": line.get("region") or ""}, Line, strict=False) for line in saved["lines"]
        ],
        component=str(saved.get("component") or ""),
        urn=str(saved.get("urn") or ""),
        free=str(saved.get("free") or ""),
    )


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else money(amount)


def _number(amount: Decimal | None) -> str | None:
    return None if amount is None else plain(amount)


def _day(day: Any) -> str | None:
    return None if day is None else str(day)
