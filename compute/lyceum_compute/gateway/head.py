"""The head of a request: read strictly, and once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import httptools

from .refusal import END, MovedError, RefusedError

#: Bytes of a head, its empty line included: more than the edge lets through.
MAX_HEAD = 48 * 1024

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_TARGET = re.compile(rf"/({_UUID})/(terminal|port|raw|files)(/[!->@-~]*)?(\?[!-~]*)?".encode())
_PLACES = {
    "terminal": re.compile(rb"/[A-Za-z0-9_-]{0,64}"),
    "port": re.compile(rb"/([1-9][0-9]{0,4}|jupyter)(/.*)?"),
    "raw": re.compile(rb"/.*"),
    "files": re.compile(rb"/.*"),
}
_METHODS = {
    "terminal": ["GET"],
    "raw": ["GET", "HEAD"],
    "files": ["GET", "HEAD", "PUT", "DELETE"],
}
#: What no program behind a proxy can be asked.
_UNFIT = frozenset(["CONNECT", "TRACE", "PRI"])
_ACCOUNT = re.compile(_UUID.encode())
_VALUE = re.compile(rb"[\t -~\x80-\xff]*")
_LENGTH = re.compile(rb"[0-9]{1,18}")


@dataclass(frozen=True)
class Head:
    """A request that may be passed on."""

    project: str
    """The project's id, with dashes."""
    kind: str
    account: str
    method: str
    target: bytes
    """Path and query as the browser sent them."""
    headers: list[tuple[bytes, bytes]]
    upgrade: bool
    """Whether a websocket is asked for."""
    own_origin: bool
    """Whether the browser sees the project's own origin, and not the hub's."""
    credential: str = ""
    """The hub's name for the session or API key that the request showed."""
    service: str = ""
    """Of the kind ``port``: its number, or ``jupyter``."""

    @property
    def holders(self) -> frozenset[str]:
        """Whose connection it is (``links.Claim``)."""
        return frozenset([self.account])

    @property
    def project_name(self) -> str:
        """The name of the project's user and units."""
        return self.project.replace("-", "")

    @property
    def port(self) -> int | None:
        """The TCP port that is asked for, if it is one."""
        return int(self.service) if self.service.isdecimal() else None

    @property
    def prefix(self) -> bytes:
        """What the program behind a port is not told of the path: it serves from ``/``, wherever it is shown."""
        return b"" if self.port is None else f"/{self.project}/port/{self.service}".encode()

    @property
    def wants_page(self) -> bool:
        """Whether a person asked, who wants to read an answer."""
        return any(b"text/html" in value.lower() for value in self.all(b"accept"))

    def all(self, wanted: bytes) -> list[bytes]:
        """Return the values of a header; its name is given in lower case."""
        return _all(self.headers, wanted)


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
    return _checked(parsed, parser.get_method().decode())


def _checked(parsed: _Parsed, method: str) -> Head:
    found = _TARGET.fullmatch(parsed.target)
    if found is None:
        raise _nothing()
    if not all(_VALUE.fullmatch(value) for _, value in parsed.headers):
        raise RefusedError(400, "malformed", "a header holds control characters")
    project, kind = found[1], found[2].decode()
    if _all(parsed.headers, b"x-lyceum-project") != [project] or _all(parsed.headers, b"x-lyceum-kind") != [found[2]]:
        raise RefusedError(403, "forbidden", "the request was authorised for something else")
    account = _all(parsed.headers, b"x-lyceum-account")
    if len(account) != 1 or not _ACCOUNT.fullmatch(account[0]):
        raise RefusedError(403, "forbidden", "the request was authorised for nobody")
    service = _place(kind, found)
    _check_method(kind, method)
    _check_body(kind, parsed.headers)
    return Head(
        project=project.decode(),
        kind=kind,
        account=account[0].decode(),
        method=method,
        target=parsed.target,
        headers=parsed.headers,
        upgrade=[value.lower() for value in _all(parsed.headers, b"upgrade")] == [b"websocket"],
        own_origin=_all(parsed.headers, b"x-lyceum-origin") == [b"own"],
        credential=b",".join(_all(parsed.headers, b"x-lyceum-credential")).decode("latin-1"),
        service=service,
    )


def _place(kind: str, found: re.Match[bytes]) -> str:
    """Check what follows the kind; return the port's number or name if it is one."""
    place = _PLACES[kind].fullmatch(found[3] or b"")
    if place is None:
        raise _nothing()
    if kind != "port":
        return ""
    if place[1].isdigit() and int(place[1]) > 65535:
        raise RefusedError(404, "not_found", "ports are numbered from 1 to 65535")
    if not place[2]:
        raise MovedError(b"".join([b"/", found[1], b"/port/", place[1], b"/", found[4] or b""]).decode())
    return place[1].decode()


def _check_method(kind: str, method: str) -> None:
    known = _METHODS.get(kind)
    if method in _UNFIT or (known is not None and method not in known):
        allow = ", ".join(known or ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
        raise RefusedError(405, "invalid", f"{method} is not answered here", allow=allow)


def _check_body(kind: str, headers: list[tuple[bytes, bytes]]) -> None:
    """There must be one way to see where the request ends."""
    lengths, encodings = _all(headers, b"content-length"), _all(headers, b"transfer-encoding")
    if kind == "terminal" and (lengths not in ([], [b"0"]) or encodings):
        raise RefusedError(400, "malformed", "a request for a terminal has no body")
    clear = len(lengths) <= 1 and all(_LENGTH.fullmatch(length) for length in lengths)
    if encodings and (lengths or [encoding.lower() for encoding in encodings] != [b"chunked"]):
        clear = False
    if not clear:
        raise RefusedError(400, "malformed", "the request's length can be read in two ways")


def _all(headers: list[tuple[bytes, bytes]], wanted: bytes) -> list[bytes]:
    return [value for name, value in headers if name.lower() == wanted]


def _nothing() -> RefusedError:
    return RefusedError(404, "not_found", "projects have nothing under this path")
