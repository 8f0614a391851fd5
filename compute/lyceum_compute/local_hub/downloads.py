"""Sending files: whole or a range, as they were when they were opened, straight from the page cache."""

from __future__ import annotations

import mimetypes
import os
import re
import stat
import time
from urllib.parse import quote

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.names import bytes_of

from .confinement import Home
from .faults import shown
from .files import opened
from .requests import BrokenError, RefusedError, Request

#: Bytes given to the kernel at once.
PIECE = 8 * 1024 * 1024

_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_KNOWN = mimetypes.MimeTypes()
#: Types that pages of scientific work need and the standard library does not know.
_TYPES = {".ipynb": "application/json", ".md": "text/markdown", ".woff2": "font/woff2", ".wasm": "application/wasm"}


def download(home: Home, request: Request) -> None:
    """Answer ``GET`` or ``HEAD`` of a file. Raises ``FaultError`` or ``BrokenError``."""
    path = request.path
    if request.kind == "raw":
        path = _page_of(home, request)
        if not path:
            return
    elif path.endswith("/"):
        raise FaultError("is_a_directory", f"{shown(path)}: a folder can be had with ?zip")
    with home.locate(path) as place, opened(place) as descriptor:
        status = os.fstat(descriptor)
        headers = _validators(status)
        if _unchanged(request, headers):
            request.answer(304, **{name.replace("-", "_"): value for name, value in headers.items()})
            return
        headers["Content-Type"] = type_of(path) if request.kind == "raw" else "application/octet-stream"
        if request.kind == "files":
            headers["Content-Disposition"] = disposition(bytes_of(path).rpartition(b"/")[2])
        first, last = _range_of(request, headers, status.st_size)
        headers["Accept-Ranges"] = "bytes"
        headers["Content-Length"] = str(last - first)
        partial = "Content-Range" in headers
        request.begin(206 if partial else 200, headers)
        if request.method == "GET":
            send(request, descriptor, first, last)


def _page_of(home: Home, request: Request) -> str:
    """Return the file that a path of the kind ``raw`` means; empty if the answer was given already."""
    with home.locate(request.path) as place:
        status = place.status()
    if status is None or not stat.S_ISDIR(status.st_mode):
        return request.path
    if request.path and not request.path.endswith("/"):
        request.answer(301, Location=request.target.decode("ascii") + "/")
        return ""
    return request.path + "index.html"


def type_of(path: str) -> str:
    """Return the media type that a name says. Texts are taken for UTF-8."""
    extension = os.path.splitext(path)[1].lower()  # noqa: PTH122 no pathlib
    kind = _TYPES.get(extension) or _KNOWN.guess_type("x" + extension)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def disposition(name: bytes) -> str:
    """Return the header that has a browser keep the file under its name."""
    return f"attachment; filename*=UTF-8''{quote(name.decode('utf-8', 'replace'), safe='')}"


def etag_of(status: os.stat_result) -> str:
    """Return what changes whenever a file's content does."""
    return f'"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"'


def _validators(status: os.stat_result) -> dict[str, str]:
    headers = {"ETag": etag_of(status)}
    try:
        when = time.gmtime(status.st_mtime)
    except (OverflowError, ValueError, OSError):  # a file's time can be set to anything
        return headers
    if 1970 <= when.tm_year <= 9999:
        clock = f"{when.tm_hour:02}:{when.tm_min:02}:{when.tm_sec:02}"
        day = f"{when.tm_mday:02} {_MONTHS[when.tm_mon - 1]} {when.tm_year:04}"
        headers["Last-Modified"] = f"{_DAYS[when.tm_wday]}, {day} {clock} GMT"
    return headers


def matches(tags: str, etag: str) -> bool:
    """Whether a list of entity tags names this one (or anything, ``*``)."""
    return tags == "*" or etag in (tag.strip().removeprefix("W/") for tag in tags.split(","))


def _unchanged(request: Request, headers: dict[str, str]) -> bool:
    """Whether the caller has it already. Raises ``FaultError`` if it is not what the caller wants to have.

    Dates are compared as texts: a caller gives back the one that it was sent, and files can be set back in time.
    """
    etag, modified = headers["ETag"], headers.get("Last-Modified")
    if (wanted := request.header("If-Match")) is not None:
        failed = not matches(wanted, etag)
    else:
        since = request.header("If-Unmodified-Since")
        failed = since is not None and since != modified
    if failed:
        raise FaultError("precondition_failed", f"{shown(request.path)}: the file was changed meanwhile")
    if (known := request.header("If-None-Match")) is not None:
        return matches(known, etag)
    since = request.header("If-Modified-Since")
    return since is not None and since == modified


def _range_of(request: Request, headers: dict[str, str], size: int) -> tuple[int, int]:
    """Return the first byte to send and the one after the last; several ranges are answered with the whole."""
    wanted = _RANGE.fullmatch(request.header("Range") or "")
    condition = request.header("If-Range")
    if wanted is None or (condition is not None and condition not in {headers["ETag"], headers.get("Last-Modified")}):
        return 0, size
    if wanted[3] is not None:
        first, last = max(0, size - int(wanted[3])), size
    else:
        first, last = int(wanted[1]), min(size, int(wanted[2]) + 1 if wanted[2] else size)
        if wanted[2] and int(wanted[2]) < int(wanted[1]):
            return 0, size
    if first >= size or first >= last:
        message = f"{shown(request.path)}: the file has {size} bytes"
        raise RefusedError("unsatisfiable", message, Content_Range=f"bytes */{size}")
    headers["Content-Range"] = f"bytes {first}-{last - 1}/{size}"
    return first, last


def send(request: Request, descriptor: int, first: int, last: int) -> None:
    """Send bytes of a file. Raises ``BrokenError``: also if the file ends early, since what was promised cannot be."""
    while first < last:
        try:
            sent = os.sendfile(request.sock.fileno(), descriptor, first, min(last - first, PIECE))
        except OSError as error:
            raise BrokenError from error
        if not sent:
            raise BrokenError
        first += sent
