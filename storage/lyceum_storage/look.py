"""Looking into a snapshot: what a folder holds, and a file's content.

What lies there was made by strangers: no link is followed, and nothing but folders and regular files is opened.
"""

from __future__ import annotations

import errno
import fcntl
import heapq
import os
import re
import stat
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import (
    MAX_CONTENT,
    Entry,
    ListDirectoryResult,
    ReadSnapshotFileResult,
)
from lyceum_compute.protocol.names import text_of

from .layout import MAX_PATH
from .walk import FOLDER, open_home, open_parent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .layout import Layout

#: Entries of one listing, and bytes of their names and link targets: its message stays far below the longest allowed.
MAX_ENTRIES = 10_000
MAX_LISTING = 2_000_000

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
#: Where rsync's ``--fake-super`` keeps what a regular file stands for, a link among others: the mode first, in octal.
_FAKED = "user.rsync.%stat"
_FAKED_MODE = re.compile(rb"[0-7]{1,6}(?= )")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: What opening says of a path that is not there, or leads over something that is no folder.
_NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO}


def list_directory(
    layout: Layout, project_id: str, snapshot: str, names: list[bytes], *, hidden: bool
) -> ListDirectoryResult:
    """Return what the folder of these names held, by name. Raises ``FaultError``."""
    with _located(layout, project_id, snapshot, names) as (parent, name):
        folder = os.open(name, FOLDER, dir_fd=parent)
        try:
            return _entries(folder, hidden=hidden)
        finally:
            os.close(folder)


def read_file(layout: Layout, project_id: str, snapshot: str, names: list[bytes]) -> ReadSnapshotFileResult:
    """Return the content of the file of these names. Raises ``FaultError``."""
    with _located(layout, project_id, snapshot, names) as (parent, name):
        descriptor = os.open(name, _FILE, dir_fd=parent)
        try:
            status = os.fstat(descriptor)
            mode = _mode(status, descriptor)
            if stat.S_ISDIR(mode):
                raise FaultError("is_a_directory", "it is a folder")
            if stat.S_ISLNK(mode):
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            if not stat.S_ISREG(mode):
                raise FaultError("invalid", "it is not a regular file")
            if status.st_size > MAX_CONTENT:
                raise FaultError("too_large", f"the file is larger than {MAX_CONTENT // 1_000_000} MB, too large here")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                content = file.read(MAX_CONTENT)
        finally:
            os.close(descriptor)
    return ReadSnapshotFileResult(content=content, modified=_modified(status), size=len(content))


@contextmanager
def _located(layout: Layout, project_id: str, snapshot: str, names: list[bytes]) -> Iterator[tuple[int, bytes]]:
    """Open the folder that holds the last of the names, in a snapshot that is not deleted meanwhile."""
    try:
        with open_home(layout, project_id, snapshot) as home:
            fcntl.flock(home, fcntl.LOCK_SH | fcntl.LOCK_NB)
            with open_parent(home, names) as place:
                yield place
    except BlockingIOError as error:
        raise FaultError("not_found", "that snapshot is being deleted") from error
    except OSError as error:
        if error.errno in _NOT_THERE:
            raise FaultError("not_found", "there is no such snapshot, or it does not hold that path") from error
        raise


def _entries(folder: int, *, hidden: bool) -> ListDirectoryResult:
    """Return the first entries by name. All names are looked at, and no more of them held than are told."""
    with os.scandir(folder) as found:
        first = heapq.nsmallest(MAX_ENTRIES + 1, (e.name for e in found if hidden or not e.name.startswith(".")))
    entries: list[Entry] = []
    room = MAX_LISTING
    for name in first[:MAX_ENTRIES]:
        with suppress(FileNotFoundError):
            entry = _entry(folder, name)
            room -= len(entry.name) + len(entry.target or "")
            if room < 0:
                break
            entries.append(entry)
    return ListDirectoryResult(entries=entries, truncated=len(entries) < len(first))


def _entry(folder: int, name: str) -> Entry:
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    kind = _kind(_mode(status, f"/proc/self/fd/{folder}/{name}"))
    target = text_of(_target(folder, name, status)) if kind == "link" else None
    return Entry(
        name=text_of(os.fsencode(name)), type=kind, size=status.st_size, modified=_modified(status), target=target
    )


def _mode(status: os.stat_result, place: int | str) -> int:
    """Return the mode that a file had in the project, of which a link here is not followed."""
    if not stat.S_ISREG(status.st_mode):
        return status.st_mode
    try:
        kept = (
            os.getxattr(place, _FAKED) if isinstance(place, int) else os.getxattr(place, _FAKED, follow_symlinks=False)
        )
    except OSError as error:
        if error.errno == errno.ENODATA:
            return status.st_mode
        raise
    faked = _FAKED_MODE.match(kept)  # a compute host that fell may have sent anything
    return int(faked[0], 8) if faked else status.st_mode


def _target(folder: int, name: str, status: os.stat_result) -> bytes:
    if stat.S_ISLNK(status.st_mode):
        return os.fsencode(os.readlink(name, dir_fd=folder))
    with os.fdopen(os.open(name, _FILE, dir_fd=folder), "rb") as file:
        return file.read(MAX_PATH)


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "link"
    if stat.S_ISDIR(mode):
        return "directory"
    return "file" if stat.S_ISREG(mode) else "other"


def _modified(status: os.stat_result) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000)
    except OverflowError:  # a file's time can be set to anything
        return _EPOCH
