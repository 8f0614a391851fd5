"""Reading, writing and listing files of the project."""

from __future__ import annotations

import heapq
import os
import re
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import (
    MAX_CONTENT,
    Empty,
    Entry,
    ListDirectory,
    ListDirectoryResult,
    MakeDirectory,
    ReadTextFile,
    ReadTextFileResult,
    WriteTextFile,
    WriteTextFileResult,
)
from lyceum_compute.protocol.names import bytes_of, text_of

from .confinement import Home, Place
from .faults import shown

MAX_ENTRIES = 10_000
#: Bytes of names and link targets in one listing, so that its message stays far below the longest allowed.
MAX_LISTING = 2_000_000
#: Seconds after which a file that is not whole yet is given up, if nothing was added to it.
ABANDONED = 7 * 86_400.0
_PARTIAL = re.compile(r"\.lyceum-(?:upload-[A-Za-z0-9_-]{16,64}|[0-9a-f]{16}\.tmp)")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def modified_of(status: os.stat_result) -> datetime:
    """Return when a file was last written, to the microsecond (a ``datetime`` holds no more)."""
    try:
        return _EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000)
    except OverflowError:  # a file's time can be set to anything
        return _EPOCH


def read_text_file(home: Home, arguments: ReadTextFile) -> ReadTextFileResult:
    """Return a text file whole."""
    with home.locate(arguments.path) as place, opened(place) as descriptor:
        status = os.fstat(descriptor)
        data = _read(descriptor, MAX_CONTENT + 1)
    if len(data) > MAX_CONTENT:
        raise FaultError(
            "too_large",
            f"{shown(arguments.path)}: the file is larger than {MAX_CONTENT // 1_000_000} MB, too large here",
        )
    try:
        content = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_text(arguments.path) from error
    if "\0" in content:
        raise _not_text(arguments.path)
    return ReadTextFileResult(content=content, modified=modified_of(status), size=len(data))


def _not_text(path: str) -> FaultError:
    return FaultError("not_text", f"{shown(path)}: the file is not text (UTF-8)")


@contextmanager
def opened(place: Place) -> Iterator[int]:
    """Open a regular file for reading; nothing else is opened in earnest (a pipe would wait for its writer)."""
    descriptor = os.open(
        place.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, dir_fd=place.folder
    )
    try:
        check_regular(os.fstat(descriptor), place.path)
        yield descriptor
    finally:
        os.close(descriptor)


def check_regular(status: os.stat_result, path: str) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise FaultError("is_a_directory", f"{shown(path)}: it is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise FaultError("invalid", f"{shown(path)}: it is not a regular file")


def _read(descriptor: int, limit: int) -> bytes:
    parts = []
    while limit and (part := os.read(descriptor, min(limit, 1 << 20))):
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)


def write_text_file(home: Home, arguments: WriteTextFile) -> WriteTextFileResult:
    """Write a text file whole: into a new file beside it, which then takes its name."""
    try:
        data = arguments.content.encode()
    except UnicodeEncodeError as error:
        raise FaultError("invalid", "the content is not text that can be written as UTF-8") from error
    if len(data) > MAX_CONTENT:
        raise FaultError("too_large", f"the content is larger than {MAX_CONTENT // 1_000_000} MB, too large here")
    with home.locate(arguments.path, make_parents=True) as place:
        before = check_target(place, arguments.unmodified_since)
        with _replacement(place) as (descriptor, temporary):
            written = _write(descriptor, data, before)
            check_target(place, arguments.unmodified_since)
            os.rename(temporary, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)
        sync_folder(place.folder)
        return WriteTextFileResult(modified=modified_of(written), size=written.st_size)


def check_target(place: Place, unmodified_since: datetime | None) -> os.stat_result | None:
    """Return the file that is there, if one is. Raises ``FaultError`` if it cannot or must not be replaced."""
    status = place.status()
    if status is not None:
        check_regular(status, place.path)
        if not status.st_mode & 0o222:
            raise FaultError("forbidden", f"{shown(place.path)}: the file is read-only")
    _check_unmodified(place, status, unmodified_since)
    return status


def _check_unmodified(place: Place, status: os.stat_result | None, unmodified_since: datetime | None) -> None:
    if unmodified_since is None:
        return
    if status is None:
        raise FaultError("changed_on_disk", f"{shown(place.path)}: the file was deleted meanwhile")
    if modified_of(status) != unmodified_since:
        raise FaultError("changed_on_disk", f"{shown(place.path)}: the file was changed meanwhile")


@contextmanager
def _replacement(place: Place) -> Iterator[tuple[int, bytes]]:
    """Make a new file beside ``place``, for writing; it is removed again unless it was renamed."""
    temporary = temporary_name()
    descriptor = os.open(
        temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666, dir_fd=place.folder
    )
    try:
        yield descriptor, temporary
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=place.folder)
        raise
    finally:
        os.close(descriptor)


def temporary_name() -> bytes:
    """Return a name that no other file has."""
    return b".lyceum-" + os.urandom(8).hex().encode() + b".tmp"


def _write(descriptor: int, data: bytes, before: os.stat_result | None) -> os.stat_result:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    if before is not None:
        os.fchmod(descriptor, stat.S_IMODE(before.st_mode) & 0o777)
    os.fsync(descriptor)
    return os.fstat(descriptor)


def sync_folder(folder: int) -> None:
    descriptor = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_directory(home: Home, arguments: MakeDirectory) -> Empty:
    """Make a folder and the folders above it."""
    with home.locate(arguments.path, make_parents=True) as place:
        try:
            os.mkdir(place.name, dir_fd=place.folder)
        except FileExistsError:
            status = place.status()
            if status is None or not stat.S_ISDIR(status.st_mode):
                raise FaultError("conflict", f"{shown(arguments.path)}: there is a file of that name") from None
    return Empty()


def list_directory(home: Home, arguments: ListDirectory) -> ListDirectoryResult:
    """List a folder, by name."""
    with home.locate(arguments.path) as place:
        folder = os.open(
            place.name,
            os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC,
            dir_fd=place.folder,
        )
        try:
            return _entries(folder, arguments)
        finally:
            os.close(folder)


def _entries(folder: int, asked: ListDirectory) -> ListDirectoryResult:
    """Return a part of a listing. All names are looked at, and no more of them held than the part has."""
    if not 0 < asked.limit <= MAX_ENTRIES:
        raise FaultError("invalid", f"limit must be from 1 to {MAX_ENTRIES}")
    after = "" if asked.after is None else os.fsdecode(_name(asked.after))
    partials: list[str] = []
    with os.scandir(folder) as found:
        names = (n for n in _names_of(found, partials) if n > after and (asked.hidden or not n.startswith(".")))
        first = heapq.nsmallest(asked.limit + 1, names)
    _drop_abandoned(folder, partials)
    entries: list[Entry] = []
    room = MAX_LISTING
    taken = 0
    for name in first[: asked.limit]:
        with suppress(FileNotFoundError):  # gone meanwhile
            entry = _entry(folder, name)
            room -= len(entry.name) + len(entry.target or "")
            if room < 0:
                break
            entries.append(entry)
        taken += 1
    truncated = taken < len(first)
    rest = text_of(os.fsencode(first[taken - 1])) if truncated else None
    return ListDirectoryResult(entries=entries, truncated=truncated, next=rest)


def _names_of(found: Iterable[os.DirEntry[str]], partials: list[str]) -> Iterator[str]:
    """Yield all names; keep those of files that are not whole yet."""
    for entry in found:
        if _PARTIAL.fullmatch(entry.name):
            partials.append(entry.name)
        yield entry.name


def _drop_abandoned(folder: int, partials: list[str]) -> None:
    """Delete what was begun to be written or uploaded long ago: who wonders at a full disk looks at folders."""
    for name in partials:
        with suppress(OSError):
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISREG(found.st_mode) and found.st_mtime < time.time() - ABANDONED:
                os.unlink(name, dir_fd=folder)


def _name(text: str) -> bytes:
    try:
        return bytes_of(text)
    except UnicodeEncodeError as error:
        raise FaultError("invalid", "after: it is not text") from error


def _entry(folder: int, name: str) -> Entry:
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    kind = kind_of(status)
    target = text_of(os.fsencode(os.readlink(name, dir_fd=folder))) if kind == "link" else None
    return Entry(
        name=text_of(os.fsencode(name)), type=kind, size=status.st_size, modified=modified_of(status), target=target
    )


def kind_of(status: os.stat_result) -> str:
    """Return ``file``, ``directory``, ``link`` or ``other``."""
    if stat.S_ISLNK(status.st_mode):
        return "link"
    if stat.S_ISDIR(status.st_mode):
        return "directory"
    return "file" if stat.S_ISREG(status.st_mode) else "other"
