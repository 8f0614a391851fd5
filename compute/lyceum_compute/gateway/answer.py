"""The head of an answer from a project: a stranger's, on the origin of the hub.

A browser must take it for nothing but a websocket or data: whatever the project's program says, no page, script, cookie
or redirection of its own gets through.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import httptools

from .head import END, RefusedError

_ACCEPT = re.compile(rb"[A-Za-z0-9+/]{27}=")
_LENGTH = re.compile(rb"[0-9]{1,12}")
_STATUSES = {
    200: b"OK",
    400: b"Bad Request",
    404: b"Not Found",
    409: b"Conflict",
    426: b"Upgrade Required",
    429: b"Too Many Requests",
    500: b"Internal Server Error",
    503: b"Service Unavailable",
}
_DATA_ONLY = [
    b"Content-Type: application/json",
    b"X-Content-Type-Options: nosniff",
    b"Content-Security-Policy: sandbox; default-src 'none'; frame-ancestors 'none'",
    b"Cache-Control: no-store",
    b"Connection: close",
]


@dataclass
class _Parsed:
    headers: dict[bytes, bytes] = field(default_factory=dict)
    complete: bool = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self.complete = True


def rewrite(head: bytes, *, upgrade: bool) -> bytes:
    """Return what the browser gets for a project's head (its empty line included). Raises ``RefusedError``.

    ``upgrade``: whether the browser asked for a websocket.
    """
    parsed = _Parsed()
    parser = httptools.HttpResponseParser(parsed)
    try:
        parser.feed_data(head)
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError as error:
        raise _nonsense() from error
    status = parser.get_status_code()
    if not parsed.complete:
        raise _nonsense()
    if status == 101 and upgrade:
        lines = _switching(parsed)
    elif status in _STATUSES:
        lines = [b"HTTP/1.1 %d %s" % (status, _STATUSES[status]), *_DATA_ONLY, *_length(parsed)]
    else:
        raise _nonsense()
    return b"\r\n".join(lines) + END


def _switching(parsed: _Parsed) -> list[bytes]:
    accept = parsed.headers.get(b"sec-websocket-accept", b"")
    if not _ACCEPT.fullmatch(accept):
        raise _nonsense()
    return [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: " + accept,
    ]


def _length(parsed: _Parsed) -> list[bytes]:
    length = parsed.headers.get(b"content-length", b"")
    return [b"Content-Length: " + length] if _LENGTH.fullmatch(length) else []


def _nonsense() -> RefusedError:
    return RefusedError(502, "unavailable", "the project's answer makes no sense")
