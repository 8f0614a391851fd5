"""What a compute host may ask of the receiver: three forms of command, as rsync sends them, and nothing else.

A pure function of the command's text. Nothing of it is run: it says which project, snapshot and path are meant, and
which abilities the other rsync has; the arguments of ours are made from these.
"""

from __future__ import annotations

import re
import shlex
from typing import NamedTuple

from .layout import MAX_PATH, InvalidNameError, check_project_id, snapshot_time, split_path

#: ``-<letters of options>e.<letters of what the other rsync can do>``
_SHORT = re.compile(r"-([A-Za-z]+)(e[0-9]{0,3}\.[A-Za-z]{0,40})")
_TIMEOUT = re.compile(r"--timeout=[1-9][0-9]{0,3}")
_HEX = re.compile(r"(?:[0-9a-f]{2})+")

#: ``-aHAXS --numeric-ids --modify-window=-1 --delete --delete-excluded`` as a client sends it to a receiver, and
#: ``-aHAXS --numeric-ids --modify-window=-1 --no-devices`` as it sends it to a sender.
_SAVE_LETTERS = sorted("logDtprHAXS")
_SAVE_OPTIONS = {"--numeric-ids", "-@-1", "--delete-excluded"}
_FETCH_LETTERS = sorted("logtprHAXS")
_FETCH_OPTIONS = {"--numeric-ids", "--specials"}

LATEST = "latest"


class RefusedError(Exception):
    """The command is not one of those; the message says what is wrong with it."""


class Save(NamedTuple):
    """Receive a copy of a project's home."""

    project_id: str
    options: tuple[str, ...]


class Fetch(NamedTuple):
    """Send what a snapshot (or the latest one) holds at a path; no names mean the whole home."""

    project_id: str
    snapshot: str
    names: tuple[bytes, ...]
    options: tuple[str, ...]


def parse(command: str) -> Save | Fetch:
    """Return what a command asks for. Raises ``RefusedError``."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise RefusedError("the command's quotes are not closed") from error
    if words[:2] != ["rsync", "--server"] or len(words) < 5 or words[-2] != ".":
        raise RefusedError("this key is for copies of projects by rsync, and for nothing else")
    fetch = words[2] == "--sender"
    options = _options(words[3 if fetch else 2 : -2], fetch=fetch)
    try:
        return _fetch(words[-1], options) if fetch else _save(words[-1], options)
    except InvalidNameError as error:
        raise RefusedError(str(error)) from error


def _options(words: list[str], *, fetch: bool) -> tuple[str, ...]:
    """Return the options for our rsync if the words are exactly those that are expected."""
    short = [match for match in map(_SHORT.fullmatch, words) if match]
    long = [word for word in words if not _SHORT.fullmatch(word) and not _TIMEOUT.fullmatch(word)]
    letters, expected = (_FETCH_LETTERS, _FETCH_OPTIONS) if fetch else (_SAVE_LETTERS, _SAVE_OPTIONS)
    timeouts = len(words) - len(short) - len(long)
    if len(short) != 1 or sorted(short[0][1]) != letters or sorted(long) != sorted(expected) or timeouts > 1:
        raise RefusedError("rsync was called with other options than those that the storage host's documentation gives")
    return tuple(words)


def _save(path: str, options: tuple[str, ...]) -> Save:
    if not path.endswith("/"):
        raise RefusedError("a copy is sent to <project id>/")
    return Save(check_project_id(path[:-1]), options)


def _fetch(path: str, options: tuple[str, ...]) -> Fetch:
    parts = path.split("/")
    if len(parts) != 3:
        raise RefusedError(
            "files are fetched from <project id>/<snapshot>/ or <project id>/<snapshot>/<path in hexadecimal>"
        )
    project_id, snapshot, encoded = parts
    check_project_id(project_id)
    if snapshot != LATEST and snapshot_time(snapshot) is None:
        raise RefusedError("that is not the name of a snapshot")
    if not encoded:
        return Fetch(project_id, snapshot, (), options)
    if len(encoded) > 2 * MAX_PATH or not _HEX.fullmatch(encoded):
        raise RefusedError("the path must be in hexadecimal, lower case")
    return Fetch(project_id, snapshot, tuple(split_path(bytes.fromhex(encoded))), options)
