"""The head of a request: read strictly, and written anew for the project."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import httptools
import msgspec

#: Bytes of a head, its empty line included.
MAX_HEAD = 16 * 1024
END = b"\r\n\r\n"

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_TARGET = re.compile(rf"/({_UUID})/(terminal)/[!-~]*".encode())
_ACCOUNT = re.compile(_UUID.encode())
_VALUE = re.compile(rb"[\t -~\x80-\xff]*")

#: What a project's programs are not told, or what is written anew.
_WITHHELD = frozenset(
    [
        b"connection",
        b"keep-alive",
        b"upgrade",
        b"te",
        b"trailer",
        b"proxy-connection",
        b"cookie",
        b"authorization",
        b"proxy-authorization",
        b"sec-websocket-extensions",
        b"sec-websocket-protocol",
    ]
)
_OURS = b"x-lyceum-"
_REASONS = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    502: "Bad Gateway",
    503: "Service Unavailable",
}


class RefusedError(Exception):
    """A request is not passed on; it is answered with this status, code and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def response(self) -> bytes:
        """Return the whole answer."""
        body = msgspec.json.encode({"error": {"code": self.code, "message": self.message}}) + b"\n"
        lines = [
            f"HTTP/1.1 {self.status} {_REASONS[self.status]}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Cache-Control: no-store",
            "Connection: close",
        ]
        if self.status in (429, 503):
            lines.append("Retry-After: 2")
        if self.status == 405:
            lines.append("Allow: GET")
        return "\r\n".join(lines).encode() + END + body


@dataclass(frozen=True)
class Head:
    """A request that may be passed on."""

    project: str
    """The project's id, with dashes."""
    kind: str
    account: str
    upgrade: bool
    """Whether a websocket is asked for."""
    bytes: bytes
    """The head as the project gets it."""

    @property
    def project_name(self) -> str:
        """The name of the project's user and units."""
        return self.project.replace("-", "")


@dataclass
class _Parsed:
    """What the parser calls back with."""

    target: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    complete: bool = False

    def on_url(self, part: bytes) -> None:
        self.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.complete = True


def take(buffer: bytearray, too_long: RefusedError) -> bytes | None:
    """Cut a head (its empty line included) off the beginning of what arrived; None if it is not yet whole."""
    end = buffer.find(END, 0, MAX_HEAD)
    if end < 0:
        if len(buffer) >= MAX_HEAD:
            raise too_long
        return None
    head = bytes(buffer[: end + len(END)])
    del buffer[: end + len(END)]
    return head


def read(head: bytes) -> Head:
    """Return the request in a head (its empty line included). Raises ``RefusedError``."""
    parsed = _Parsed()
    parser = httptools.HttpRequestParser(parsed)
    try:
        parser.feed_data(head)
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError as error:
        raise RefusedError(400, "malformed", "the request cannot be read") from error
    if not parsed.complete or parser.get_http_version() != "1.1":
        raise RefusedError(400, "malformed", "the request is not HTTP/1.1")
    if parser.get_method() != b"GET":
        raise RefusedError(405, "invalid", "only GET is answered here")
    return _checked(parsed)


def _checked(parsed: _Parsed) -> Head:
    found = _TARGET.fullmatch(parsed.target)
    if found is None:
        raise RefusedError(404, "not_found", "projects have nothing under this path")
    if not all(_VALUE.fullmatch(value) for _, value in parsed.headers):
        raise RefusedError(400, "malformed", "a header holds control characters")
    if _all(parsed, b"content-length") not in ([], [b"0"]) or _all(parsed, b"transfer-encoding"):
        raise RefusedError(400, "malformed", "a request for a terminal has no body")
    project, kind = found[1], found[2]
    if _all(parsed, b"x-lyceum-project") != [project] or _all(parsed, b"x-lyceum-kind") != [kind]:
        raise RefusedError(403, "forbidden", "the request was authorised for something else")
    account = _all(parsed, b"x-lyceum-account")
    if len(account) != 1 or not _ACCOUNT.fullmatch(account[0]):
        raise RefusedError(403, "forbidden", "the request was authorised for nobody")
    upgrade = [value.lower() for value in _all(parsed, b"upgrade")] == [b"websocket"]
    written = _written(parsed, account[0], upgrade=upgrade)
    return Head(project.decode(), kind.decode(), account[0].decode(), upgrade, written)


def _all(parsed: _Parsed, wanted: bytes) -> list[bytes]:
    return [value for name, value in parsed.headers if name.lower() == wanted]


def _written(parsed: _Parsed, account: bytes, *, upgrade: bool) -> bytes:
    lines = [b"GET " + parsed.target + b" HTTP/1.1"]
    for name, value in parsed.headers:
        if name.lower() not in _WITHHELD and not name.lower().startswith(_OURS):
            lines.append(name + b": " + value)
    lines.append(b"X-Lyceum-Account: " + account)
    if upgrade:
        lines += [b"Connection: Upgrade", b"Upgrade: websocket"]
    else:
        lines.append(b"Connection: close")
    return b"\r\n".join(lines) + END
