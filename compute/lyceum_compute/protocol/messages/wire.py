"""What every message is made of: requests, answers, faults and their codes."""

from __future__ import annotations

import msgspec

#: Longest line on the wire, in bytes, its newline included.
MAX_LINE = 16 * 1024 * 1024
#: Longest text or output that one operation carries, in bytes.
MAX_CONTENT = 10 * 1000 * 1000


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all arguments and results share: immutable, by keyword, and no field but those declared."""


class Request(msgspec.Struct, frozen=True):
    """``{"id": n, "operation": name, "arguments": {...}}``"""

    id: int
    operation: str
    arguments: msgspec.Raw = msgspec.Raw(b"{}")


class Fault(msgspec.Struct, frozen=True):
    """Why a request failed: a code for programs, a sentence for people."""

    code: str
    message: str


class Answer(msgspec.Struct, frozen=True):
    """``{"id": n, "result": {...}}``"""

    id: int
    result: msgspec.Raw


class Refusal(msgspec.Struct, frozen=True):
    """``{"id": n, "error": {...}}``; the id is null if it could not be read."""

    id: int | None
    error: Fault


class Empty(Message, frozen=True, kw_only=True):
    """A result that says nothing but that it was done."""


#: Codes of errors on the wire. The hub turns each into an HTTP status.
FAULT_STATUS: dict[str, int] = {
    "malformed": 400,
    "unknown_operation": 404,
    "invalid": 422,
    "forbidden": 403,
    "not_found": 404,
    "not_running": 409,
    "conflict": 409,
    "changed_on_disk": 409,
    "is_a_directory": 409,
    "not_a_directory": 409,
    "not_text": 409,
    "too_large": 413,
    "too_many": 429,
    "disk_quota": 507,
    "host_full": 503,
    "unavailable": 503,
    "timed_out": 504,
    "internal": 500,
}
