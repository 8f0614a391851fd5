"""Folders as zip archives, made while they are sent."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterator
from contextlib import closing, suppress

from zipstream import ZIP_DEFLATED, ZipStream  # type: ignore[import-untyped]

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.names import bytes_of, text_of

from .confinement import Home
from .downloads import disposition
from .faults import shown
from .requests import BrokenError, Request
from .walk import FOLDER, Found, walk

#: An archive's list of contents is held in memory until its end: about 500 bytes for each.
MAX_ENTRIES = 100_000
MAX_BYTES = 100 * 10**9
#: The quickest: the project's processor time is its people's.
LEVEL = 1
READ_SIZE = 256 * 1024
#: The library reads a file in parts of this size and yields one part, perhaps empty, for each of them.
PART_SIZE = 64 * 1024
MAX_PARTS = MAX_BYTES // PART_SIZE + 8 * MAX_ENTRIES


def download(home: Home, request: Request) -> None:
    """Answer ``GET`` of a folder as an archive. Raises ``FaultError`` or ``BrokenError``."""
    with home.locate(request.path) as place:
        folder = os.open(place.name, FOLDER, dir_fd=place.folder)
        try:
            measure(folder, request.path)
            name = bytes_of(request.path).rstrip(b"/").rpartition(b"/")[2] or b"home"
            headers = {"Content-Type": "application/zip", "Transfer-Encoding": "chunked"}
            request.begin(200, headers | {"Content-Disposition": disposition(name + b".zip")})
            with closing(_archive(folder)) as parts:
                for part in parts:
                    request.send(b"%x\r\n%b\r\n" % (len(part), part))
            request.send(b"0\r\n\r\n")
        except (OSError, RuntimeError) as error:  # the latter: a file that grew past what its entry has room for
            raise BrokenError from error
        finally:
            os.close(folder)


def measure(folder: int, path: str) -> None:
    """Raise ``FaultError`` if there is more than an archive may hold. Counting stops there."""
    size = 0
    with walk(folder) as steps:
        for entries, found in enumerate(steps, start=1):
            size += found.status.st_size if found.is_file else 0
            if entries > MAX_ENTRIES:
                raise FaultError("too_large", f"{shown(path)}: more than {MAX_ENTRIES} files are too many to send")
            if size > MAX_BYTES:
                where = shown(found.path)
                raise FaultError("too_large", f"{shown(path)}: it is larger than {MAX_BYTES // 10**9} GB (at {where})")


def _archive(folder: int) -> Generator[bytes]:
    """Yield the archive; it is broken off (``BrokenError``) if the folder grows past the limits meanwhile."""
    archive = ZipStream(compress_type=ZIP_DEFLATED, compress_level=LEVEL)
    parts = 0
    with walk(folder) as steps:
        for part in (part for found in steps for part in _entry(archive, found)):
            parts += 1
            if parts > MAX_PARTS or archive.num_streamed() > MAX_ENTRIES:
                raise BrokenError
            if part:
                yield part
    yield from archive.finalize()


def _entry(archive: ZipStream, found: Found) -> Iterator[bytes]:
    name = text_of(found.path)
    if found.is_folder:
        archive.mkdir(name)
        yield from archive.all_files()
    elif found.is_file:
        descriptor = -1
        with suppress(OSError):  # not to be read, or gone meanwhile
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
            descriptor = os.open(found.name, flags, dir_fd=found.folder)
        if descriptor >= 0:
            try:
                yield from _file(archive, descriptor, name)
            finally:
                os.close(descriptor)


def _file(archive: ZipStream, descriptor: int, name: str) -> Iterator[bytes]:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        return
    path = f"/proc/self/fd/{descriptor}"
    try:
        archive.add_path(path, name, recurse=False)  # with its time and mode
    except (OSError, OverflowError, ValueError):  # its time is none that a calendar has
        archive.add(_content(descriptor), name, size=status.st_size)
    yield from archive.all_files()


def _content(descriptor: int) -> Iterator[bytes]:
    while part := os.read(descriptor, READ_SIZE):
        yield part
