"""The receiver, with a real rsync at both ends and the daemon's control socket between."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.identity import Peer
from lyceum_compute.protocol.messages import StoredProject
from lyceum_compute.protocol.server import Server
from lyceum_storage.command import RefusedError
from lyceum_storage.copies import lock
from lyceum_storage.receive import Control

from .conftest import ID, OTHER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lyceum_storage.layout import Layout
    from lyceum_storage.service import Service

pytestmark = [pytest.mark.process("rsync"), pytest.mark.process("python")]

COMPUTE1 = Peer("compute", "compute1")
MINE = StoredProject(project_id=ID)
ATTRIBUTES = ["--filter=-x! user.*", "--timeout=60"]
#: As docs/architecture.md gives them to compute hosts.
SAVE = [
    "-aHAXS",
    "--numeric-ids",
    "--modify-window=-1",
    "--delete",
    "--delete-excluded",
    "--exclude=/.cache",
    *ATTRIBUTES,
]
FETCH = ["-aHAXS", "--numeric-ids", "--modify-window=-1", "--no-devices", *ATTRIBUTES]

#: What stands in for ssh: it runs the forced command as sshd would, with what rsync asks for in the environment.
SHELL = """#!{python}
import os, sys
os.environ["SSH_ORIGINAL_COMMAND"] = " ".join(sys.argv[4:])
os.environ["PYTHONPATH"] = {path!r}
command = ["-m", "lyceum_storage.receive", "--host", {host!r}, "--data", {data!r}, "--control", {control!r}]
os.execv({python!r}, [{python!r}, *command])
"""


class Sender:
    """A compute host."""

    def __init__(self, folder: Path, layout: Layout, control: Path) -> None:
        self.folder = folder
        self.layout = layout
        self.control = control
        self.source = folder / "source"
        self.source.mkdir()

    async def rsync(self, *arguments: str | Path, host: str = "compute1") -> tuple[int, str]:
        """Run rsync against the receiver; return its exit code and what it and the receiver said."""
        shell = self.shell(host)
        process = await asyncio.create_subprocess_exec(
            "rsync", *arguments, "-e", str(shell), stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
        )
        _, said = await process.communicate()
        return process.returncode or 0, said.decode(errors="replace")

    def shell(self, host: str) -> Path:
        """Write what stands in for ssh."""
        shell = self.folder / "shell"
        shell.write_text(
            SHELL.format(
                python=sys.executable,
                path=os.pathsep.join(sys.path),
                host=host,
                data=str(self.layout.data),
                control=str(self.control),
            )
        )
        shell.chmod(0o755)
        return shell

    async def save(self, project_id: str = ID, host: str = "compute1") -> tuple[int, str]:
        """Send the source."""
        return await self.rsync(*SAVE, f"{self.source}/", f"lyceum-receive@storage1:{project_id}/", host=host)

    async def fetch(self, what: str, target: Path, *options: str, host: str = "compute1") -> tuple[int, str]:
        """Fetch from a snapshot."""
        return await self.rsync(*FETCH, *options, f"lyceum-receive@storage1:{what}", f"{target}/", host=host)


@pytest_asyncio.fixture
async def sender(service: Service, layout: Layout, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sender]:
    folder = tmp_path_factory.mktemp("compute")
    control = folder / "control.sock"
    server = Server(service.control_operations())
    await server.listen_unix(str(control))
    await service.prepare(COMPUTE1, MINE)
    yield Sender(folder, layout, control)
    await server.close()


def fill(folder: Path) -> None:
    """Make one of everything."""
    (folder / "text").write_text("text")
    (folder / "same").hardlink_to(folder / "text")
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "run").write_text("#!/bin/sh")
    (folder / "run").chmod(0o750)
    os.setxattr(folder / "text", "user.colour", b"blue")
    with (folder / "sparse").open("wb") as file:
        file.truncate(50_000_000)
    os.mkfifo(folder / "fifo")
    (folder / ".cache").mkdir()
    (folder / ".cache/junk").write_text("junk")
    odd = folder / "a folder's *[x]?\\d\n"
    odd.mkdir()
    for name in (b"-dash", b"\xff\xfe", b"new\nline", b' " ', b"back\\*s", b"~"):
        (odd / os.fsdecode(name)).write_bytes(name)


def contents(folder: Path) -> dict[bytes, bytes]:
    """Every regular file's content by its path."""
    files = (path for path in folder.rglob("*") if stat.S_ISREG(path.lstat().st_mode))
    return {os.fsencode(path.relative_to(folder)): path.read_bytes() for path in files}


async def test_times_come_back_to_the_nanosecond(sender: Sender, service: Service, tmp_path: Path) -> None:
    """What had been changed within the second of the copy did not: rsync took its time for right already."""
    (sender.source / "folder").mkdir()
    (sender.source / "link").symlink_to("folder")
    assert await sender.save() == (0, "")
    await service.snapshot(COMPUTE1, MINE)
    target = tmp_path / "target"
    assert await sender.fetch(f"{ID}/latest/", target) == (0, "")
    for name in (".", "folder", "link"):
        assert (target / name).lstat().st_mtime_ns == (sender.source / name).lstat().st_mtime_ns


async def test_what_was_saved_comes_back_as_it_was(sender: Sender, service: Service, tmp_path: Path) -> None:
    fill(sender.source)
    assert await sender.save() == (0, "")
    await service.snapshot(COMPUTE1, MINE)
    target = tmp_path / "target"
    assert await sender.fetch(f"{ID}/latest/", target) == (0, "")
    sent = contents(sender.source)
    del sent[b".cache/junk"]
    assert contents(target) == sent
    assert (target / "link").readlink() == Path("/etc/passwd")
    assert (target / "text").samefile(target / "same")
    assert os.getxattr(target / "text", "user.colour") == b"blue"
    assert os.listxattr(target / "text") == ["user.colour"]
    assert (target / "run").stat().st_mode & 0o777 == 0o750
    assert (target / "sparse").stat().st_blocks * 512 < 1_000_000
    assert stat.S_ISFIFO((target / "fifo").stat().st_mode)


async def test_a_copy_holds_no_links_that_could_lead_anywhere(sender: Sender, layout: Layout) -> None:
    fill(sender.source)
    await sender.save()
    assert not [path for path in layout.home(ID).rglob("*") if path.is_symlink()]


async def test_what_was_deleted_is_deleted_in_the_copy(sender: Sender, layout: Layout) -> None:
    fill(sender.source)
    await sender.save()
    (sender.source / "text").unlink()
    (layout.home(ID) / ".cache").mkdir()  # from before it was excluded
    await sender.save()
    names = {path.name for path in layout.home(ID).iterdir()}
    assert "text" not in names
    assert ".cache" not in names
    assert "same" in names


@pytest.mark.parametrize("name", [b"\xff\xfe", b"back\\*s"])
async def test_one_file_of_any_name_is_fetched(sender: Sender, service: Service, tmp_path: Path, name: bytes) -> None:
    fill(sender.source)
    await sender.save()
    snapshot = (await service.snapshot(COMPUTE1, MINE)).snapshot
    path = b"a folder's *[x]?\\d\n/" + name
    assert await sender.fetch(f"{ID}/{snapshot}/{path.hex()}", tmp_path / "target", "--trust-sender") == (0, "")
    assert contents(tmp_path / "target") == {name: name}


async def test_a_folder_is_fetched_with_all_that_is_in_it(sender: Sender, service: Service, tmp_path: Path) -> None:
    fill(sender.source)
    await sender.save()
    await service.snapshot(COMPUTE1, MINE)
    path = b"a folder's *[x]?\\d\n"
    assert await sender.fetch(f"{ID}/latest/{path.hex()}", tmp_path / "target", "--trust-sender") == (0, "")
    assert len(contents(tmp_path / "target" / os.fsdecode(path))) == 6


@pytest.mark.parametrize("path", [b"nothing", b"link/passwd", b"text/x"])
async def test_what_a_snapshot_does_not_hold_is_not_fetched(
    sender: Sender, service: Service, tmp_path: Path, path: bytes
) -> None:
    fill(sender.source)
    await sender.save()
    await service.snapshot(COMPUTE1, MINE)
    code, said = await sender.fetch(f"{ID}/latest/{path.hex()}", tmp_path / "target", "--trust-sender")
    assert code != 0
    assert "lyceum-storage: " in said
    assert "Traceback" not in said


async def test_another_hosts_project_can_be_neither_written_nor_read(
    sender: Sender, service: Service, layout: Layout, tmp_path: Path
) -> None:
    fill(sender.source)
    await service.prepare(Peer("compute", "compute2"), StoredProject(project_id=OTHER))
    for host, project_id in (("compute1", OTHER), ("compute2", ID)):
        code, said = await sender.save(project_id, host=host)
        assert code != 0
        assert f"lyceum-storage: no such project on {host}" in said
        code, said = await sender.fetch(f"{project_id}/latest/", tmp_path / "target", host=host)
        assert code != 0
        assert "no such project" in said
    assert not list(layout.home(OTHER).iterdir())
    assert not list(layout.home(ID).iterdir())


async def test_a_copy_that_broke_off_is_not_whole(sender: Sender, service: Service) -> None:
    (sender.source / "text").write_text("text")
    assert (await sender.save())[0] == 0
    command = f"rsync --server -logDtprHAXSe.LsfxCIvu -@-1 --delete-excluded --numeric-ids . {ID}/"
    sender.shell("compute1")
    hung_up = await asyncio.create_subprocess_exec(
        sender.folder / "shell", "-l", "user", "host", command, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert await hung_up.wait() != 0
    with pytest.raises(FaultError, match="no complete copy"):
        await service.snapshot(COMPUTE1, MINE)
    assert (await sender.save())[0] == 0
    await service.snapshot(COMPUTE1, MINE)


async def test_what_a_broken_transfer_left_is_no_part_of_the_copy(sender: Sender, layout: Layout) -> None:
    (sender.source / "text").write_text("text")
    partial = layout.copy(ID) / "partial"
    (partial / "left").write_text("x")
    (partial / "folder").mkdir()
    (partial / "folder/left").write_text("x")
    assert (await sender.save())[0] == 0
    assert not list(partial.iterdir())


async def test_two_at_once_are_one_and_a_refusal(sender: Sender, layout: Layout) -> None:
    (sender.source / "text").write_text("text")
    with lock(layout.home(ID)):
        code, said = await sender.save()
    assert code != 0
    assert "being received already" in said
    assert (await sender.save())[0] == 0


async def test_without_the_daemon_nothing_is_received(sender: Sender) -> None:
    sender.control = sender.folder / "nobody.sock"
    code, said = await sender.save()
    assert code != 0
    assert "the storage daemon does not answer" in said
    assert "Traceback" not in said


def test_an_answer_that_cannot_be_read_is_a_refusal(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.bind(str(tmp_path / "sock"))
        with pytest.raises(RefusedError, match="does not answer"):
            Control(str(tmp_path / "sock")).ask("begin")
