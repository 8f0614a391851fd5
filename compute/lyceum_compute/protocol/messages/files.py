r"""Commands and files of a project: what the daemon passes to the project's local hub.

The daemon's arguments carry the project's id around them (``ForProject``); the local hub is given ``arguments`` alone,
with the same operation name.

A name or path is text; a byte of it that is no UTF-8 is written ``\xNN`` (two lower-case hexadecimal digits), and a
backslash that could be mistaken for the beginning of such a group ``\x5c``.
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
    """``after``: only names behind this one, for the next part of a long listing (the result's ``next``)."""

    path: str = ""
    hidden: bool = False
    after: str | None = None
    limit: int = 10_000
    """At most 10,000."""


class Entry(Message, frozen=True, kw_only=True, omit_defaults=True):
    name: str
    type: str
    """``file``, ``directory``, ``link`` or ``other``."""
    size: int
    modified: datetime
    target: str | None = None
    """Where a link points."""


class ListDirectoryResult(Message, frozen=True, kw_only=True):
    """Entries sorted by name, at most ``limit``; ``truncated`` if there are more, which ``next`` leads to."""

    entries: list[Entry]
    truncated: bool
    next: str | None = None


class CopyPath(Message, frozen=True, kw_only=True):
    source: str
    destination: str
    overwrite: bool = False


class RenamePath(Message, frozen=True, kw_only=True):
    source: str
    destination: str
    overwrite: bool = False


class DeletePath(Message, frozen=True, kw_only=True):
    """A folder is deleted with all that is in it. The home itself is not.

    ``trash``: move it to the trash (``~/.trash``) instead, from where it can be restored.
    """

    path: str
    trash: bool = False


class DeletePathResult(Message, frozen=True, kw_only=True):
    """``trash_id``: under which id it lies in the trash, if it does."""

    trash_id: str | None = None


class Trashed(Message, frozen=True, kw_only=True):
    """Something in the trash. ``path``: where it was."""

    trash_id: str
    path: str
    deleted: datetime
    type: str
    size: int


class ListTrashResult(Message, frozen=True, kw_only=True):
    """What was deleted last comes first; at most 1,000."""

    trash: list[Trashed]
    truncated: bool


class RestoreFromTrash(Message, frozen=True, kw_only=True):
    """``destination``: where to, if not to where it was."""

    trash_id: str
    destination: str | None = None
    overwrite: bool = False


class RestoreFromTrashResult(Message, frozen=True, kw_only=True):
    path: str


class EmptyTrash(Message, frozen=True, kw_only=True):
    """``trash_ids``: only these."""

    trash_ids: list[str] | None = None


class UnpackArchive(Message, frozen=True, kw_only=True):
    """``path``: a zip archive. ``destination``: the folder that it is unpacked into, made if it is not there.

    An archive with a name that leads out of the folder, a link, a device, or far more content than its size is refused.
    Without ``overwrite`` it is, too, if one of its files is there already.
    """

    path: str
    destination: str
    overwrite: bool = False


class UnpackArchiveResult(Message, frozen=True, kw_only=True):
    files: int
    size: int


class Port(Message, frozen=True, kw_only=True):
    """A TCP socket that a program of the project listens on. ``program``: its name, if it is to be seen."""

    port: int
    address: str
    program: str | None = None


class ListPortsResult(Message, frozen=True, kw_only=True):
    """By port; at most 1,000."""

    ports: list[Port]


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
    "delete_path": (DeletePath, DeletePathResult),
    "list_trash": (Empty, ListTrashResult),
    "restore_from_trash": (RestoreFromTrash, RestoreFromTrashResult),
    "empty_trash": (EmptyTrash, Empty),
    "unpack_archive": (UnpackArchive, UnpackArchiveResult),
    "list_ports": (Empty, ListPortsResult),
    "make_directory": (MakeDirectory, Empty),
}
