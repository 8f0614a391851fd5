"""The figures that a plan stands on, each measured or an estimate, with its date and source."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import msgspec

from lyceum_stacks.errors import StackError
from lyceum_stacks.prices.table import plain, reason

TABLE = Path(__file__).with_name("capacities.csv")
COLUMNS = ("key", "name", "value", "unit", "basis", "date", "source")

Basis = Literal["measured", "estimate"]


class Capacity(msgspec.Struct, frozen=True):
    """One figure. `name`: what it is, for whoever decides; `source`: what measured it, or what it rests on."""

    key: str
    name: str
    value: Decimal
    unit: str
    basis: Basis
    day: date
    source: str


class Capacities(Mapping[str, Decimal]):
    """The figures by key; remembers which of them were asked for, so that a plan can name what it rests on."""

    def __init__(self, rows: Iterable[Capacity], changes: Mapping[str, Decimal] | None = None) -> None:
        self.rows = {row.key: row for row in rows}
        self._changes = dict(changes or {})
        self.asked: dict[str, None] = {}

    def __getitem__(self, key: str) -> Decimal:
        """Return a figure, as it was given instead of the table's if it was."""
        self.asked[key] = None
        return self._changes.get(key, self.rows[key].value)

    def __iter__(self) -> Iterator[str]:
        """All keys."""
        return iter(self.rows)

    def __len__(self) -> int:
        """How many figures there are."""
        return len(self.rows)

    def part(self, key: str) -> Decimal:
        """Return a figure in percent as a part of one."""
        return self[key] / 100

    def changed(self, changes: Mapping[str, Decimal]) -> Capacities:
        """Return the same figures with some replaced; raises KeyError for one that is not there."""
        for key in changes:
            self.rows[key]
        return Capacities(self.rows.values(), {**self._changes, **changes})

    def given(self, key: str) -> bool:
        """Tell whether a figure was replaced."""
        return key in self._changes


@cache
def load(path: Path = TABLE) -> Capacities:
    """Read the table; raises `StackError` with the line that is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StackError(f"The table of capacities {path} cannot be read: {reason(error)}.") from None
    return Capacities(parse(text, str(path)))


def parse(text: str, origin: str) -> list[Capacity]:
    """The rows of a table's text."""
    reader = csv.reader(io.StringIO(text))
    if tuple(next(reader, ())) != COLUMNS:
        raise StackError(f"{origin}: the first line of a table of capacities is {','.join(COLUMNS)}.")
    rows: dict[str, Capacity] = {}
    for words in reader:
        where = f"{origin}, line {reader.line_num}"
        try:
            key, name, value, unit, basis, day, source = words
            row = Capacity(key, name, Decimal(value), unit, _basis(basis), date.fromisoformat(day), source)
        except (ValueError, InvalidOperation):
            raise StackError(f"{where}: not a capacity: {','.join(words)}") from None
        if row.value <= 0 or not (name and source) or key in rows:
            raise StackError(f"{where}: {key} needs a name, a positive value and a source, and one line alone.")
        rows[key] = row
    return list(rows.values())


def write(rows: Iterable[Capacity], path: Path = TABLE) -> None:
    """Write a table; raises `StackError` where that cannot be."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([row.key, row.name, plain(row.value), row.unit, row.basis, row.day, row.source])
    try:
        path.write_text(text.getvalue(), encoding="utf-8")
    except OSError as error:
        raise StackError(f"The table of capacities {path} cannot be written: {reason(error)}.") from None


def record(key: str, value: Decimal, source: str, day: date, path: Path = TABLE) -> None:
    """Put what was measured in a figure's place; raises KeyError for one that is not there."""
    rows = dict(load(path).rows)
    rows[key] = msgspec.structs.replace(rows[key], value=value, basis="measured", day=day, source=source)
    write(rows.values(), path)
    load.cache_clear()


def _basis(word: str) -> Basis:
    if word not in get_args(Basis):
        raise ValueError(word)
    return word  # type: ignore[return-value] # one of the two
