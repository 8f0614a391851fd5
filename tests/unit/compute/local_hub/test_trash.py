"""Deleting into the trash, and back."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from lyceum_compute.local_hub import trash
from lyceum_compute.local_hub.confinement import Home
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import DeletePath, EmptyTrash, RestoreFromTrash

from tests.unit.compute.local_hub.conftest import names_in


def throw(home: Home, path: str) -> str:
    result = trash.delete_path(home, DeletePath(path=path, trash=True))
    assert result.trash_id is not None
    return result.trash_id


def restore(home: Home, trash_id: str, **more: Any) -> str:
    return trash.restore_from_trash(home, RestoreFromTrash(trash_id=trash_id, **more)).path


@pytest.mark.parametrize("name", [b"a", b"\xe9" * 255, b"a.json", b".trashed"])
def test_there_and_back(home: Home, folder: Path, name: bytes) -> None:
    path = folder / "below" / os.fsdecode(name)
    path.mkdir(parents=True)
    (path / "content").write_text("x")
    listed = "below/" + name.decode("utf-8", "backslashreplace")
    trash_id = throw(home, listed)
    assert names_in(folder / "below") == []
    found = trash.list_trash(home).trash
    assert [(item.trash_id, item.path, item.type) for item in found] == [(trash_id, listed, "directory")]
    (folder / "below").rmdir()
    assert restore(home, trash_id) == listed
    assert (path / "content").read_text() == "x"
    assert names_in(folder / ".trash") == []
    assert trash.list_trash(home).trash == []


def test_the_last_comes_first(home: Home, folder: Path) -> None:
    (folder / "link").symlink_to("nowhere")
    (folder / "file").write_text("12345")
    assert trash.list_trash(home).trash == []
    throw(home, "link")
    throw(home, "./file")
    found = {item.path: (item.type, item.size) for item in trash.list_trash(home).trash}
    assert found["file"] == ("file", 5)
    assert found["link"][0] == "link"


def test_restoring_elsewhere_and_onto_something(home: Home, folder: Path) -> None:
    (folder / "a").write_text("old")
    trash_id = throw(home, "a")
    (folder / "a").write_text("new")
    with pytest.raises(FaultError, match="exists already"):
        restore(home, trash_id)
    assert restore(home, trash_id, destination="other/b") == "other/b"
    assert (folder / "other" / "b").read_text() == "old"
    trash_id = throw(home, "other/b")
    assert restore(home, trash_id, destination="a", overwrite=True) == "a"
    assert (folder / "a").read_text() == "old"


@pytest.mark.parametrize("path", ["", "nothing", "file/below"])
def test_what_cannot_be_thrown_away(home: Home, folder: Path, path: str) -> None:
    (folder / "file").touch()
    with pytest.raises(FaultError):
        throw(home, path)
    assert not (folder / ".trash").exists() or names_in(folder / ".trash") == []


@pytest.mark.process("rm")
def test_what_is_in_the_trash_is_deleted_for_good(home: Home, folder: Path) -> None:
    (folder / "a").mkdir()
    trash_id = throw(home, "a")
    assert trash.delete_path(home, DeletePath(path=f".trash/{trash_id}", trash=True)).trash_id is None
    assert trash.list_trash(home).trash == []
    trash.delete_path(home, DeletePath(path=".trash", trash=True))
    assert names_in(folder) == []


@pytest.mark.process("rm")
def test_emptying(home: Home, folder: Path) -> None:
    for name in "abc":
        (folder / name).mkdir()
    first, *_ = [throw(home, name) for name in "abc"]
    trash.empty_trash(home, EmptyTrash(trash_ids=[first, first]))
    assert {item.path for item in trash.list_trash(home).trash} == {"b", "c"}
    trash.empty_trash(home, EmptyTrash())
    assert names_in(folder) == []
    trash.empty_trash(home, EmptyTrash())


@pytest.mark.parametrize("trash_id", ["", "..", "../secret", "20260101T000000-0123456", "20260101T000000-01234567"])
def test_ids_that_are_none(home: Home, trash_id: str) -> None:
    with pytest.raises(FaultError):
        restore(home, trash_id)


@pytest.mark.parametrize("record", [b"", b"{}", b'{"path": "../outside/secret", "deleted": "2026-01-01T00:00:00Z"}'])
def test_a_forged_record(home: Home, folder: Path, record: bytes) -> None:
    (folder / "a").touch()
    trash_id = throw(home, "a")
    (folder / ".trash" / f"{trash_id}.json").write_bytes(record)
    assert trash.list_trash(home).trash == []
    with pytest.raises(FaultError, match="no such thing"):
        restore(home, trash_id)


def test_a_forged_record_leads_nowhere_else(home: Home, folder: Path, outside: Path) -> None:
    (folder / "a").touch()
    (folder / "out").symlink_to(outside)
    trash_id = throw(home, "a")
    record = json.loads((folder / ".trash" / f"{trash_id}.json").read_bytes()) | {"path": "out/a"}
    (folder / ".trash" / f"{trash_id}.json").write_text(json.dumps(record))
    with pytest.raises(FaultError, match="leads out"):
        restore(home, trash_id)


def test_a_full_disk(home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise FaultError("disk_quota", "the disk is full")

    (folder / "a").touch()
    monkeypatch.setattr(trash, "_write_record", fail)
    with pytest.raises(FaultError, match="without the trash"):
        throw(home, "a")
    assert (folder / "a").exists()
    trash.delete_path(home, DeletePath(path="a"))
    assert not (folder / "a").exists()
