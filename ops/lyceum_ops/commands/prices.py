"""`./lyceum prices`: what Google's list prices are taken to be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from lyceum_stacks.errors import StackError
from lyceum_stacks.prices import catalog, table
from lyceum_stacks.prices.table import EVERYWHERE, Price, Table

from lyceum_ops.commands.cost import in_our_words
from lyceum_ops.errors import die

SHOWN = 40


def check(path: str) -> None:
    """Say whether a table is fit to be used, and how old its prices are."""
    with in_our_words():
        found = table.load(Path(path)) if path else table.load()
        _refuse_unfit(found)
        today = datetime.now(UTC).date()
        oldest, newest = min(row.day for row in found.rows), max(row.day for row in found.rows)
        print(f"{found.origin}: {len(found.rows)} prices of {len(found.items)} items, fit to be used.")
        print(f"Regions with machines: {', '.join(sorted(found.regions))}.")
        print(f"From {oldest} ({(today - oldest).days} days old) to {newest} ({(today - newest).days} days old).")
        for source, what in table.sources().items():
            days = sorted({row.day for row in found.rows if row.source == source})
            if days:
                count = sum(1 for row in found.rows if row.source == source)
                print(f"  {count:5} of {days[-1]}  {what}")


def refresh(
    *, key_file: str, regions: Sequence[str], currencies: Sequence[str], output: str, prices: str, address: str
) -> None:
    """Take newer prices from Google's catalogue, and write the table with them."""
    from lyceum_stacks.prices import refresh as refreshing  # noqa: PLC0415

    with in_our_words():
        key = catalog.key(key_file)
        before = table.load(Path(prices)) if prices else table.load()
        today = datetime.now(UTC).date()
        address = address or catalog.CATALOG
        result = refreshing.refresh(before, refreshing.fetch(key, address), today, regions=regions)
        rows = list(result.rows)
        for currency in currencies:
            rate = refreshing.exchange_rate(key, currency.upper(), address)
            if rate is None:
                raise StackError(f"The catalogue tells no exchange rate for {currency}.")
            item = f"exchange/{currency.upper()}"
            rows = [row for row in rows if row.item != item]
            rows.append(
                Price(item, EVERYWHERE, f"{currency.upper()} per USD", Decimal(0), rate, today, refreshing.SOURCE)
            )
        after = Table(rows, origin="The refreshed table")
        if not result.found:
            die("The catalogue has none of the table's prices.", hint="The table stays as it was.")
        _refuse_unfit(after)
        missing = sorted(set(regions) - after.regions)
        if missing:
            die(f"The catalogue has no machines in {', '.join(missing)}.", hint="The table stays as it was.")
        target = Path(output) if output else Path(prices) if prices else table.TABLE
        table.write(after.rows, target)
    print(f"{result.found} prices read, {len(result.changes)} changed; {result.kept} that the catalogue lacks stay.")
    for change in result.changes[:SHOWN]:
        print(f"  {change}")
    if len(result.changes) > SHOWN:
        print(f"  and {len(result.changes) - SHOWN} more")
    print(f"Written to {target}.")


def _refuse_unfit(found: Table) -> None:
    from lyceum_stacks.prices import check as checking  # noqa: PLC0415

    problems = checking.problems(found, datetime.now(UTC).date(), table.sources())
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems[:SHOWN])
        die(f"{found.origin} is not fit to be used:\n{listed}", hint=f"{len(problems)} problems.")
