"""Folders that go from one project to another as a stream."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest
from lyceum_compute.local_hub.confinement import Home

from tests.unit.compute.local_hub.conftest import names_in
from tests.unit.compute.local_hub.file_client import PROJECT, Files


def tree_of(members: list[tarfile.TarInfo], content: bytes = b"x") -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for member in members:
            member.size = len(content) if member.isreg() else 0
            archive.addfile(member, io.BytesIO(content))
    return held.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, 0o4755
    return info


@pytest.mark.process("tar")
@pytest.mark.process("rm")
def test_a_tree_goes_from_one_project_to_another(files: Files, folder: Path, tmp_path: Path) -> None:
    top = folder / os.fsdecode(b"t\xe9")
    (top / "below").mkdir(parents=True)
    (top / "below" / "a").write_text("a")
    (top / "link").symlink_to("below/a")
    os.link(top / "below" / "a", top / "hard")
    (top / "-rf").touch()
    sent = files.ask("GET", "t%E9", kind="tree")
    assert sent.status == 200
    other = tmp_path / "other"
    other.mkdir()
    there = Files(Home(str(other)))
    assert there.ask("PUT", "x/copy", iter([sent.body]), kind="tree").status == 200
    copy = other / "x" / "copy"
    assert (copy / "below" / "a").read_text() == "a"
    assert (copy / "link").readlink() == Path("below/a")
    assert (copy / "hard").samefile(copy / "below" / "a")
    assert names_in(other / "x") == ["copy"]
    assert there.ask("PUT", "x/copy", sent.body, kind="tree").code == "conflict"
    assert there.ask("PUT", "x/copy?overwrite=1", sent.body, kind="tree").status == 200
    assert names_in(other / "x") == ["copy"]
    assert files.ask("GET", "none", kind="tree").status == 404
    assert files.ask("GET", "", kind="tree").status == 422


@pytest.mark.process("tar")
@pytest.mark.process("rm")
@pytest.mark.parametrize(
    "members",
    [
        [member("../../outside/new")],
        [member("a", tarfile.SYMTYPE, "../../outside"), member("a/new")],
        [member("d", tarfile.DIRTYPE), member("d/a", tarfile.SYMTYPE, "../../../outside"), member("d/a/new")],
        [member("d", tarfile.DIRTYPE), member("d/a", tarfile.LNKTYPE, "../../outside/secret"), member("d/a")],
        [member("one"), member("two")],
        [],
    ],
)
def test_a_hostile_tree(files: Files, folder: Path, outside: Path, members: list[tarfile.TarInfo]) -> None:
    answer = files.ask("PUT", "copy", tree_of(members), kind="tree")
    assert answer.status >= 400
    assert names_in(folder) == []
    assert names_in(outside) == ["secret"]
    assert (outside / "secret").read_text() == "secret"


@pytest.mark.process("tar")
@pytest.mark.process("rm")
def test_a_tree_gives_no_right_and_follows_no_link(files: Files, folder: Path, outside: Path) -> None:
    members = [member("d", tarfile.DIRTYPE), member("d/a"), member("d/abs", tarfile.SYMTYPE, str(outside))]
    assert files.ask("PUT", "copy", tree_of(members), kind="tree").status == 200
    assert (folder / "copy" / "a").stat().st_mode & 0o7000 == 0
    assert files.get("copy/abs/secret").status == 403


@pytest.mark.process("tar")
@pytest.mark.process("rm")
def test_half_a_tree_leaves_nothing(files: Files, folder: Path) -> None:
    tree = tree_of([member("a")], b"x" * 100_000)
    with files.connected() as sock:
        sock.sendall(f"PUT /{PROJECT}/tree/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        sock.sendall(b"%x\r\n%b\r\n" % (50_000, tree[:50_000]))
    assert names_in(folder) == []
    assert files.ask("PUT", "a", tree[:50_000], kind="tree").status >= 400
    assert names_in(folder) == []
