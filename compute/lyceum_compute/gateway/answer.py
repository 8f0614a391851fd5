"""The head of an answer from a project, which is a stranger's: what the browser gets of it.

On the origin of the hub a browser must take it for nothing but a websocket, data or a file to keep: whatever the
program says, no page, script, cookie or redirection of its own gets through. On the project's own origin it may say
what it likes, but for what would reach beyond that origin.
"""

from __future__ import annotations

import http
import re
from dataclasses import dataclass, field

import httptools

from .forward import OUR_COOKIE
from .head import Head
from .refusal import RefusedError

_ACCEPT = re.compile(rb"[A-Za-z0-9+/]{27}=")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_VALUE = re.compile(rb"[\t -~\x80-\xff]*")
_FILENAME = re.compile(rb"attachment; ?filename\*=(UTF-8''[A-Za-z0-9%._~-]{1,800})", re.IGNORECASE)
_DATA = frozenset([b"application/json", b"application/zip"])

_TERMINAL_STATUSES = frozenset([200, 400, 404, 409, 426, 429, 500, 503])
_FILE_STATUSES = frozenset(
    [200, 201, 202, 204, 206, 301, 304, 400, 403, 404, 405, 408, 409, 411, 412, 413, 416, 422, 429, 431, 500, 503, 507]
)
_FILE_HEADERS = frozenset(
    [
        b"accept-ranges",
        b"allow",
        b"content-length",
        b"content-range",
        b"etag",
        b"last-modified",
        b"retry-after",
        b"transfer-encoding",
        b"upload-offset",
    ]
)
#: What says something about other connections, other origins or the hub, or asks for what never arrives.
_KEPT_BACK = frozenset(
    [
        b"alt-svc",
        b"clear-site-data",
        b"connection",
        b"keep-alive",
        b"nel",
        b"proxy-authenticate",
        b"proxy-connection",
        b"public-key-pins",
        b"report-to",
        b"strict-transport-security",
        b"te",
        b"upgrade",
        b"www-authenticate",
    ]
)
_OURS = (b"x-accel-", b"x-lyceum-")
_SANDBOX = b"Content-Security-Policy: sandbox; default-src 'none'; frame-ancestors 'none'"
#: A page of a file on the hub's origin: it may do what it likes, as nobody.
_NOBODY = b"Content-Security-Policy: sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts"
_NOSNIFF = b"X-Content-Type-Options: nosniff"
_CLOSE = b"Connection: close"


@dataclass
class _Parsed:
    status: int = 0
    version: str = ""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    complete: bool = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.complete = True

    def first(self, wanted: bytes) -> bytes:
        return next((value for name, value in self.headers if name.lower() == wanted), b"")


def rewrite(answer: bytes, head: Head) -> bytes | None:
    """Return what the browser gets for a project's head (its empty line included). Raises ``RefusedError``.

    None if it only says that another follows (100 to 199, but for 101).
    """
    parsed = _parse(answer)
    _check_body(parsed)
    if 100 <= parsed.status < 200 and parsed.status != 101:
        return None
    if parsed.status == 101:
        lines = _switching(parsed, head)
    elif head.kind == "terminal":
        lines = _terminal(parsed)
    elif head.kind == "port":
        lines = _port(parsed, head)
    else:
        lines = _file(parsed, head)
    return b"\r\n".join([*lines, b""]) + b"\r\n"


def _parse(answer: bytes) -> _Parsed:
    parsed = _Parsed()
    parser = httptools.HttpResponseParser(parsed)
    try:
        parser.feed_data(answer)
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError as error:
        raise _nonsense() from error
    parsed.status, parsed.version = parser.get_status_code(), parser.get_http_version()
    if not parsed.complete or not all(_VALUE.fullmatch(value) for _, value in parsed.headers):
        raise _nonsense()
    return parsed


def _check_body(parsed: _Parsed) -> None:
    """There must be one way to see where the answer ends."""
    lengths = [value for name, value in parsed.headers if name.lower() == b"content-length"]
    encodings = [value.lower() for name, value in parsed.headers if name.lower() == b"transfer-encoding"]
    if len(lengths) > 1 or not all(_LENGTH.fullmatch(length) for length in lengths):
        raise _nonsense()
    if encodings and (encodings != [b"chunked"] or lengths or parsed.version != "1.1"):
        raise _nonsense()


def _status_line(status: int) -> bytes:
    try:
        reason = http.HTTPStatus(status).phrase
    except ValueError:
        reason = "Unknown"
    return f"HTTP/1.1 {status} {reason}".encode()


def _switching(parsed: _Parsed, head: Head) -> list[bytes]:
    accept = parsed.first(b"sec-websocket-accept")
    if not head.upgrade or head.kind not in {"terminal", "port"} or not _ACCEPT.fullmatch(accept):
        raise _nonsense()
    lines = [_status_line(101), b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Accept: " + accept]
    if head.kind == "port":
        for name in (b"Sec-WebSocket-Protocol", b"Sec-WebSocket-Extensions"):
            lines += [name + b": " + value for given, value in parsed.headers if given.lower() == name.lower()]
    return lines


def _terminal(parsed: _Parsed) -> list[bytes]:
    if parsed.status not in _TERMINAL_STATUSES:
        raise _nonsense()
    length = parsed.first(b"content-length")
    return [
        _status_line(parsed.status),
        b"Content-Type: application/json",
        _NOSNIFF,
        _SANDBOX,
        b"Cache-Control: no-store",
        _CLOSE,
        *([b"Content-Length: " + length] if length else []),
    ]


def _file(parsed: _Parsed, head: Head) -> list[bytes]:
    if parsed.status not in _FILE_STATUSES:
        raise _nonsense()
    lines = [_status_line(parsed.status), _NOSNIFF, _CLOSE, b"Cache-Control: private, no-cache"]
    lines += [name + b": " + value for name, value in parsed.headers if name.lower() in _FILE_HEADERS]
    kind = parsed.first(b"content-type")
    if head.kind == "raw":
        location = parsed.first(b"location")
        if parsed.status == 301 and not location.startswith(f"/{head.project}/raw/".encode()):
            raise _nonsense()
        lines += [b"Location: " + location] if location else []
        lines += [b"Content-Type: " + kind] if kind else []
        return lines if head.own_origin else [*lines, _NOBODY]
    if parsed.status == 301:
        raise _nonsense()
    name = _FILENAME.fullmatch(parsed.first(b"content-disposition"))
    return [
        *lines,
        b"Content-Disposition: attachment" + (b"; filename*=" + name[1] if name else b""),
        b"Content-Type: " + (kind if kind in _DATA else b"application/octet-stream"),
        _SANDBOX,
    ]


def _port(parsed: _Parsed, head: Head) -> list[bytes]:
    if not 200 <= parsed.status <= 599:
        raise _nonsense()
    lines = [_status_line(parsed.status), _CLOSE]
    for name, value in parsed.headers:
        lower = name.lower()
        if lower in _KEPT_BACK or lower.startswith(_OURS):
            continue
        if lower == b"set-cookie":
            cookie = _cookie(value, head)
            lines += [b"Set-Cookie: " + cookie] if cookie else []
        elif lower == b"location":
            lines.append(b"Location: " + _location(value, head))
        elif lower != b"service-worker-allowed" or head.own_origin:
            lines.append(name + b": " + value)
    return lines


def _cookie(value: bytes, head: Head) -> bytes | None:
    """Return a program's cookie if it is for this project alone, else None."""
    pair, *attributes = (part.strip() for part in value.split(b";"))
    name = pair.partition(b"=")[0].strip()
    if b"=" not in pair or not name or OUR_COOKIE.fullmatch(name):
        return None
    if any(attribute.partition(b"=")[0].strip().lower() == b"domain" for attribute in attributes):
        return None
    if head.own_origin:
        return value
    # On the hub's origin its place is the project's, and it can claim no more.
    if name.lower().startswith(b"__host-"):
        return None
    kept = [attribute for attribute in attributes if attribute.partition(b"=")[0].strip().lower() != b"path"]
    return b"; ".join([pair, *kept, f"Path=/{head.project}/".encode()])


def _location(value: bytes, head: Head) -> bytes:
    """Return where a program that believes itself at ``/`` sends the browser, as the browser sees it."""
    if not head.prefix:
        return value
    names = [*head.all(b"host"), f"127.0.0.1:{head.port}".encode(), f"localhost:{head.port}".encode()]
    for start in [scheme + name for name in names for scheme in (b"http://", b"https://")]:
        if value == start or value.startswith((start + b"/", start + b"?")):
            value = value.removeprefix(start)
            value = value if value.startswith(b"/") else b"/" + value
            break
    inside = value.startswith(b"/") and not value.startswith((b"//", f"/{head.project}/".encode()))
    return head.prefix + value if inside else value


def _nonsense() -> RefusedError:
    return RefusedError(502, "unavailable", "the project's answer makes no sense")
