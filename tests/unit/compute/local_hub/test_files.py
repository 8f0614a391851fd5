"""Reading, writing and listing."""

from __future__ import annotations

import errno
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lyceum_compute.local_hub import files
from lyceum_compute.local_hub.confinement import Home
from lyceum_compute.local_hub.files import list_directory, make_directory, read_text_file, write_text_file
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import (
    MAX_CONTENT,
    ListDirectory,
    MakeDirectory,
    ReadTextFile,
    WriteTextFile,
    WriteTextFileResult,
)
from lyceum_compute.protocol.names import bytes_of


def write(home: Home, path: str, content: str = "text", **more: Any) -> WriteTextFileResult:
    return write_text_file(home, WriteTextFile(path=path, content=content, **more))


def read(home: Home, path: str) -> str:
    return read_text_file(home, ReadTextFile(path=path)).content


def code_of(call: Any, *arguments: Any, **more: Any) -> str:
    with pytest.raises(FaultError) as raised:
        call(*arguments, **more)
    return raised.value.code


def names(home: Home, path: str = "", **more: Any) -> list[str]:
    return [entry.name for entry in list_directory(home, ListDirectory(path=path, **more)).entries]


@pytest.mark.parametrize("content", ["", "text\n", "no end", "\r\n\t", "Grüße, Привет, 你好, 👩‍🚀", '"\\\x1b\x01'])
def test_round_trip(home: Home, content: str) -> None:
    written = write(home, "a/b/new file", content)
    found = read_text_file(home, ReadTextFile(path="a/b/new file"))
    assert found.content == content
    assert (found.size, found.modified) == (written.size, written.modified)
    assert written.size == len(content.encode())


def test_write_keeps_mode_and_leaves_nothing_behind(home: Home, folder: Path) -> None:
    (folder / "run").write_text("old")
    (folder / "run").chmod(0o750)
    write(home, "run", "new")
    assert (folder / "run").stat().st_mode & 0o777 == 0o750
    assert names(home, hidden=True) == ["run"]


def test_write_through_a_link_inside(home: Home, folder: Path) -> None:
    (folder / "real").write_text("old")
    (folder / "link").symlink_to("real")
    write(home, "link", "new")
    assert (folder / "link").is_symlink()
    assert (folder / "real").read_text() == "new"
    (folder / "dangling").symlink_to("made")
    write(home, "dangling", "x")
    assert (folder / "made").read_text() == "x"


def test_write_through_a_link_leading_out(home: Home, folder: Path, outside: Path) -> None:
    (folder / "link").symlink_to(outside / "secret")
    (folder / "new").symlink_to(outside / "new")
    assert code_of(write, home, "link") == "forbidden"
    assert code_of(write, home, "new") == "forbidden"
    assert (outside / "secret").read_text() == "secret"
    assert not (outside / "new").exists()


def test_changed_on_disk(home: Home, folder: Path) -> None:
    first = write(home, "file", "one")
    second = write(home, "file", "two", unmodified_since=first.modified)
    os.utime(folder / "file", ns=(0, 1_000_000_000))
    assert code_of(write, home, "file", "three", unmodified_since=second.modified) == "changed_on_disk"
    assert read(home, "file") == "two"
    (folder / "file").unlink()
    assert code_of(write, home, "file", "four", unmodified_since=second.modified) == "changed_on_disk"
    assert (
        code_of(write, home, "file", "x", unmodified_since=second.modified + timedelta(seconds=1)) == "changed_on_disk"
    )


def test_what_is_not_written(home: Home, folder: Path) -> None:
    (folder / "folder").mkdir()
    (folder / "fixed").write_text("old")
    (folder / "fixed").chmod(0o444)
    os.mkfifo(folder / "pipe")
    assert code_of(write, home, "folder") == "is_a_directory"
    assert code_of(write, home, "") == "is_a_directory"
    assert code_of(write, home, "fixed") == "forbidden"
    assert code_of(write, home, "pipe") == "invalid"
    assert code_of(write, home, "fixed/x") == "not_a_directory"
    assert code_of(write, home, "big", "x" * (MAX_CONTENT + 1)) == "too_large"
    assert code_of(write, home, "half", "\ud800") == "invalid"


def test_what_is_not_read(home: Home, folder: Path) -> None:
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "binary").write_bytes(b"\xff\xfe\x00")
    (folder / "zeros").write_bytes(b"text\0text")
    with (folder / "big").open("wb") as big:
        big.truncate(MAX_CONTENT + 1)
    assert code_of(read, home, "folder") == "is_a_directory"
    assert code_of(read, home, "") == "is_a_directory"
    assert code_of(read, home, "pipe") == "invalid"
    assert code_of(read, home, "binary") == "not_text"
    assert code_of(read, home, "zeros") == "not_text"
    assert code_of(read, home, "big") == "too_large"
    assert code_of(read, home, "none") == "not_found"


@pytest.mark.parametrize("number", [errno.EDQUOT, errno.ENOSPC])
def test_full_quota_keeps_the_old_file(home: Home, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    write(home, "file", "old")

    def full(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FaultError, match="quota is used up: delete files") as raised:
        write(home, "file", "new")
    assert raised.value.code == "disk_quota"
    assert read(home, "file") == "old"
    assert names(home, hidden=True) == ["file"]


def test_listing(home: Home, folder: Path) -> None:
    (folder / "b").mkdir()
    (folder / "a").write_text("12345")
    (folder / ".hidden").write_text("")
    (folder / "link").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    result = list_directory(home, ListDirectory())
    assert [(entry.name, entry.type, entry.target) for entry in result.entries] == [
        ("a", "file", None),
        ("b", "directory", None),
        ("link", "link", "/etc/passwd"),
        ("pipe", "other", None),
    ]
    assert result.entries[0].size == 5
    assert not result.truncated
    assert names(home, hidden=True)[0] == ".hidden"
    assert code_of(names, home, "a") == "not_a_directory"
    assert code_of(names, home, "none") == "not_found"


def test_listing_is_bounded(home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(12):
        (folder / f"file {number:02}").write_text("")
    result = list_directory(home, ListDirectory(limit=5))
    assert [entry.name for entry in result.entries] == [f"file {number:02}" for number in range(5)]
    assert result.truncated
    monkeypatch.setattr(files, "MAX_LISTING", 14)
    assert len(list_directory(home, ListDirectory()).entries) == 2
    assert [code_of(names, home, limit=limit) for limit in (0, 10_001)] == ["invalid"] * 2


@pytest.mark.parametrize("room", [2_000_000, 40])
def test_a_long_listing_in_parts(home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    monkeypatch.setattr(files, "MAX_LISTING", room)
    there = sorted([f"file {number:02}" for number in range(12)] + ["bad\\xff", "b\\xff", "\\x5cxff"])
    for name in there:
        (folder / os.fsdecode(bytes_of(name))).touch()
    found, after, parts = [], None, 0
    while parts == 0 or after is not None:
        result = list_directory(home, ListDirectory(limit=5, after=after))
        found += [entry.name for entry in result.entries]
        assert result.truncated == (result.next is not None)
        after, parts = result.next, parts + 1
    assert sorted(found) == there
    assert parts >= 3


def test_listing_names_that_are_no_text(home: Home, folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/bad\xff")).write_text("")
    assert names(home) == ["bad\\xff"]
    assert read(home, "bad\\xff") == ""


def test_who_looks_at_a_folder_finds_no_upload_that_was_given_up_long_ago(home: Home, folder: Path) -> None:
    old = [".lyceum-upload-0123456789abcdef", ".lyceum-0123456789abcdef.tmp"]
    kept = [".lyceum-upload-fedcba9876543210", ".lyceum-upload-short", "old"]
    for name in (*old, *kept):
        (folder / name).touch()
        if name != kept[0]:
            os.utime(folder / name, (0, 1_000))
    list_directory(home, ListDirectory(path=""))
    assert {path.name for path in folder.iterdir()} == set(kept)


def test_time_out_of_bounds(home: Home, folder: Path) -> None:
    write(home, "file")
    os.utime(folder / "file", (2**60, 2**60))
    assert read(home, "file") == "text"


def test_make_directory(home: Home, folder: Path) -> None:
    for _ in range(2):
        make_directory(home, MakeDirectory(path="a/b c/ü"))
    assert (folder / "a/b c/ü").is_dir()
    make_directory(home, MakeDirectory(path=""))
    (folder / "file").write_text("")
    assert code_of(make_directory, home, MakeDirectory(path="file")) == "conflict"
    assert code_of(make_directory, home, MakeDirectory(path="file/x")) == "not_a_directory"
