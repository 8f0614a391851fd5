"""Lines of JSON: cutting a stream into messages and back, without sockets."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from .errors import FaultError
from .messages import MAX_LINE, Answer, Fault, Refusal, Request

#: Ids are whole numbers that every JSON reader holds exactly.
MAX_ID = 2**53

T = TypeVar("T")


class Incoming(msgspec.Struct, frozen=True):
    """What a client can be sent: an answer, or an event (whose other fields are read by who knows its type)."""

    id: int | None = None
    event: str | None = None
    result: msgspec.Raw = msgspec.Raw(b"")
    error: Fault | None = None


_encoder = msgspec.json.Encoder()
_request_decoder = msgspec.json.Decoder(Request)
_incoming_decoder = msgspec.json.Decoder(Incoming)


class LineTooLongError(FaultError):
    """The other side sent more than ``limit`` bytes without a newline; the connection cannot go on."""

    def __init__(self, limit: int) -> None:
        super().__init__("too_large", f"a message is longer than {limit} bytes")


class LineBuffer:
    """Cuts a stream of bytes into lines, holding at most ``limit`` bytes (newline included) of an unfinished one."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self.limit = limit
        self._held = bytearray()

    def __len__(self) -> int:
        """How many bytes of an unfinished line are held."""
        return len(self._held)

    def feed(self, data: bytes) -> list[bytes]:
        """Take what arrived; return the lines that it completes, without newlines. Raises ``LineTooLongError``."""
        *complete, rest = data.split(b"\n")
        lines: list[bytes] = []
        for piece in complete:
            if len(self._held) + len(piece) + 1 > self.limit:
                raise LineTooLongError(self.limit)
            if self._held:
                self._held += piece
                lines.append(bytes(self._held))
                self._held.clear()
            else:
                lines.append(piece)
        if len(self._held) + len(rest) + 1 > self.limit:
            raise LineTooLongError(self.limit)
        self._held += rest
        return lines


def encode(message: Any, limit: int = MAX_LINE) -> bytes:
    """Return one line of JSON, newline included. Raises ``FaultError`` if it cannot be sent."""
    try:
        line = _encoder.encode(message)
    except (TypeError, ValueError, RecursionError, OverflowError, msgspec.MsgspecError) as error:
        raise FaultError("internal", "the message cannot be written as JSON") from error
    if len(line) >= limit:
        raise FaultError("too_large", f"the message would be {len(line)} bytes long; at most {limit - 1} are allowed")
    return line + b"\n"


def encode_result(request_id: int, result: Any) -> bytes:
    """Return the line that answers a request with its result."""
    return encode(Answer(request_id, msgspec.Raw(_raw(result))))


def encode_fault(request_id: int | None, fault: Fault) -> bytes:
    """Return the line that refuses a request, or with id null ends a connection."""
    return encode(Refusal(request_id, fault))


def encode_request(request_id: int, operation: str, arguments: Any) -> bytes:
    """Return the line of a request. ``arguments``: a message, or JSON that is passed on as it is."""
    raw = arguments if isinstance(arguments, msgspec.Raw) else msgspec.Raw(_raw(arguments))
    return encode(Request(request_id, operation, raw))


def decode_request(line: bytes) -> Request:
    """Return the request in a line. Raises ``FaultError`` (``malformed``) for anything else."""
    try:
        request = _request_decoder.decode(line)
    except (ValueError, RecursionError) as error:
        raise FaultError("malformed", f"a request could not be read: {_reason(error)}") from error
    if not 0 <= request.id < MAX_ID:
        raise FaultError("malformed", f"a request's id must be from 0 to {MAX_ID - 1}")
    return request


def decode_incoming(line: bytes) -> Incoming:
    """Return the answer or event in a line. Raises ``FaultError`` (``malformed``) for anything else."""
    try:
        return _incoming_decoder.decode(line)
    except (ValueError, RecursionError) as error:
        raise FaultError("malformed", f"an answer could not be read: {_reason(error)}") from error


def decode_as(raw: bytes | msgspec.Raw, kind: type[T], what: str) -> T:
    """Return ``raw`` as ``kind``. Raises ``FaultError`` (``invalid``), which names ``what`` could not be read."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (ValueError, RecursionError) as error:
        raise FaultError("invalid", f"{what}: {_reason(error)}") from error


def _raw(message: Any) -> bytes:
    return encode(message)[:-1]


def _reason(error: Exception) -> str:
    """Return what was wrong, in one short line (the text comes from the library, and may quote little of the input)."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error)[:200]
