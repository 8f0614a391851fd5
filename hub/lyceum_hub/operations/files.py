"""Operations on what is in a project: commands, files, snapshots."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from lyceum_compute.protocol import messages
from lyceum_compute.protocol.messages import (
    DeletePathResult,
    Empty,
    ExecResult,
    ListDirectoryResult,
    ListPortsResult,
    ListSnapshotsResult,
    ReadSnapshotFileResult,
    ReadTextFileResult,
    RestoreResult,
    UnpackArchiveResult,
    WriteTextFileResult,
)

from lyceum_hub.services.copies import End
from lyceum_hub.services.files import relative

from .registry import Call, Done, OfProject, Who, operation

#: Seconds that an operation on a whole tree may take.
TREE = 600.0
#: Characters of a command and its arguments.
Command = Annotated[str, msgspec.Meta(max_length=100_000)]


class ProjectExec(OfProject, frozen=True):
    """With ``bash``, ``command`` is given to ``bash -c``. ``timeout``: seconds. ``max_output``: bytes of each."""

    command: Command
    args: Annotated[list[Command], msgspec.Meta(max_length=10_000)] = msgspec.field(default_factory=list)
    path: str = ""
    timeout: Annotated[float, msgspec.Meta(gt=0, le=600)] = 60
    max_output: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 1_000_000
    bash: bool = False


class ReadTextFile(OfProject, frozen=True):
    """Which, relative to the project's home."""

    path: str


class WriteTextFile(OfProject, frozen=True):
    """``unmodified_since``: refuse (409 ``changed_on_disk``) if the file's ``modified`` is another."""

    path: str
    content: str
    unmodified_since: datetime | None = None


class ListDirectory(OfProject, frozen=True):
    """``hidden``: names that begin with a dot, too. ``after``: the ``next`` of the part before, for long folders."""

    path: str = ""
    hidden: bool = False
    after: Annotated[str, msgspec.Meta(max_length=1_100)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 10_000


class TwoPaths(OfProject, frozen=True):
    """From where to where."""

    source: str
    destination: str
    overwrite: bool = False


class BetweenProjects(OfProject, frozen=True):
    """From where to where. ``destination_project_id``: into this project; both must be running."""

    source: str
    destination: str
    overwrite: bool = False
    destination_project_id: UUID | None = None


class DeletePath(OfProject, frozen=True):
    """``trash``: so that it can be restored."""

    path: str
    trash: bool = False


class UnpackArchive(OfProject, frozen=True):
    """``path``: a zip archive. ``destination``: a folder, made if it is not there."""

    path: str
    destination: str
    overwrite: bool = False


class OnePath(OfProject, frozen=True):
    """Which, relative to the project's home."""

    path: str


class ListSnapshots(OfProject, frozen=True):
    """``path``: only snapshots that hold it."""

    path: str | None = None


class ListSnapshotDirectory(OfProject, frozen=True):
    """``snapshot`` is a name that ``list_snapshots`` gives. ``hidden``: names that begin with a dot, too."""

    snapshot: str
    path: str = ""
    hidden: bool = False


class ReadSnapshotFile(OfProject, frozen=True):
    """``snapshot`` is a name that ``list_snapshots`` gives."""

    snapshot: str
    path: str


class RestorePath(OfProject, frozen=True):
    """``snapshot`` is a name that ``list_snapshots`` gives; the empty path is the whole home."""

    snapshot: str
    path: str


@operation(Who.PEOPLE)
async def project_exec(call: Call, asked: ProjectExec) -> ExecResult:
    """Run a command in the project, as the project's own user.

    Answers when the command itself ends, though what it left in the background lives on. Past the timeout it is killed:
    ``timed_out`` and exit code 124.
    """
    arguments = messages.Exec(
        command=asked.command,
        args=asked.args,
        path=relative(asked.path, "path"),
        timeout=asked.timeout,
        max_output=asked.max_output,
        bash=asked.bash,
    )
    return await call.services.files.call(asked.project_id, "exec", arguments, ExecResult, timeout=asked.timeout)


@operation(Who.PEOPLE)
async def read_text_file(call: Call, asked: ReadTextFile) -> ReadTextFileResult:
    """Return the content of a text file (at most 10 MB)."""
    arguments = messages.ReadTextFile(path=relative(asked.path, "path"))
    return await call.services.files.call(asked.project_id, "read_text_file", arguments, ReadTextFileResult)


@operation(Who.PEOPLE)
async def write_text_file(call: Call, asked: WriteTextFile) -> WriteTextFileResult:
    """Write a text file; missing folders are made, and a reader sees the old file or the new one."""
    arguments = messages.WriteTextFile(
        path=relative(asked.path, "path"), content=asked.content, unmodified_since=asked.unmodified_since
    )
    return await call.services.files.call(asked.project_id, "write_text_file", arguments, WriteTextFileResult)


@operation(Who.PEOPLE)
async def list_directory(call: Call, asked: ListDirectory) -> ListDirectoryResult:
    """Return what is in a folder, sorted by name, at most ``limit`` entries; ``next`` leads to the rest."""
    arguments = messages.ListDirectory(
        path=relative(asked.path, "path"), hidden=asked.hidden, after=asked.after, limit=asked.limit
    )
    return await call.services.files.call(asked.project_id, "list_directory", arguments, ListDirectoryResult)


@operation(Who.PEOPLE)
async def copy_path(call: Call, asked: BetweenProjects) -> Done:
    """Copy a file or folder, also into another project that is the caller's."""
    if await _copied_elsewhere(call, asked):
        return Done()
    arguments = messages.CopyPath(
        source=relative(asked.source, "source"),
        destination=relative(asked.destination, "destination"),
        overwrite=asked.overwrite,
    )
    await call.services.files.call(asked.project_id, "copy_path", arguments, Empty, timeout=TREE)
    return Done()


@operation(Who.PEOPLE)
async def move_path(call: Call, asked: BetweenProjects) -> Done:
    """Move a file or folder, also into another project that is the caller's (it is deleted once it is there)."""
    source = relative(asked.source, "source")
    if await _copied_elsewhere(call, asked):
        arguments = messages.DeletePath(path=source)
        await call.services.files.call(asked.project_id, "delete_path", arguments, DeletePathResult, timeout=TREE)
        return Done()
    return await rename_path(
        call,
        TwoPaths(project_id=asked.project_id, source=source, destination=asked.destination, overwrite=asked.overwrite),
    )


async def _copied_elsewhere(call: Call, asked: BetweenProjects) -> bool:
    """Copy into the other project, if another is meant; whether that was done."""
    other = asked.destination_project_id
    if other is None or other == asked.project_id:
        return False
    await call.services.projects.role(call.by, other)
    await call.services.copies.copy(
        call.by.account_id,
        End(asked.project_id, relative(asked.source, "source")),
        End(other, relative(asked.destination, "destination")),
        overwrite=asked.overwrite,
    )
    return True


@operation(Who.PEOPLE)
async def rename_path(call: Call, asked: TwoPaths) -> Done:
    """Rename or move a file or folder."""
    arguments = messages.RenamePath(
        source=relative(asked.source, "source"),
        destination=relative(asked.destination, "destination"),
        overwrite=asked.overwrite,
    )
    await call.services.files.call(asked.project_id, "rename_path", arguments, Empty, timeout=TREE)
    return Done()


@operation(Who.PEOPLE)
async def delete_path(call: Call, asked: DeletePath) -> DeletePathResult:
    """Delete a file, or a folder with all that is in it; or move it to the trash, under ``trash_id``."""
    arguments = messages.DeletePath(path=relative(asked.path, "path"), trash=asked.trash)
    return await call.services.files.call(asked.project_id, "delete_path", arguments, DeletePathResult, timeout=TREE)


@operation(Who.PEOPLE)
async def make_directory(call: Call, asked: OnePath) -> Done:
    """Make a folder, and those above it that are missing."""
    arguments = messages.MakeDirectory(path=relative(asked.path, "path"))
    await call.services.files.call(asked.project_id, "make_directory", arguments, Empty)
    return Done()


@operation(Who.PEOPLE)
async def unpack_archive(call: Call, asked: UnpackArchive) -> UnpackArchiveResult:
    """Unpack a zip archive; one whose entries lead elsewhere, or that is a bomb, is refused whole."""
    arguments = messages.UnpackArchive(
        path=relative(asked.path, "path"),
        destination=relative(asked.destination, "destination"),
        overwrite=asked.overwrite,
    )
    return await call.services.files.call(
        asked.project_id, "unpack_archive", arguments, UnpackArchiveResult, timeout=TREE
    )


@operation(Who.PEOPLE)
async def list_ports(call: Call, asked: OfProject) -> ListPortsResult:
    """Return the TCP ports that the project's programs listen on."""
    return await call.services.files.call(asked.project_id, "list_ports", Empty(), ListPortsResult)


@operation(Who.PEOPLE)
async def list_snapshots(call: Call, asked: ListSnapshots) -> ListSnapshotsResult:
    """Return the project's snapshots, oldest first."""
    return ListSnapshotsResult(snapshots=await call.services.files.snapshots(asked.project_id, asked.path))


@operation(Who.PEOPLE)
async def list_snapshot_directory(call: Call, asked: ListSnapshotDirectory) -> ListDirectoryResult:
    """Return what a folder held when a snapshot was taken, sorted by name, at most 10,000 entries."""
    return await call.services.files.list_snapshot_directory(
        asked.project_id, asked.snapshot, asked.path, hidden=asked.hidden
    )


@operation(Who.PEOPLE)
async def read_snapshot_file(call: Call, asked: ReadSnapshotFile) -> ReadSnapshotFileResult:
    """Return a file as it was when a snapshot was taken (at most 10 MB), text or not, in base64."""
    return await call.services.files.read_snapshot_file(asked.project_id, asked.snapshot, asked.path)


@operation(Who.PEOPLE)
async def restore_path(call: Call, asked: RestorePath) -> RestoreResult:
    """Bring a path back as it was in a snapshot; what it would overwrite is set aside first."""
    return await call.services.files.restore(asked.project_id, asked.snapshot, asked.path)
