"""The table of list prices: a row has an item, a region, a unit, a date and a source; tiers have a lower bound."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path

import msgspec

from lyceum_stacks.errors import StackError

HERE = Path(__file__).parent
TABLE = HERE / "table.csv"
SOURCES = HERE / "sources.csv"
COLUMNS = ("item", "region", "unit", "from", "usd", "date", "source")
EVERYWHERE = "all"


class Price(msgspec.Struct, frozen=True):
    """One row: `usd` for each `unit` of the quantity above `start`, as it stood on `day`, after `source`."""

    item: str
    region: str
    unit: str
    start: Decimal
    usd: Decimal
    day: date
    source: str


class Table:
    """Prices, found by item and region. A row of the region `all` holds wherever there is none of the region."""

    def __init__(self, rows: Iterable[Price], *, origin: str) -> None:
        self.rows = tuple(rows)
        self.origin = origin
        found: dict[tuple[str, str], list[Price]] = {}
        for row in self.rows:
            found.setdefault((row.item, row.region), []).append(row)
        self._tiers = {key: tuple(sorted(tiers, key=lambda row: row.start)) for key, tiers in found.items()}
        self.regions = frozenset(row.region for row in self.rows if row.item.startswith("machine/"))
        self.items = frozenset(row.item for row in self.rows)

    def tiers(self, item: str, region: str) -> tuple[Price, ...]:
        """The rows of an item in a region, the lowest first; empty where the table has no price."""
        return self._tiers.get((item, region)) or self._tiers.get((item, EVERYWHERE), ())

    def price(self, item: str, region: str) -> Price | None:
        """The first row of an item: its price where it has no tiers."""
        tiers = self.tiers(item, region)
        return tiers[0] if tiers else None

    def currencies(self) -> list[str]:
        """The currencies that the table has an exchange rate for, and the dollar."""
        return sorted({"USD", *(item.removeprefix("exchange/") for item in self.items if item.startswith("exchange/"))})


@cache
def load(path: Path = TABLE) -> Table:
    """Read a table; raises `StackError` with the line that cannot be understood."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StackError(f"The price table {path} cannot be read: {reason(error)}.") from None
    return Table(parse(text, str(path)), origin=str(path))


def parse(text: str, origin: str) -> list[Price]:
    """The rows of a table's text."""
    reader = csv.reader(io.StringIO(text))
    if tuple(next(reader, ())) != COLUMNS:
        raise StackError(f"{origin}: the first line of a price table is {','.join(COLUMNS)}.")
    rows = []
    for words in reader:
        try:
            item, region, unit, start, usd, day, source = words
            rows.append(Price(item, region, unit, Decimal(start), Decimal(usd), date.fromisoformat(day), source))
        except (ValueError, InvalidOperation):
            raise StackError(
                f"{origin}, line {reader.line_num}: not a price: {','.join(words)}",
                hint=f"A line is {','.join(COLUMNS)}; the date is written 2026-07-30.",
            ) from None
    return rows


def write(rows: Iterable[Price], path: Path) -> None:
    """Write a table, sorted, so that two of them can be compared line by line."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in sorted(rows, key=lambda row: (row.item, row.region, row.start)):
        writer.writerow([row.item, row.region, row.unit, plain(row.start), plain(row.usd), row.day, row.source])
    try:
        path.write_text(text.getvalue(), encoding="utf-8")
    except OSError as error:
        raise StackError(f"The price table {path} cannot be written: {reason(error)}.") from None


def sources(path: Path = SOURCES) -> dict[str, str]:
    """What each source is, by its short name."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["source"]: f"{row['what']} ({row['where']})" for row in csv.DictReader(file)}


def plain(number: Decimal) -> str:
    """A number without exponent and needless zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def reason(error: Exception) -> str:
    """Why a file could not be used, in a few words."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "it is not text in UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
