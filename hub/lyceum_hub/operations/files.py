"""Operations on what is in a project: commands, files, snapshots."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from lyceum_compute.protocol import messages
from lyceum_compute.protocol.messages import (
    Empty,
    ExecResult,
    ListDirectoryResult,
    ListSnapshotsResult,
    ReadTextFileResult,
    RestoreResult,
    WriteTextFileResult,
)

from lyceum_hub.services.files import relative

from .registry import Call, Done, OfProject, Who, operation

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
    """``hidden``: names that begin with a dot, too."""

    path: str = ""
    hidden: bool = False


class TwoPaths(OfProject, frozen=True):
    """From where to where."""

    source: str
    destination: str
    overwrite: bool = False


class OnePath(OfProject, frozen=True):
    """Which, relative to the project's home."""

    path: str


class ListSnapshots(OfProject, frozen=True):
    """``path``: only snapshots that hold it."""

    path: str | None = None


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
    """Return what is in a folder, sorted by name, at most 10,000 entries."""
    arguments = messages.ListDirectory(path=relative(asked.path, "path"), hidden=asked.hidden)
    return await call.services.files.call(asked.project_id, "list_directory", arguments, ListDirectoryResult)


@operation(Who.PEOPLE)
async def copy_path(call: Call, asked: TwoPaths) -> Done:
    """Copy a file or folder."""
    arguments = messages.CopyPath(
        source=relative(asked.source, "source"),
        destination=relative(asked.destination, "destination"),
        overwrite=asked.overwrite,
    )
    await call.services.files.call(asked.project_id, "copy_path", arguments, Empty, timeout=600)
    return Done()


@operation(Who.PEOPLE)
async def rename_path(call: Call, asked: TwoPaths) -> Done:
    """Rename or move a file or folder."""
    arguments = messages.RenamePath(
        source=relative(asked.source, "source"),
        destination=relative(asked.destination, "destination"),
        overwrite=asked.overwrite,
    )
    await call.services.files.call(asked.project_id, "rename_path", arguments, Empty)
    return Done()


@operation(Who.PEOPLE)
async def delete_path(call: Call, asked: OnePath) -> Done:
    """Delete a file, or a folder with all that is in it."""
    arguments = messages.DeletePath(path=relative(asked.path, "path"))
    await call.services.files.call(asked.project_id, "delete_path", arguments, Empty, timeout=600)
    return Done()


@operation(Who.PEOPLE)
async def make_directory(call: Call, asked: OnePath) -> Done:
    """Make a folder, and those above it that are missing."""
    arguments = messages.MakeDirectory(path=relative(asked.path, "path"))
    await call.services.files.call(asked.project_id, "make_directory", arguments, Empty)
    return Done()


@operation(Who.PEOPLE)
async def list_snapshots(call: Call, asked: ListSnapshots) -> ListSnapshotsResult:
    """Return the project's snapshots, oldest first."""
    return ListSnapshotsResult(snapshots=await call.services.files.snapshots(asked.project_id, asked.path))


@operation(Who.PEOPLE)
async def restore_path(call: Call, asked: RestorePath) -> RestoreResult:
    """Bring a path back as it was in a snapshot; what it would overwrite is set aside first."""
    return await call.services.files.restore(asked.project_id, asked.snapshot, asked.path)
