from __future__ import annotations

import os
from pathlib import Path

import pytest
from lyceum_compute.daemon import restore
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import RestoreResult

STAMP = "2026-11-22 10.15.00"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def put(home: Path, path: str, files: dict[str, str]) -> RestoreResult:
    """Restore files as if they had just arrived."""
    with restore.arrivals(home.parent / "restore") as folder:
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        wanted = restore.Wanted.of("2026-11-22T10:15:00Z", path)
        return restore.Placing(os.getuid(), STAMP).place(folder, home, wanted)


def test_a_deleted_file_comes_back(home: Path) -> None:
    assert put(home, "notes.txt", {"notes.txt": "old"}) == RestoreResult(restored=["notes.txt"], set_aside=[])
    assert (home / "notes.txt").read_text() == "old"
    assert list((home.parent / "restore").iterdir()) == []


def test_a_name_that_is_no_text_comes_back_and_is_told_as_it_was_asked_for(home: Path) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    (home / name).write_text("new")
    result = put(home, "caf\\xe9.txt", {name: "old"})
    assert result == RestoreResult(restored=["caf\\xe9.txt"], set_aside=[f"caf\\xe9 (before restore {STAMP}).txt"])
    assert (home / name).read_text() == "old"


def test_what_is_there_is_set_aside(home: Path) -> None:
    (home / "notes.txt").write_text("new")
    result = put(home, "notes.txt", {"notes.txt": "old"})
    aside = f"notes (before restore {STAMP}).txt"
    assert result == RestoreResult(restored=["notes.txt"], set_aside=[aside])
    assert ((home / "notes.txt").read_text(), (home / aside).read_text()) == ("old", "new")


def test_set_aside_twice_in_a_second(home: Path) -> None:
    (home / "a").write_text("3")
    put(home, "a", {"a": "2"})
    result = put(home, "a", {"a": "1"})
    assert result.set_aside == [f"a (before restore {STAMP}, 2)"]
    assert {path.read_text() for path in home.iterdir()} == {"1", "2", "3"}


def test_missing_folders_are_made(home: Path) -> None:
    result = put(home, "a/b/c.txt", {"c.txt": "x"})
    assert result.restored == ["a/b/c.txt"]
    assert (home / "a/b/c.txt").read_text() == "x"
    assert (home / "a").stat().st_mode & 0o777 == 0o700


def test_a_whole_home(home: Path) -> None:
    (home / "kept").write_text("k")
    (home / "b").write_text("new")
    result = put(home, "", {"a": "1", "b": "2", "c/d": "3"})
    assert result.restored == ["a", "b", "c"]
    assert len(result.set_aside) == 1
    assert (home / "kept").read_text() == "k"
    assert (home / "c/d").read_text() == "3"


def test_a_link_on_the_way_is_set_aside_and_not_followed(home: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (home / "a").symlink_to(outside)
    result = put(home, "a/b.txt", {"b.txt": "x"})
    assert list(outside.iterdir()) == []
    assert (home / "a/b.txt").read_text() == "x"
    assert not (home / "a").is_symlink()
    assert result.set_aside == [f"a (before restore {STAMP})"]


def test_a_file_on_the_way_is_set_aside(home: Path) -> None:
    (home / "a").write_text("file")
    put(home, "a/b.txt", {"b.txt": "x"})
    assert (home / "a/b.txt").read_text() == "x"
    assert (home / f"a (before restore {STAMP})").read_text() == "file"


def test_a_link_in_the_place_of_the_file_is_set_aside(home: Path, tmp_path: Path) -> None:
    (tmp_path / "passwd").write_text("precious")
    (home / "a").symlink_to(tmp_path / "passwd")
    put(home, "a", {"a": "x"})
    assert (tmp_path / "passwd").read_text() == "precious"
    assert (home / "a").read_text() == "x"


@pytest.mark.parametrize("path", ["/etc/passwd", "../other", "a/../../b", "a\0b", "\udcff"])
def test_paths_that_lead_out_are_invalid(path: str) -> None:
    with pytest.raises(FaultError) as caught:
        restore.Wanted.of("2026-11-22T10:15:00Z", path)
    assert caught.value.code == "invalid"


@pytest.mark.parametrize("snapshot", ["", "..", "a/b", "a b", "-x", "x" * 65, "a\n", "x", "2026-11-22"])
def test_what_is_no_snapshot_s_name_is_invalid(snapshot: str) -> None:
    with pytest.raises(FaultError) as caught:
        restore.Wanted.of(snapshot, "x")
    assert caught.value.code == "invalid"


@pytest.mark.parametrize(
    ("name", "aside"),
    [
        (b"notes.txt", f"notes (before restore {STAMP}).txt".encode()),
        (b".bashrc", f".bashrc (before restore {STAMP})".encode()),
        (b"a" * 255, b"a" * (255 - len(STAMP) - 18) + f" (before restore {STAMP})".encode()),
        (b"\xff\xfe", b"\xff\xfe" + f" (before restore {STAMP})".encode()),
    ],
)
def test_names_of_files_set_aside(name: bytes, aside: bytes) -> None:
    assert restore.aside_name(name, STAMP) == aside
    assert len(aside) <= 255


def test_a_cut_name_stays_readable() -> None:
    name = restore.aside_name("ü".encode() * 127, STAMP)
    assert len(name) <= 255
    assert name.decode().startswith("üüü")


@pytest.mark.parametrize(
    ("number", "code"), [(122, "disk_quota"), (28, "disk_quota"), (18, "conflict"), (5, "unavailable")]
)
def test_errors_of_the_file_system_are_explained(number: int, code: str) -> None:
    assert restore.as_fault(OSError(number, "x")).code == code


def test_what_broke_off_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / "restore" / "abc" / "d").mkdir(parents=True)
    restore.sweep(tmp_path / "restore")
    assert list((tmp_path / "restore").iterdir()) == []
    restore.sweep(tmp_path / "none")


def test_what_cannot_be_cleared_away_is_told_and_hides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(1, "Operation not permitted", str(path))

    monkeypatch.setattr(restore.shutil, "rmtree", refuse)
    with pytest.raises(FaultError, match="first"), restore.arrivals(tmp_path / "restore"):
        raise FaultError("unavailable", "what went wrong first")
    assert "could not be cleared away" in caplog.text
