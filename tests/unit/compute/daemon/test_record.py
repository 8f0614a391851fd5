from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from lyceum_compute.daemon import record
from lyceum_compute.protocol.messages import Project, Quota, SaveResult

ID = "c2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"
PROJECT = Project(project_id=ID, uid=200001, storage_host="storage1", quota=Quota(memory=2000))


def test_a_record_survives(tmp_path: Path) -> None:
    saved = SaveResult(snapshot="2026-11-22T10:15:00Z", time=datetime(2026, 11, 22, 10, 15, tzinfo=UTC))
    stored = record.Record(project=PROJECT, generations={256: 33}, saved=saved)
    record.store(tmp_path / f"{ID}.json", stored)
    assert record.load_all(tmp_path) == [stored]


def test_a_record_that_cannot_be_read_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("")
    record.store(tmp_path / "b.json", record.Record(project=PROJECT))
    assert [found.project for found in record.load_all(tmp_path)] == [PROJECT]
