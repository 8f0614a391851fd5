"""Dumps on the storage host: taken in, verified, thinned, given back."""

from __future__ import annotations

import hashlib
import io
import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lyceum_storage import dumps as dumps_module
from lyceum_storage.dumps import Dumps, RefusedError, run, to_keep
from lyceum_storage.layout import snapshot_name, snapshot_time

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
CONTENT = b"PGDMP" + bytes(range(256)) * 100
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def ask(folder: Path, command: str, content: bytes = b"") -> Any:
    """Run a command; return its answer as JSON, or as bytes if it is none."""
    target = io.BytesIO()
    run(command, Dumps(folder), io.BytesIO(content), target)
    try:
        return json.loads(target.getvalue())
    except ValueError:
        return target.getvalue()


def test_a_dump_is_stored_committed_listed_and_fetched(tmp_path: Path) -> None:
    stored = ask(tmp_path, "store", CONTENT)
    assert (stored["size"], stored["sha256"]) == (len(CONTENT), SHA256)
    assert ask(tmp_path, "list") == []
    committed = ask(tmp_path, f"commit {stored['incoming']} {SHA256}")
    assert snapshot_time(committed["name"]) is not None
    assert ask(tmp_path, "list") == [committed]
    assert ask(tmp_path, f"fetch {committed['name']}") == CONTENT
    assert (tmp_path / f"{committed['name']}.sha256").read_text() == f"{SHA256}  {committed['name']}.dump\n"


def test_a_dump_that_arrived_otherwise_than_it_was_sent_is_not_kept(tmp_path: Path) -> None:
    stored = ask(tmp_path, "store", CONTENT[:-1])
    with pytest.raises(RefusedError, match="checksum"):
        ask(tmp_path, f"commit {stored['incoming']} {SHA256}")
    assert ask(tmp_path, "list") == []


def test_two_dumps_within_a_second_have_two_names(tmp_path: Path) -> None:
    for _ in range(3):
        ask(tmp_path, f"commit {ask(tmp_path, 'store', CONTENT)['incoming']} {SHA256}")
    names = [dump["name"] for dump in ask(tmp_path, "list")]
    assert len(names) == 3
    assert names == sorted(set(names))


@pytest.mark.parametrize(
    "command",
    [
        "",
        "id",
        "store x",
        "store; id",
        "delete 2026-11-22T02:30:00Z",
        "list --all",
        "fetch",
        "fetch ../../etc/passwd",
        "fetch 2026-11-22T02:30:00Z",
        "fetch latest",
        "commit x y",
        f"commit ../{'0' * 32} {SHA256}",
        f"commit {'0' * 32} {SHA256}",
        "fetch '",
    ],
)
def test_anything_else_is_refused(tmp_path: Path, command: str) -> None:
    with pytest.raises(RefusedError):
        ask(tmp_path, command)


def test_an_upload_that_was_given_up_goes_in_time(tmp_path: Path) -> None:
    old = tmp_path / f"{ask(tmp_path, 'store', CONTENT)['incoming']}.incoming"
    new = tmp_path / f"{ask(tmp_path, 'store', CONTENT)['incoming']}.incoming"
    day_ago = (datetime.now(UTC) - timedelta(days=1)).timestamp()
    os.utime(old, (day_ago, day_ago))
    ask(tmp_path, "store", CONTENT)
    assert not old.exists()
    assert new.exists()


def test_a_full_disk_refuses_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dumps_module, "MINIMUM_FREE", 10**12)
    with pytest.raises(RefusedError, match="make room"):
        ask(tmp_path, "store", CONTENT)
    assert not list(tmp_path.iterdir())


def test_old_dumps_go_with_their_checksums_when_a_new_one_comes(tmp_path: Path) -> None:
    for n in range(1, 30):
        name = snapshot_name(datetime.now(UTC) - timedelta(days=n))
        (tmp_path / f"{name}.dump").write_bytes(b"x")
        (tmp_path / f"{name}.sha256").write_text(f"{hashlib.sha256(b'x').hexdigest()}  {name}.dump\n")
    ask(tmp_path, f"commit {ask(tmp_path, 'store', CONTENT)['incoming']} {SHA256}")
    assert len(ask(tmp_path, "list")) == 14
    assert len(list(tmp_path.glob("*.dump"))) == len(list(tmp_path.glob("*.sha256"))) == 14


def test_a_flood_of_dumps_pushes_no_other_day_out() -> None:
    """Who takes over a database host may store as many as he likes: those of the days before stay."""
    nights = {NOW - timedelta(days=n) for n in range(14)}
    flood = {NOW + timedelta(seconds=n + 1) for n in range(10_000)}
    kept = to_keep(sorted(nights | flood))
    assert nights - {NOW} <= kept
    assert max(flood) in kept


@given(st.sets(st.integers(0, 1_000_000).map(lambda minutes: NOW - timedelta(minutes=minutes)), max_size=100))
def test_the_newest_is_always_kept_and_thinning_twice_is_thinning_once(there: set[datetime]) -> None:
    kept = to_keep(sorted(there))
    assert kept <= there
    assert not there or max(there) in kept
    assert len(kept) <= dumps_module.DAYS + dumps_module.LATEST
    assert to_keep(sorted(kept)) == kept
