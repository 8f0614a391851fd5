"""The digest of a home: the same for a copy, another for whatever a person could tell apart."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from lyceum_compute.daemon import manifest

ODD = os.fsdecode(b"caf\xe9 \n'")


def furnish(home: Path) -> Path:
    (home / "folder" / "inner").mkdir(parents=True)
    (home / "folder" / ODD).write_bytes(b"text\n")
    (home / "empty").touch()
    (home / "second name").hardlink_to(home / "empty")
    (home / "link").symlink_to("folder/nowhere")
    os.mkfifo(home / "pipe")
    with (home / "sparse").open("wb") as file:
        file.truncate(2**40)
        file.seek(3 * manifest.BLOCK + 5)
        file.write(b"data")
    os.setxattr(home / "empty", "user.note", b"1")
    for path in (*home.rglob("*"), home):
        os.utime(path, ns=(0, 1_700_000_000_123_456_789), follow_symlinks=False)
    return home


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return furnish(tmp_path / "home")


def test_a_copy_has_the_same_digest(home: Path, tmp_path: Path) -> None:
    found = manifest.of_home(home)
    assert found == manifest.of_home(furnish(tmp_path / "copy"))
    assert found.entries == 8
    assert found.size == 2**40 + len("text\n")


def keep_times(path: Path, change: Callable[[], object]) -> None:
    """Change something without its showing in times."""
    before = path.stat()
    change()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda home: keep_times(home / "folder" / ODD, lambda: (home / "folder" / ODD).write_bytes(b"tent\n")),
    "time": lambda home: os.utime(home / "empty", ns=(0, 1)),
    "mode": lambda home: (home / "empty").chmod(0o755),
    "name": lambda home: keep_times(home, lambda: (home / "pipe").rename(home / "tube")),
    "place": lambda home: keep_times(home, lambda: (home / "pipe").rename(home / "folder" / "pipe")),
    "missing": lambda home: keep_times(home, (home / "pipe").unlink),
    "size": lambda home: keep_times(home / "sparse", lambda: os.truncate(home / "sparse", 2**39)),
    "place in a file": lambda home: keep_times(home / "sparse", lambda: move_data(home / "sparse")),
    "attribute": lambda home: os.setxattr(home / "empty", "user.note", b"2"),
    "attribute of a folder": lambda home: os.setxattr(home / "folder", "user.note", b"2"),
    "two files": lambda home: keep_times(home, lambda: split(home / "second name")),
    "target": lambda home: keep_times(home, lambda: retarget(home / "link")),
}


def move_data(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(3 * manifest.BLOCK)
        file.write(b"data" + bytes(5))


def split(path: Path) -> None:
    content = shutil.copy2(path, path.with_name("other"))
    Path(content).rename(path)


def retarget(path: Path) -> None:
    path.unlink()
    path.symlink_to("folder/elsewhere")
    os.utime(path, ns=(0, 1_700_000_000_123_456_789), follow_symlinks=False)


@pytest.mark.parametrize("what", CHANGES)
def test_what_a_person_could_tell_apart_has_another(home: Path, what: str) -> None:
    before = manifest.of_home(home).digest
    CHANGES[what](home)
    assert manifest.of_home(home).digest != before


def test_what_a_copy_leaves_out_or_writes_otherwise_does_not_count(home: Path) -> None:
    before = manifest.of_home(home)
    with (home / "sparse").open("r+b") as file:
        file.write(bytes(manifest.BLOCK))  # zeros in place of a hole
    (home / ".cache").mkdir()
    (home / ".cache" / "big").write_bytes(b"x")
    (home / "folder" / "sheet.sage-backup").touch()
    os.setxattr(home / "empty", "user.rsync.%stat", b"100644 0,0 1:1")
    (home / "folder").chmod((home / "folder").stat().st_mode | 0o2000)
    for path in (home / "sparse", home / "folder", home):
        os.utime(path, ns=(0, 1_700_000_000_123_456_789))
    assert manifest.of_home(home) == before


def test_folders_that_go_deep_are_read(tmp_path: Path) -> None:
    inner = str(tmp_path)
    for _ in range(600):
        inner += "/d"
        os.mkdir(inner)  # noqa: PTH102 pathlib's own recursion ends sooner
    assert manifest.of_home(tmp_path).entries == 600


def test_neither_a_socket_nor_a_pipe_is_opened(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "s"))
        os.mkfifo(tmp_path / "p")
        assert manifest.of_home(tmp_path).entries == 2
