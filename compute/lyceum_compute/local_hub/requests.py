"""A request to the file server: its head and body, read from a socket as they come."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote_to_bytes

import httptools
import msgspec

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import FAULT_STATUS
from lyceum_compute.protocol.names import text_of

READ_SIZE = 256 * 1024
MAX_HEAD = 16 * 1024
#: Bytes of a refused request's body that are read and dropped, so that the answer reaches who is still sending.
LINGER = 16 * 1024 * 1024
#: Codes of errors that only HTTP has, beside those of the wire protocol.
STATUS = FAULT_STATUS | {
    "method_not_allowed": 405,
    "stalled": 408,
    "precondition_failed": 412,
    "unsatisfiable": 416,
}
_REASONS = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    204: "No Content",
    206: "Partial Content",
    301: "Moved Permanently",
    304: "Not Modified",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Content Too Large",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    507: "Insufficient Storage",
}
_TARGET = re.compile(rb"/[0-9a-f-]{36}/(files|raw|tree)/([^?#]*)(?:\?([!-~]*))?")


class BrokenError(Exception):
    """The other side is gone, or stopped half-way."""


class RefusedError(FaultError):
    """A request is answered with an error that needs headers of its own."""

    def __init__(self, code: str, message: str, **headers: str) -> None:
        super().__init__(code, message)
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Request:
    """One request. Use: ``read_head``, then ``body``, then one of the answers."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.method = ""
        self.kind = ""
        self.path = ""
        """Below the home, as on the wire (``names``)."""
        self.target = b""
        """As it came, without the query."""
        self.query: dict[str, str] = {}
        self.headers: dict[bytes, bytes] = {}
        self.answered = False
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._chunks: list[bytes] = []
        self._head_complete = False
        self._complete = False

    # What the parser calls back with.

    def on_url(self, part: bytes) -> None:
        """Take a part of the target."""
        self._url += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """Take note that the body begins."""
        self._head_complete = True

    def on_body(self, chunk: bytes) -> None:
        """Take a part of the body."""
        self._chunks.append(chunk)

    def on_message_complete(self) -> None:
        """Take note of the end."""
        self._complete = True

    # Reading.

    def _feed(self) -> int:
        try:
            data = self.sock.recv(READ_SIZE)
        except BlockingIOError as error:
            raise FaultError("stalled", "the request did not go on") from error
        except OSError as error:
            raise BrokenError from error
        if not data:
            raise BrokenError
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise FaultError("malformed", "the request cannot be read") from error
        return len(data)

    def read_head(self) -> None:
        """Read up to the body. Raises ``FaultError`` or ``BrokenError``."""
        taken = 0
        while not self._head_complete:
            taken += self._feed()
            if taken > MAX_HEAD and not self._head_complete:
                raise FaultError("malformed", "the request's head is too long")
        self.method = self._parser.get_method().decode()
        found = _TARGET.fullmatch(self._url)
        if found is None:
            raise FaultError("not_found", "there is nothing under this path")
        self.kind = found[1].decode()
        self.path = text_of(unquote_to_bytes(found[2]))
        self.target = self._url.partition(b"?")[0]
        try:
            self.query = dict(parse_qsl((found[3] or b"").decode(), keep_blank_values=True, max_num_fields=16))
        except ValueError as error:
            raise FaultError("malformed", "the query cannot be read") from error

    def body(self) -> Iterator[bytes]:
        """Read the body, part by part; only what is being looked at is held. Raises as ``read_head``."""
        while True:
            chunks, self._chunks = self._chunks, []
            yield from chunks
            if self._complete:
                return
            self._feed()

    def header(self, name: str) -> str | None:
        """Return a header's value."""
        value = self.headers.get(name.lower().encode())
        return None if value is None else value.decode("latin-1").strip()

    # Answering.

    def begin(self, status: int, headers: dict[str, str]) -> None:
        """Send the head of the answer. Raises ``BrokenError``, as do the others."""
        self.answered = True
        lines = [f"HTTP/1.1 {status} {_REASONS[status]}", *(f"{name}: {value}" for name, value in headers.items())]
        self.send("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1"))

    def send(self, data: bytes) -> None:
        """Send bytes, however slowly they are taken; but nothing for a minute is too slow."""
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise BrokenError from error

    def answer(self, status: int, message: object = None, **headers: str) -> None:
        """Send a whole answer; ``message`` becomes its JSON."""
        body = b"" if message is None else msgspec.json.encode(message) + b"\n"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if message is not None:
            named["Content-Type"] = "application/json"
        if status not in {204, 304}:
            named["Content-Length"] = str(len(body))
        self.begin(status, named)
        if self.method != "HEAD":
            self.send(body)

    def refuse(self, error: FaultError) -> None:
        """Answer with an error, and let who is still sending finish, within bounds."""
        code = error.code if error.code in STATUS else "internal"
        headers = dict(error.headers) if isinstance(error, RefusedError) else {}
        if STATUS[code] in {429, 503}:
            headers.setdefault("Retry-After", "2")
        self.answer(STATUS[code], {"error": {"code": code, "message": error.message}}, **headers)
        self._linger()

    def _linger(self) -> None:
        """Read and drop: closed with something unread, a socket would take the answer along."""
        left = LINGER
        try:
            self.sock.shutdown(socket.SHUT_WR)
            self.sock.settimeout(5)
            while left > 0 and (data := self.sock.recv(READ_SIZE)):
                left -= len(data)
        except OSError:
            return
