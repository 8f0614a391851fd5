"""Commands and files of a project: what the daemon passes to the project's local hub.

The daemon's arguments carry the project's id around them (``ForProject``); the local hub is given ``arguments`` alone,
with the same operation name.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from .wire import Empty, Message


class ForProject(Message, frozen=True, kw_only=True):
    """Arguments of ``exec`` and the file operations at the daemon."""

    project_id: str
    arguments: msgspec.Raw


class Exec(Message, frozen=True, kw_only=True):
    """With ``bash``, ``command`` is given to ``bash -c`` and ``args`` are its positional parameters."""

    command: str
    args: list[str] = msgspec.field(default_factory=list)
    path: str = ""
    timeout: float = 60
    """Seconds, at most 600."""
    max_output: int = 1_000_000
    """Bytes kept of each of stdout and stderr; what comes after is read and dropped."""
    bash: bool = False


class ExecResult(Message, frozen=True, kw_only=True):
    """Output is decoded as UTF-8 with replacement characters. Past the time-out: ``timed_out`` and exit code 124."""

    stdout: str
    stderr: str
    exit_code: int
    timed_out: bool
    truncated: bool


class ReadTextFile(Message, frozen=True, kw_only=True):
    path: str


class ReadTextFileResult(Message, frozen=True, kw_only=True):
    content: str
    modified: datetime
    size: int


class WriteTextFile(Message, frozen=True, kw_only=True):
    """Missing folders are made. The write is atomic: a reader sees the old file or the new one."""

    path: str
    content: str
    unmodified_since: datetime | None = None


class WriteTextFileResult(Message, frozen=True, kw_only=True):
    modified: datetime
    size: int


class ListDirectory(Message, frozen=True, kw_only=True):
    path: str = ""
    hidden: bool = False


class Entry(Message, frozen=True, kw_only=True, omit_defaults=True):
    name: str
    type: str
    """``file``, ``directory``, ``link`` or ``other``."""
    size: int
    modified: datetime
    target: str | None = None
    """Where a link points."""


class ListDirectoryResult(Message, frozen=True, kw_only=True):
    """Entries sorted by name, at most 10,000; ``truncated`` if there are more."""

    entries: list[Entry]
    truncated: bool


class CopyPath(Message, frozen=True, kw_only=True):
    source: str
    destination: str
    overwrite: bool = False


class RenamePath(Message, frozen=True, kw_only=True):
    source: str
    destination: str
    overwrite: bool = False


class DeletePath(Message, frozen=True, kw_only=True):
    """A folder is deleted with all that is in it. The home itself is not."""

    path: str


class MakeDirectory(Message, frozen=True, kw_only=True):
    """Missing parents are made; a folder that is there already is fine."""

    path: str


#: Operation of the local hub -> (arguments, result).
PROJECT_OPERATIONS: dict[str, tuple[type[Message], type[Message]]] = {
    "exec": (Exec, ExecResult),
    "read_text_file": (ReadTextFile, ReadTextFileResult),
    "write_text_file": (WriteTextFile, WriteTextFileResult),
    "list_directory": (ListDirectory, ListDirectoryResult),
    "copy_path": (CopyPath, Empty),
    "rename_path": (RenamePath, Empty),
    "delete_path": (DeletePath, Empty),
    "make_directory": (MakeDirectory, Empty),
}
