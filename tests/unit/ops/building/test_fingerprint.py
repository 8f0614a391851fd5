"""What a fingerprint notices, and what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from lyceum_ops.building import fingerprint


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "a.py").write_text("a = 1\n")
    (folder / "b.sql").write_text("select 1;\n")
    return folder


def test_contents_names_and_words_count(source: Path) -> None:
    seen = {fingerprint.of([source]), fingerprint.of([source], "313")}
    (source / "b.sql").write_text("select 2;\n")
    seen.add(fingerprint.of([source]))
    (source / "b.sql").rename(source / "c.sql")
    seen.add(fingerprint.of([source]))
    assert len(seen) == 4


def test_what_programs_leave_behind_does_not(source: Path) -> None:
    before = fingerprint.of([source])
    for name in ("__pycache__", "node_modules", "dist", "x.egg-info"):
        (source / name).mkdir()
        (source / name / "file").write_text("x")
    (source / "inner" / "a.pyc").write_bytes(b"x")
    assert fingerprint.of([source]) == before


def test_a_stamp_matches_only_its_own(tmp_path: Path) -> None:
    stamp = tmp_path / "stamp"
    assert not fingerprint.matches(stamp, "x")
    stamp.write_text("x\n")
    assert fingerprint.matches(stamp, "x")
    assert not fingerprint.matches(stamp, "y")
