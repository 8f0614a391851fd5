"""Trees of files on their way through a hub, from one project's host to another's, and files that are watched."""

from __future__ import annotations

import msgspec

from .wire import Message


class OpenTransfer(Message, frozen=True, kw_only=True):
    """Arguments of ``open_transfer``: begin to read the file or folder at ``path``, or to write one.

    The transfer is a stream of tar, made and unpacked by each project's own user. It is forgotten a minute after it was
    last used.
    """

    project_id: str
    path: str
    write: bool = False
    overwrite: bool = False


class OpenTransferResult(Message, frozen=True, kw_only=True):
    transfer: str


class TransferArguments(Message, frozen=True, kw_only=True):
    """Arguments of ``read_transfer`` and ``end_transfer`` (which breaks off one that is not complete)."""

    transfer: str


class TransferPart(Message, frozen=True, kw_only=True):
    """Result of ``read_transfer``: what comes next, at most about a megabyte; ``ended`` if nothing follows."""

    data: bytes
    ended: bool


class WriteTransfer(Message, frozen=True, kw_only=True):
    """Arguments of ``write_transfer``. With ``ended`` it answers when all is in place."""

    transfer: str
    data: bytes
    ended: bool = False


class WatchFiles(Message, frozen=True, kw_only=True):
    """Arguments of ``watch_files``; ``watch``: an id of the caller's making, for the events, which it alone gets.

    A watch ends with the caller's connection, with the project, or with ``unwatch_files``.
    """

    project_id: str
    watch: str
    path: str


class UnwatchFiles(Message, frozen=True, kw_only=True):
    """Arguments of ``unwatch_files``; a watch that has ended already is fine."""

    watch: str


class Watch(Message, frozen=True, kw_only=True):
    """Arguments of ``watch`` at the local hub: a folder (what is in it, not below) or a file.

    After the answer, ``files_changed`` events follow on the same connection until one side closes it.
    """

    path: str = ""


class FileChange(Message, frozen=True, kw_only=True):
    """``type``: ``created``, ``changed`` or ``deleted``."""

    path: str
    type: str


class FilesChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="files_changed"):
    """Pushed by a local hub, at most four times a second. ``overflow``: too much to tell; list the folder anew."""

    changes: list[FileChange]
    overflow: bool = False


class FileChanges(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="file_changes"):
    """Pushed to the hub that watches."""

    watch: str
    changes: list[FileChange]
    overflow: bool = False


class WatchEnded(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="watch_ended"):
    """Pushed to the hub that watched; with the reason."""

    watch: str
    detail: str


#: What only the hub that watches is told.
WatchEvent = FileChanges | WatchEnded
