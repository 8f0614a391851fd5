"""Unpacking zip archives, whoever made them: aside first, within limits, and into place when all of it is there."""

from __future__ import annotations

import os
import stat
import time
import zipfile
import zlib
from contextlib import suppress
from typing import IO

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import UnpackArchive, UnpackArchiveResult

from .confinement import MAX_NAME, MAX_PATH, Home, Place
from .faults import shown
from .files import opened, temporary_name
from .trees import NOREPLACE, put, remove_tree, rename
from .walk import FOLDER, MAX_DEPTH, walk

MAX_ENTRIES = 100_000
MAX_BYTES = 100 * 10**9
#: Content for each byte of the archive that is believed; more is a bomb. (What people pack shrinks to a tenth, zeros to
#: a thousandth.) Up to ``ALWAYS`` bytes in all are unpacked without that question.
MAX_RATIO = 200
ALWAYS = 100 * 10**6
CHUNK = 256 * 1024

_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


def unpack_archive(home: Home, arguments: UnpackArchive) -> UnpackArchiveResult:
    """Unpack an archive into a folder."""
    with (
        home.locate(arguments.path) as place,
        opened(place) as descriptor,
        os.fdopen(os.dup(descriptor), "rb") as file,
        home.locate(arguments.destination, make_parents=True) as destination,
    ):
        try:
            with zipfile.ZipFile(file) as archive:
                entries = _checked(archive, arguments.path, os.fstat(descriptor).st_size)
                _unpack(archive, entries, destination, overwrite=arguments.overwrite)
        except _DAMAGED as error:
            message = f"{shown(arguments.path)}: it is no zip archive that can be unpacked ({str(error)[:100]})"
            raise FaultError("invalid", message) from error
    files = [info for info, _ in entries if not info.is_dir()]
    return UnpackArchiveResult(files=len(files), size=sum(info.file_size for info in files))


Entries = list[tuple[zipfile.ZipInfo, list[bytes]]]


def _checked(archive: zipfile.ZipFile, path: str, size: int) -> Entries:
    """Return the entries with the names of their paths. Raises ``FaultError`` if one should not be there."""
    found = archive.infolist()
    if len(found) > MAX_ENTRIES:
        raise FaultError("too_large", f"{shown(path)}: it has more than {MAX_ENTRIES} entries")
    content = sum(info.file_size for info in found)
    if content > MAX_BYTES or content > max(ALWAYS, size * MAX_RATIO):
        raise FaultError("too_large", f"{shown(path)}: {size} bytes that would become {content}: it is not unpacked")
    return [(info, _names(info, path)) for info in found]


def _names(info: zipfile.ZipInfo, path: str) -> list[bytes]:
    raw = _raw_name(info)
    names = [name for name in raw.split(b"/") if name not in {b"", b"."}]
    kind = stat.S_IFMT(info.external_attr >> 16)
    if raw.startswith(b"/") or b".." in names or not names:
        problem = "leads out of the folder"
    elif len(raw) > MAX_PATH or len(names) > MAX_DEPTH or any(len(name) > MAX_NAME for name in names):
        problem = "is too long"
    elif kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        problem = "is a link or a device"
    elif info.flag_bits & 1:
        problem = "is encrypted"
    else:
        return names
    raise FaultError("invalid", f"{shown(path)}: its entry {shown(raw)} {problem}: nothing was unpacked")


def _raw_name(info: zipfile.ZipInfo) -> bytes:
    """Return a name as bytes: many programs write UTF-8 without saying so."""
    if info.flag_bits & 0x800:
        return info.filename.encode()
    raw = info.filename.encode("cp437", "replace")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return info.filename.encode()
    return raw


def _unpack(archive: zipfile.ZipFile, entries: Entries, destination: Place, *, overwrite: bool) -> None:
    aside = temporary_name()
    os.mkdir(aside, dir_fd=destination.folder)
    try:
        folder = os.open(aside, FOLDER, dir_fd=destination.folder)
        try:
            for info, names in entries:
                _entry(archive, info, names, folder)
        finally:
            os.close(folder)
        folder = os.open(aside, FOLDER, dir_fd=destination.folder)  # for btrfs to list what is new in it
        try:
            _place(folder, aside, destination, overwrite=overwrite)
        finally:
            os.close(folder)
    finally:
        with suppress(FaultError):
            remove_tree(destination.folder, aside, destination.path)


def _entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, names: list[bytes], top: int) -> None:
    folder = os.dup(top)
    try:
        for name in names if info.is_dir() else names[:-1]:
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=folder)
            above, folder = folder, os.open(name, FOLDER, dir_fd=folder)
            os.close(above)
        if not info.is_dir():
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            mode = 0o777 if info.external_attr >> 16 & 0o111 else 0o666
            with (
                archive.open(info) as content,
                os.fdopen(os.open(names[-1], flags, mode, dir_fd=folder), "wb") as file,
            ):
                _write(content, file, info)
    finally:
        os.close(folder)


def _write(content: IO[bytes], file: IO[bytes], info: zipfile.ZipInfo) -> None:
    left = info.file_size
    while part := content.read(CHUNK):
        left -= len(part)
        if left < 0:
            raise zipfile.BadZipFile("an entry is longer than it says")
        file.write(part)
    file.flush()
    with suppress(ValueError, OverflowError):  # a date that no calendar has
        written = time.mktime((*info.date_time, 0, 0, -1))
        os.utime(file.fileno(), (written, written))


def _place(folder: int, aside: bytes, destination: Place, *, overwrite: bool) -> None:
    """Let what is complete appear under its name: as the folder, or in the one that is there."""
    if destination.name != b"." and destination.status() is None:
        whole = Place(destination.folder, aside, destination.path, destination.above)
        rename(whole, destination, NOREPLACE)
        return
    target = os.open(destination.name, FOLDER, dir_fd=destination.folder)
    try:
        if not overwrite:
            _refuse_taken(folder, target, destination.path)
        _merge(folder, target, destination, overwrite=overwrite)
    finally:
        os.close(target)


def _refuse_taken(folder: int, target: int, path: str) -> None:
    with walk(folder) as steps:
        for found in steps:
            if not found.is_folder and _is_there(found.path, target):
                taken = f"{shown(path)}: {shown(found.path)} is there already; ask to overwrite it"
                raise FaultError("conflict", taken)


def _is_there(path: bytes, target: int) -> bool:
    try:
        os.stat(path, dir_fd=target, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _merge(folder: int, target: int, destination: Place, *, overwrite: bool) -> None:
    """Move everything from one folder to another, into the folders that are there already."""
    for name in map(os.fsencode, os.listdir(folder)):
        source = Place(folder, name, destination.path, destination.above)
        goal = Place(target, name, destination.path, destination.above)
        there = goal.status()
        if there is None or not stat.S_ISDIR(there.st_mode):
            put(source, goal, overwrite=overwrite)
            continue
        _refuse_file(source, goal)
        below, onto = os.open(name, FOLDER, dir_fd=folder), -1
        try:
            onto = os.open(name, FOLDER, dir_fd=target)
            _merge(below, onto, destination, overwrite=overwrite)
        finally:
            os.close(below)
            if onto >= 0:
                os.close(onto)


def _refuse_file(source: Place, goal: Place) -> None:
    """Raise ``FaultError`` if a file would take the place of a folder."""
    status = source.status()
    if status is not None and not stat.S_ISDIR(status.st_mode):
        raise FaultError(
            "conflict", f"{shown(goal.path)}: {shown(goal.name)} is a folder there, and a file in the archive"
        )
