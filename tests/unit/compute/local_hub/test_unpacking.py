"""Unpacking zip archives, hostile ones too."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from lyceum_compute.local_hub import unpacking
from lyceum_compute.local_hub.confinement import Home
from lyceum_compute.local_hub.unpacking import unpack_archive
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import UnpackArchive, UnpackArchiveResult

from tests.unit.compute.local_hub.conftest import names_in

pytestmark = pytest.mark.process("rm")


def info(name: str, mode: int = 0o644, kind: int = stat.S_IFREG) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6))
    made.external_attr = (kind | mode) << 16
    made.compress_type = zipfile.ZIP_DEFLATED
    return made


def pack(folder: Path, *entries: tuple[zipfile.ZipInfo, bytes]) -> None:
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        for entry, content in entries:
            archive.writestr(entry, content)


def unpack(home: Home, destination: str = "new", **more: Any) -> UnpackArchiveResult:
    return unpack_archive(home, UnpackArchive(path="a.zip", destination=destination, **more))


def test_into_a_new_folder(home: Home, folder: Path) -> None:
    pack(folder, (info("d/run", 0o755), b"#!"), (info("d/é"), b"text"), (info("empty/", kind=stat.S_IFDIR), b""))
    result = unpack(home, "some/new")
    assert (result.files, result.size) == (2, 6)
    new = folder / "some" / "new"
    assert names_in(new) == ["d", "empty"]
    assert (new / "d" / "é").read_bytes() == b"text"
    assert (new / "d" / "run").stat().st_mode & 0o777 == 0o755
    assert (new / "d" / "run").stat().st_mtime == pytest.approx(1767323046, abs=86400)
    assert names_in(folder / "some") == ["new"]


def test_into_a_folder_that_is_there(home: Home, folder: Path) -> None:
    (folder / "d").mkdir()
    (folder / "d" / "mine").write_text("mine")
    (folder / "d" / "both").write_text("mine")
    pack(folder, (info("d/both"), b"theirs"), (info("d/new"), b"theirs"))
    with pytest.raises(FaultError, match="is there already") as raised:
        unpack(home, "")
    assert raised.value.code == "conflict"
    assert names_in(folder / "d") == ["both", "mine"]
    unpack(home, "", overwrite=True)
    assert {path.name: path.read_text() for path in (folder / "d").iterdir()} == {
        "mine": "mine",
        "both": "theirs",
        "new": "theirs",
    }
    assert names_in(folder) == ["a.zip", "d"]


@pytest.mark.parametrize(
    "entry",
    [
        info("../outside/new"),
        info("d/../../outside/new"),
        info("/etc/passwd"),
        info("link", 0o777, stat.S_IFLNK),
        info("device", 0o666, stat.S_IFBLK),
        info("pipe", 0o666, stat.S_IFIFO),
        info("n" * 256),
        info("d/" * 201 + "x"),
    ],
    ids=str,
)
def test_an_entry_that_should_not_be_there(home: Home, folder: Path, outside: Path, entry: zipfile.ZipInfo) -> None:
    pack(folder, (info("good"), b"good"), (entry, b"/etc/passwd"))
    with pytest.raises(FaultError, match="nothing was unpacked"):
        unpack(home)
    assert names_in(folder) == ["a.zip"]
    assert names_in(outside) == ["secret"]


def test_a_link_in_the_way_is_not_followed(home: Home, folder: Path, outside: Path) -> None:
    (folder / "new").mkdir()
    (folder / "new" / "d").symlink_to(outside)
    (folder / "new" / "f").symlink_to(outside / "secret")
    pack(folder, (info("d/secret"), b"mine"), (info("f"), b"mine"))
    unpack(home, overwrite=True)
    assert (outside / "secret").read_text() == "secret"
    assert (folder / "new" / "d" / "secret").read_text() == "mine"


def test_a_bomb(home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "ALWAYS", 1_000_000)
    pack(folder, (info("zeros"), bytes(2_000_000)))
    with pytest.raises(FaultError) as raised:
        unpack(home)
    assert raised.value.code == "too_large"
    assert names_in(folder) == ["a.zip"]


def test_an_entry_that_is_longer_than_it_says(home: Home, folder: Path) -> None:
    pack(folder, (info("zeros"), bytes(100_000)))
    raw = bytearray((folder / "a.zip").read_bytes())
    length = (100_000).to_bytes(4, "little")
    while (place := raw.find(length)) >= 0:
        raw[place : place + 4] = (1_000).to_bytes(4, "little")
    (folder / "a.zip").write_bytes(raw)
    with pytest.raises(FaultError):
        unpack(home)
    assert names_in(folder) == ["a.zip"]


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x01\x02" + b"PK\x05\x06" + b"\xff" * 18])
def test_no_archive(home: Home, folder: Path, content: bytes) -> None:
    (folder / "a.zip").write_bytes(content)
    with pytest.raises(FaultError, match="no zip archive") as raised:
        unpack(home)
    assert raised.value.code == "invalid"


def test_names_that_do_not_say_what_they_are(home: Home, folder: Path) -> None:
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        for raw in ("é".encode(), b"caf\x82"):
            entry = info(raw.decode("cp437"))
            archive.writestr(entry, b"")
    raw = (folder / "a.zip").read_bytes()
    for name in ("é".encode().decode("cp437").encode(), b"caf\x82".decode("cp437").encode()):
        assert name in raw
    unpack(home)
    assert len(names_in(folder / "new")) == 2


def test_a_file_where_a_folder_is_needed(home: Home, folder: Path) -> None:
    pack(folder, (info("a"), b""), (info("a/b"), b""))
    with pytest.raises(FaultError):
        unpack(home)
    assert names_in(folder) == ["a.zip"]
