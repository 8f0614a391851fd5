"""Receiving files: into a file beside the place, which gets its name when it is whole.

An upload that its sender named survives a broken connection and is resumed; one without a name is gone with it.
"""

from __future__ import annotations

import os
import re
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from lyceum_compute.protocol.errors import FaultError

from .confinement import Home, Place
from .downloads import etag_of, matches
from .faults import fault_of, shown
from .files import check_regular, check_target, modified_of, sync_folder, temporary_name
from .requests import BrokenError, RefusedError, Request
from .trees import NOREPLACE, rename

#: What no disk quota allows: refused before a byte is taken.
MAX_UPLOAD = 10**15
#: Seconds that a connection has to end once another one goes on with its upload.
HAND_OVER = 10.0

_NAME = re.compile(r"[A-Za-z0-9_-]{16,64}")
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")
_NUMBER = re.compile(r"\d{1,18}")


class Span(NamedTuple):
    """Which part of the file a request brings."""

    first: int
    end: int | None
    """The byte after the last, if the request says so."""
    total: int | None


class Uploads:
    """All uploads of a project: at most one connection brings each of them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._bringing: dict[tuple[int, int, bytes], socket.socket] = {}

    def upload(self, home: Home, request: Request) -> None:
        """Answer ``PUT``. Raises ``FaultError`` or ``BrokenError``."""
        name = _name_of(request)
        span = _span_of(request, resumable=name is not None)
        if request.path.endswith("/") or not request.path:
            raise FaultError("is_a_directory", f"{shown(request.path)}: a folder cannot be uploaded")
        with home.locate(request.path, make_parents=True) as place:
            _check(place, request)
            partial = temporary_name() if name is None else name
            with self._alone(place, partial, request.sock), _partial(place, partial, span) as descriptor:
                _receive(request, place, partial, descriptor, span, keep=name is not None)

    @contextmanager
    def _alone(self, place: Place, partial: bytes, sock: socket.socket) -> Iterator[None]:
        """Be the one connection that brings this upload: an older one is dead, or its sender has given it up."""
        key = (*place.above[-1], partial)
        with self._changed:
            if (older := self._bringing.get(key)) is not None:
                with suppress(OSError):
                    older.shutdown(socket.SHUT_RDWR)
            if not self._changed.wait_for(lambda: key not in self._bringing, HAND_OVER):
                raise FaultError("conflict", f"{shown(place.path)}: this upload is under way already")
            self._bringing[key] = sock
        try:
            yield
        finally:
            with self._changed:
                del self._bringing[key]
                self._changed.notify_all()


def progress(home: Home, request: Request) -> None:
    """Answer ``HEAD`` of an upload: how much of it is there."""
    name = _name_of(request)
    size = 0
    if name is not None:
        with suppress(FaultError), home.locate(request.path) as place:
            size = _size_of(place, name)
    request.answer(200, Upload_Offset=str(size))


def give_up(home: Home, request: Request) -> None:
    """Answer ``DELETE`` of an upload."""
    name = _name_of(request)
    if name is None:
        raise FaultError("invalid", "upload: which upload is missing")
    try:
        with home.locate(request.path) as place, suppress(FileNotFoundError):
            os.unlink(name, dir_fd=place.folder)
    except FaultError as error:
        if error.code != "not_found":
            raise
    request.answer(204)


def _name_of(request: Request) -> bytes | None:
    name = request.query.get("upload")
    if name is None:
        return None
    if not _NAME.fullmatch(name):
        raise FaultError("invalid", "upload: an upload's name is 16 to 64 letters, digits, - and _")
    return b".lyceum-upload-" + name.encode()


def _span_of(request: Request, *, resumable: bool) -> Span:
    """Return which part comes. Raises ``FaultError``."""
    length = request.header("Content-Length")
    if length is not None and int(length) > MAX_UPLOAD:
        raise FaultError("too_large", f"{shown(request.path)}: no project can hold a file of this size")
    offset, part = request.query.get("offset"), request.header("Content-Range")
    if part is None and offset is None:
        return Span(0, None, None)
    if not resumable:
        raise FaultError("invalid", "a part of a file can only be sent for an upload with a name (?upload=...)")
    if part is not None:
        found = _RANGE.fullmatch(part)
        if found is None or not int(found[1]) <= int(found[2]) < int(found[3]) <= MAX_UPLOAD:
            raise FaultError("invalid", "Content-Range: 'bytes FIRST-LAST/TOTAL' is expected")
        return Span(int(found[1]), int(found[2]) + 1, int(found[3]))
    if not _NUMBER.fullmatch(offset or ""):
        raise FaultError("invalid", "offset: a number of bytes is expected")
    return Span(int(offset or "0"), None, None)


def _check(place: Place, request: Request) -> os.stat_result | None:
    """Return what the upload will replace. Raises ``FaultError`` if it may not."""
    status = check_target(place, None)
    if status is not None and request.header("If-None-Match") == "*":
        raise FaultError("precondition_failed", f"{shown(place.path)}: it exists already")
    wanted = request.header("If-Match")
    if wanted is not None and (status is None or not matches(wanted, etag_of(status))):
        raise FaultError("precondition_failed", f"{shown(place.path)}: the file was changed meanwhile")
    return status


def _size_of(place: Place, partial: bytes) -> int:
    try:
        status = os.stat(partial, dir_fd=place.folder, follow_symlinks=False)
    except FileNotFoundError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


@contextmanager
def _partial(place: Place, partial: bytes, span: Span) -> Iterator[int]:
    """Open the file that what comes is appended to. Raises ``FaultError`` if this is not where it stopped."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(partial, flags, 0o666, dir_fd=place.folder)
    try:
        status = os.fstat(descriptor)
        check_regular(status, place.path)
        if span.first == 0:
            os.ftruncate(descriptor, 0)
        elif span.first != status.st_size:
            if status.st_size == 0:
                os.unlink(partial, dir_fd=place.folder)
            message = f"{shown(place.path)}: {status.st_size} bytes of this upload are there; go on from the next"
            raise RefusedError("conflict", message, Upload_Offset=str(status.st_size))
        os.lseek(descriptor, 0, os.SEEK_END)
        yield descriptor
    finally:
        os.close(descriptor)


def _receive(request: Request, place: Place, partial: bytes, descriptor: int, span: Span, *, keep: bool) -> None:
    try:
        end = _write_body(request, descriptor, span)
        if span.total is not None and end < span.total:
            request.answer(202, {"size": end}, Upload_Offset=str(end))
            return
        replaced = _finish(request, place, partial, descriptor)
    except BrokenError:
        if not keep:
            _drop(place, partial)
        raise
    except OSError as error:
        _drop(place, partial)  # it holds the very space that is missing
        raise fault_of(error, place.path) from error
    except FaultError as error:
        if not (keep and error.code == "stalled"):
            _drop(place, partial)
        raise
    status = os.fstat(descriptor)
    modified = modified_of(status)
    request.answer(200 if replaced else 201, {"size": status.st_size, "modified": modified}, ETag=etag_of(status))


def _write_body(request: Request, descriptor: int, span: Span) -> int:
    """Write what comes; return how long the file is then."""
    end = span.first
    for chunk in request.body():
        end += len(chunk)
        if end > (span.end or MAX_UPLOAD):
            raise FaultError("too_large", f"{shown(request.path)}: more came than was announced")
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    if span.end is not None and end != span.end:
        raise FaultError("invalid", f"{shown(request.path)}: less came than was announced")
    return end


def _finish(request: Request, place: Place, partial: bytes, descriptor: int) -> bool:
    """Give the file its name; whether it replaced another."""
    before = _check(place, request)
    if before is not None:
        os.fchmod(descriptor, stat.S_IMODE(before.st_mode) & 0o777)
    os.fsync(descriptor)
    whole = Place(place.folder, partial, place.path, place.above)
    if request.header("If-None-Match") == "*":
        try:
            rename(whole, place, NOREPLACE)
        except FileExistsError:
            raise FaultError("precondition_failed", f"{shown(place.path)}: it exists already") from None
    else:
        os.rename(partial, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)
    sync_folder(place.folder)
    return before is not None


def _drop(place: Place, partial: bytes) -> None:
    with suppress(OSError):
        os.unlink(partial, dir_fd=place.folder)
