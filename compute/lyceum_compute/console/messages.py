"""The text messages between a viewer and the console server; binary ones are the terminal's bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

import msgspec

MAX_TEXT = 4096
MAX_ROWS = 500
MAX_COLUMNS = 1000
DEFAULT_ROWS = 24
DEFAULT_COLUMNS = 80

_TARGET = re.compile(
    r"/(?P<project>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/terminal/(?P<session>[A-Za-z0-9_-]{0,64})(?:\?(?P<query>.*))?"
)


class NonsenseError(Exception):
    """A viewer sent what makes no sense; the message says what."""


class Size(msgspec.Struct, frozen=True):
    """Rows and columns of a terminal or a viewer's window."""

    rows: int = DEFAULT_ROWS
    columns: int = DEFAULT_COLUMNS

    def within_bounds(self) -> Size:
        """Return the nearest size that a terminal can have."""
        return Size(min(max(self.rows, 1), MAX_ROWS), min(max(self.columns, 1), MAX_COLUMNS))


class FromViewer(msgspec.Struct, frozen=True):
    """What a viewer says: one or several of these."""

    resize: Size | None = None
    acknowledge: int | None = None
    """Bytes of terminal output processed since the connection began."""
    ping: int | float | None = None
    end: bool = False
    """Hang the terminal up."""


class Session(msgspec.Struct, frozen=True):
    """One running terminal in the listing."""

    session: str
    created: str
    rows: int
    columns: int
    viewers: int
    command: str
    """The program in the foreground."""


_decoder = msgspec.json.Decoder(FromViewer)
_encoder = msgspec.json.Encoder()


def decode(text: str) -> FromViewer:
    """Return what a viewer's text message says. Raises ``NonsenseError``."""
    if len(text) > MAX_TEXT:
        raise NonsenseError("the message is too long")
    try:
        return _decoder.decode(text)
    except (ValueError, RecursionError) as error:
        raise NonsenseError(str(error)[:100]) from error


def hello(session: str, size: Size, history_bytes: int) -> str:
    """Return the first message to a viewer."""
    return _text(
        {"hello": {"session": session, "rows": size.rows, "columns": size.columns, "history_bytes": history_bytes}}
    )


def size_changed(size: Size) -> str:
    """Return the message that tells the terminal's new size."""
    return _text({"size": {"rows": size.rows, "columns": size.columns}})


def exited(code: int) -> str:
    """Return the message that tells that the shell has ended."""
    return _text({"exit": {"code": code}})


def pong(number: float) -> str:
    """Return the answer to a ping."""
    return _text({"pong": number})


def listing(sessions: list[Session]) -> str:
    """Return the list of running terminals."""
    return _text({"sessions": sessions})


def refusal(code: str, message: str) -> str:
    """Return an error as the body of an HTTP answer."""
    return _text({"error": {"code": code, "message": message}}) + "\n"


def _text(message: object) -> str:
    return _encoder.encode(message).decode()


@dataclass(frozen=True)
class Target:
    """What the path of a request asks for. The session is empty for the listing."""

    project: str
    session: str
    size: Size


def target_of(path: str) -> Target | None:
    """Return what a request's path (with its query) asks for; None if nothing is there."""
    found = _TARGET.fullmatch(path)
    if found is None:
        return None
    query = parse_qs(found["query"] or "", max_num_fields=8)
    return Target(found["project"], found["session"], Size(_number(query, "rows", 24), _number(query, "columns", 80)))


def _number(query: dict[str, list[str]], name: str, default: int) -> int:
    value = query.get(name, [""])[-1]
    return int(value) if re.fullmatch(r"[0-9]{1,4}", value) else default
