"""A report as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from lyceum_stacks.cost.difference import Difference
from lyceum_stacks.cost.report import ZERO, Item, Report
from lyceum_stacks.prices.table import plain

CENT = Decimal("0.01")
OLD_DAYS = 180
HEADS = ("", "quantity", "unit", "unit price", "a month")


def table(report: Report, today: date, *, budget: Decimal | None = None) -> str:
    """The whole report: lines by component and resource, sums, what has no price, and how old prices are."""
    rows: list[tuple[str, ...]] = [HEADS]
    for component, items in by_component(report.resources):
        charged = [item for item in items if item.lines]
        if charged:
            rows.append((component or "(of no component)", "", "", "", amount(_sum(charged))))
            rows += [row for item in charged for row in _item(item)]
    lines = [f"{report.source}: cost a month in {report.currency}", "", *_aligned(rows), "", *_sums(report, budget)]
    lines += _alternatives(report)
    lines += _missing(report)
    lines += ["", *about(report, today)]
    return "\n".join(lines)


def difference(found: Difference) -> str:
    """What comes, goes and changes, one line each."""
    rows: list[tuple[str, ...]] = [("", "resource", "before", "after", "difference")]
    rows += [
        (
            change.sign,
            f"{change.name} ({change.type.rsplit(':', 1)[-1]})",
            amount(change.before),
            amount(change.after),
            signed(change.difference),
        )
        for change in found.changes
        if change.sign != "="
    ]
    same = sum(1 for change in found.changes if change.sign == "=")
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [f"From {found.before} to {found.after}, a month in {found.currency}", ""]
    for row in rows:
        numbers = "  ".join(f"{cell:>{width}}" for cell, width in zip(row[2:], widths[2:], strict=True))
        lines.append(f"{row[0]:<1}  {row[1]:<{widths[1]}}  {numbers}".rstrip())
    lines += ["", f"Difference  {signed(found.total)} a month; {same} resources stay as they are."]
    if not found.complete:
        lines.append("Incomplete: what has no price, before or after, is not in it.")
    return "\n".join(lines)


def by_component(items: Iterable[Item]) -> list[tuple[str, list[Item]]]:
    """Items by the component that they belong to, the dearest first."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.component, []).append(item)
    return sorted(groups.items(), key=lambda group: (-_sum(group[1]), group[0]))


def amount(money: Decimal) -> str:
    """Money for people: two places."""
    return f"{money.quantize(CENT, rounding=ROUND_HALF_UP):,f}"


def signed(money: Decimal) -> str:
    """A difference of money, with its sign."""
    return f"{money.quantize(CENT, rounding=ROUND_HALF_UP):+,f}"


def _item(item: Item) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [(f"  {item.name}", "", "", "", amount(item.monthly))]
    for line in item.lines:
        price = plain(round(line.unit_price, 8))
        rows.append((f"    {line.what}", f"{plain(round(line.quantity, 3))}", line.unit, price, amount(line.monthly)))
    return rows


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    sides = "<><>>"
    return [
        "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True)).rstrip()
        for row in rows
    ]


def _sums(report: Report, budget: Decimal | None) -> list[str]:
    found = []
    if report.total is None:
        found.append(f"No total: there are {report.unlisted} resources that the preview does not list.")
        found.append("  hint: pulumi preview --json --show-sames lists unchanged ones too.")
        found.append(f"  {amount(report.known)} {report.currency} a month for what is listed")
    else:
        word = "Total" if report.complete else "Total of what has a price"
        found.append(f"{word}  {amount(report.total)} {report.currency} a month")
        found.append(f"  fixed {amount(report.fixed)}, by usage {amount(report.known - report.fixed)}")
    for what, each, among in (
        ("weekly active user", report.per_weekly_user, report.weekly_users),
        ("project", report.per_project, report.projects),
    ):
        if each is not None and among is not None:
            found.append(f"  {amount(each)} for each {what} ({plain(among)})")
    if budget is not None:
        found.append(f"  budget {amount(budget)}: {'over it' if report.known > budget else 'within it'}")
    free = sum(1 for item in report.resources if not item.lines)
    if free:
        found.append(f"  {free} resources cost nothing by themselves")
    return found


def _alternatives(report: Report) -> list[str]:
    if len(report.alternatives) < 2:
        return []
    width = max(len(other.model) for other in report.alternatives)
    rows = [f"  {other.model:<{width}}  {amount(other.total):>14}" for other in report.alternatives]
    return ["", "With machines bought in other ways (spot machines may be stopped at any time):", *rows]


def _missing(report: Report) -> list[str]:
    if not report.not_priced:
        return []
    heading = f"Without a price ({len(report.not_priced)}), so the estimate is incomplete:"
    return ["", heading, *(f"  {missing.name} ({missing.type}): {missing.why}" for missing in report.not_priced)]


def about(report: Report, today: date) -> list[str]:
    """How old the prices are, what they were changed at, and what else is to be known."""
    found = []
    oldest, newest = report.prices_oldest, report.prices_newest
    if oldest is not None and newest is not None:
        days = (today - oldest).days
        span = f"of {oldest}" if oldest == newest else f"from {oldest} to {newest}"
        found.append(f"List prices {span} (the oldest is {days} days old), without tax.")
        if days > OLD_DAYS:
            found.append("  hint: ./lyceum prices refresh takes newer ones from Google's catalogue.")
    if (exchange := report.exchange) is not None:
        stood = "as given" if exchange.day is None else f"of {exchange.day}"
        found.append(f"Changed at {plain(exchange.rate)} {exchange.currency} for a dollar, {stood}.")
        if exchange.day is not None:
            found.append("  hint: --exchange-rate RATE takes today's.")
    if report.region:
        found.append(f"Priced as if everything stood in {report.region}.")
    return [*found, *(f"Note: {note}" for note in report.notes)]


def _sum(items: Iterable[Item]) -> Decimal:
    return sum((item.monthly for item in items), ZERO)
