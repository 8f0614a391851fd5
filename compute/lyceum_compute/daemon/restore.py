"""Restoring files from a snapshot: they arrive in a folder of root's, and are then put in place by open folders.

The project's user may rename and link while this goes on, so no path is followed from the home down: each folder is
opened from the one above it, links are refused, and files are moved with ``renameat2`` that never replaces anything.
What is there already is set aside under a name that says so.
"""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import re
import secrets
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import RestoreResult
from lyceum_compute.protocol.names import bytes_of, text_of

from . import beneath

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

log = logging.getLogger(__name__)

_SNAPSHOT = re.compile(r"latest|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_RENAME_NOREPLACE = 1
_LONGEST_NAME = 255
#: Somebody who renames faster than files can be put in place gives up first.
_TRIES = 20
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Wanted:
    """What is to be restored: a snapshot's name, and the names on the way from the home (none: all of it)."""

    snapshot: str
    parts: list[bytes]

    @classmethod
    def of(cls, snapshot: str, path: str) -> Wanted:
        """Check what a caller asked for. Raises ``FaultError`` (``invalid``)."""
        if not _SNAPSHOT.fullmatch(snapshot):
            raise FaultError("invalid", "snapshot: not a snapshot's name")
        try:
            return cls(snapshot, beneath.parts_of(bytes_of(path)))
        except ValueError as error:  # UnicodeEncodeError is one
            raise FaultError("invalid", f"path: {error}") from error

    @property
    def path(self) -> bytes:
        """The path, from the home."""
        return b"/".join(self.parts)


@dataclass
class Placing:
    """One restore at the point where its files have arrived."""

    uid: int
    stamp: str
    restored: list[bytes] = field(default_factory=list)
    set_aside: list[bytes] = field(default_factory=list)

    def place(self, arrived: Path, home: Path, wanted: Wanted) -> RestoreResult:
        """Move everything in ``arrived`` into the folder of the home where it belongs. Raises ``FaultError``."""
        above = wanted.parts[:-1]
        try:
            with beneath.folder(arrived, []) as source, self._folder(home, above) as target:
                for name in sorted(os.listdir(source)):  # noqa: PTH208 an open folder
                    self._move(source, os.fsencode(name), target, above)
        except OSError as error:
            raise as_fault(error) from error
        return RestoreResult(restored=_texts(self.restored), set_aside=_texts(self.set_aside))

    @contextmanager
    def _folder(self, home: Path, parts: list[bytes]) -> Iterator[int]:
        """Open a folder below the home; what is missing is made, what is no folder is set aside."""
        with beneath.folder(home, []) as top:
            fd = os.dup(top)
            try:
                for number, part in enumerate(parts):
                    fd = self._enter(fd, part, parts[:number])
                yield fd
            finally:
                os.close(fd)

    def _enter(self, fd: int, part: bytes, above: list[bytes]) -> int:
        for _ in range(_TRIES):
            try:
                return beneath.step(fd, part)
            except FileNotFoundError:
                with suppress(FileExistsError):
                    os.mkdir(part, 0o700, dir_fd=fd)
                    self._own(fd, part)
            except OSError as error:
                if error.errno not in {errno.ENOTDIR, errno.ELOOP}:
                    raise
                self._set_aside(fd, part, above)
        raise FaultError("conflict", "the folders on the way to it are being changed; try again")

    def _own(self, fd: int, part: bytes) -> None:
        """Give the user a folder that was just made, if it still is that folder."""
        with suppress(OSError):
            made = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=fd)
            try:
                if os.fstat(made).st_uid == 0:
                    os.fchown(made, self.uid, self.uid)
            finally:
                os.close(made)

    def _move(self, source: int, name: bytes, target: int, above: list[bytes]) -> None:
        for _ in range(_TRIES):
            try:
                rename(source, name, target, name)
            except FileExistsError:
                self._set_aside(target, name, above)
            else:
                self.restored.append(b"/".join([*above, name]))
                return
        raise FaultError("conflict", "the file is being changed all the time; try again")

    def _set_aside(self, fd: int, name: bytes, above: list[bytes]) -> None:
        for number in range(1, _TRIES):
            aside = aside_name(name, self.stamp, number)
            try:
                rename(fd, name, fd, aside)
            except FileExistsError:
                continue
            except FileNotFoundError:
                return  # its owner was quicker
            self.set_aside.append(b"/".join([*above, aside]))
            return
        raise FaultError("conflict", "there are too many files set aside by restores; delete some")


@contextmanager
def arrivals(restores: Path) -> Iterator[Path]:
    """Make an empty folder of root's for files to arrive in, deleted in the end. Raises ``FaultError``."""
    folder = restores / secrets.token_hex(8)
    try:
        restores.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise as_fault(error) from error
    try:
        yield folder
    finally:
        _clear(folder)


def sweep(restores: Path) -> None:
    """Delete what restores left that were broken off."""
    for folder in restores.glob("*") if restores.is_dir() else ():
        _clear(folder)


def _clear(folder: Path) -> None:
    """Delete a folder of a restore. What cannot be deleted is logged, and tried again at the daemon's next start."""
    try:
        shutil.rmtree(folder)
    except OSError as error:
        log.warning("%s could not be cleared away: %s", folder, error, extra={"action": "restore"})


def stamp_of(time: datetime | None = None) -> str:
    """Return a time as it stands in the names of files set aside."""
    return (time or datetime.now(UTC)).strftime("%Y-%m-%d %H.%M.%S")


def aside_name(name: bytes, stamp: str, number: int = 1) -> bytes:
    """Return the name under which a file is set aside: ``notes (before restore 2026-11-22 10.15.00).txt``."""
    stem, extension = os.path.splitext(name)  # noqa: PTH122 names are bytes here
    if len(extension) > 32:
        stem, extension = name, b""
    note = f" (before restore {stamp}{'' if number == 1 else f', {number}'})".encode()
    room = _LONGEST_NAME - len(note) - len(extension)
    if len(stem) > room:
        stem = stem[:room].decode(errors="ignore").encode()
    return stem + note + extension


def rename(source: int, name: bytes, target: int, new: bytes) -> None:
    """Move an entry from one opened folder to another, never replacing anything. Raises ``OSError``."""
    if _libc.renameat2(source, name, target, new, _RENAME_NOREPLACE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), os.fsdecode(name))


def as_fault(error: OSError) -> FaultError:
    """Return what a file system's error means to the person who restores."""
    if error.errno in {errno.EDQUOT, errno.ENOSPC}:
        return FaultError("disk_quota", "the project's disk is too full for this; delete something first")
    if error.errno == errno.EXDEV:
        return FaultError("conflict", "the folder is a btrfs subvolume of its own; rename it first")
    return FaultError("unavailable", f"the files could not be put in place: {error.strerror}")


def _texts(paths: list[bytes]) -> list[str]:
    return [text_of(path) for path in paths]
