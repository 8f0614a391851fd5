"""Looking into a snapshot, whose content is strangers'."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.framing import encode
from lyceum_compute.protocol.identity import Peer
from lyceum_compute.protocol.messages import (
    MAX_CONTENT,
    ListDirectoryResult,
    ListSnapshotDirectory,
    ReadSnapshotFile,
    ReadSnapshotFileResult,
)
from lyceum_storage import look
from lyceum_storage.layout import Layout
from lyceum_storage.service import Service

from .conftest import ID, OTHER

HUB = Peer("hub", "hub1")
NAME = "2026-11-22T10:15:00Z"


@pytest.fixture(autouse=True)
def taken(layout: Layout) -> str:
    """A snapshot with files of all kinds; beside it something that is not of it."""
    home = layout.snapshots_of(ID) / NAME / "home"
    (home / "notes").mkdir(parents=True)
    (home / "notes/proof.txt").write_text("q.e.d.\n")
    (home / "notes/picture.png").write_bytes(b"\x89PNG\0\xff")
    (home / ".hidden").write_text("")
    (home / "out").symlink_to("/etc")
    (home / "passwd").symlink_to("/etc/passwd")
    os.mkfifo(home / "pipe")
    kept(home / "quasi", "120777 0,0 200001:200001", "/etc/passwd")
    kept(home / "socket", "140755 0,0 200001:200001")
    kept(home / "unreal", "nonsense")
    kept(home / "unsaid", "")
    (home / os.fsdecode(b"\xe9t\xe9")).write_text("summer")
    secret = layout.snapshots_of(OTHER) / NAME / "home"
    secret.mkdir(parents=True)
    (secret / "secret").write_text("theirs")
    return NAME


def kept(path: Path, what: str, content: str = "") -> None:
    """A file as ``rsync --fake-super`` keeps what is none."""
    path.write_text(content)
    os.setxattr(path, "user.rsync.%stat", what.encode())


async def listed(
    service: Service, path: str = "", *, hidden: bool = False, snapshot: str = NAME
) -> ListDirectoryResult:
    asked = ListSnapshotDirectory(project_id=ID, snapshot=snapshot, path=path, hidden=hidden)
    return await service.list_snapshot_directory(HUB, asked)


async def read(service: Service, path: str, *, snapshot: str = NAME) -> ReadSnapshotFileResult:
    return await service.read_snapshot_file(HUB, ReadSnapshotFile(project_id=ID, snapshot=snapshot, path=path))


async def test_a_folder_is_listed_by_name_and_links_are_shown_as_such(service: Service) -> None:
    found = await listed(service)
    assert [(entry.name, entry.type, entry.target) for entry in found.entries] == [
        ("notes", "directory", None),
        ("out", "link", "/etc"),
        ("passwd", "link", "/etc/passwd"),
        ("pipe", "other", None),
        ("quasi", "link", "/etc/passwd"),
        ("socket", "other", None),
        ("unreal", "file", None),
        ("unsaid", "file", None),
        (r"\xe9t\xe9", "file", None),
    ]
    assert not found.truncated
    assert ".hidden" in [entry.name for entry in (await listed(service, hidden=True)).entries]


async def test_a_file_is_read_text_or_not(service: Service) -> None:
    text = await read(service, "notes/proof.txt")
    assert (text.content, text.size) == (b"q.e.d.\n", 7)
    assert (await read(service, "./notes//picture.png")).content == b"\x89PNG\0\xff"
    assert (await read(service, r"\xe9t\xe9")).content == b"summer"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("passwd", "not_found"),
        ("out/passwd", "not_found"),
        ("notes/proof.txt/x", "not_found"),
        ("nothing", "not_found"),
        ("x" * 300, "not_found"),
        ("notes", "is_a_directory"),
        ("", "is_a_directory"),
        ("quasi", "not_found"),
        ("socket", "invalid"),
        ("pipe", "invalid"),
        ("../home/notes/proof.txt", "invalid"),
        (f"../../../{OTHER}/{NAME}/home/secret", "invalid"),
        ("/etc/passwd", "invalid"),
        ("a\0b", "invalid"),
        ("\ud800", "invalid"),
    ],
)
async def test_what_is_no_file_of_the_snapshot_is_refused(service: Service, path: str, code: str) -> None:
    with pytest.raises(FaultError) as caught:
        await read(service, path)
    assert caught.value.code == code


@pytest.mark.parametrize("path", ["out", "notes/proof.txt", "nothing", "pipe"])
async def test_what_is_no_folder_is_not_listed(service: Service, path: str) -> None:
    with pytest.raises(FaultError) as caught:
        await listed(service, path)
    assert caught.value.code == "not_found"


@pytest.mark.parametrize(
    "snapshot", ["", ".", "..", "2026-11-22", f"../{OTHER}/{NAME}", f"{NAME}/home", "2026-11-22T10:15:01Z"]
)
async def test_a_name_that_is_no_snapshot_leads_nowhere(service: Service, snapshot: str) -> None:
    for asked in (listed(service, snapshot=snapshot), read(service, "notes/proof.txt", snapshot=snapshot)):
        with pytest.raises(FaultError) as caught:
            await asked
        assert caught.value.code == "not_found"


async def test_the_largest_file_fits_a_message_and_a_larger_one_is_refused(service: Service, layout: Layout) -> None:
    file = layout.snapshots_of(ID) / NAME / "home/large"
    file.write_bytes(b"\xff" * MAX_CONTENT)
    assert encode(await read(service, "large"))
    with file.open("ab") as more:
        more.write(b"x")
    with pytest.raises(FaultError) as caught:
        await read(service, "large")
    assert caught.value.code == "too_large"


async def test_a_long_folder_is_cut(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "MAX_ENTRIES", 2)
    found = await listed(service)
    assert [entry.name for entry in found.entries] == ["notes", "out"]
    assert found.truncated


async def test_a_snapshot_that_is_being_deleted_is_gone(service: Service, layout: Layout) -> None:
    home = os.open(layout.snapshots_of(ID) / NAME / "home", os.O_RDONLY)
    try:
        fcntl.flock(home, fcntl.LOCK_EX)
        with pytest.raises(FaultError) as caught:
            await read(service, "notes/proof.txt")
        assert caught.value.code == "not_found"
    finally:
        os.close(home)
