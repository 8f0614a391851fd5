"""The files of the migrations."""

from __future__ import annotations

from pathlib import Path

import lyceum_hub.db

FOLDER = Path(lyceum_hub.db.__file__).parent / "migrations"


def test_migrations_come_in_pairs_with_a_revision_each() -> None:
    files = sorted(path.stem for path in (FOLDER / "sql").glob("*.sql"))
    revisions = sorted(path.stem for path in (FOLDER / "versions").glob("0*.py"))
    assert files == revisions
    numbers = sorted({name[:4] for name in files})
    assert files == sorted(f"{number}_{phase}" for number in numbers for phase in ("before", "after"))
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
