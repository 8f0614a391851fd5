"""Everything below a folder, without following a link or holding more than the folders that lead there."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from lyceum_compute.protocol.errors import FaultError

from .faults import shown

MAX_DEPTH = 200

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Found(NamedTuple):
    """A file or folder, in a folder that is open while it is looked at."""

    folder: int
    name: str
    path: bytes
    """From where the walk began."""
    status: os.stat_result

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return stat.S_ISDIR(self.status.st_mode)

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.status.st_mode)


@contextmanager
def walk(folder: int) -> Iterator[Iterator[Found]]:
    """Look at everything below an open folder, step by step; what is open is closed with the context."""
    steps = _walk(folder)
    try:
        yield steps
    finally:
        steps.close()


def _walk(folder: int) -> Generator[Found]:
    """Yield what is below an open folder, each folder before what is in it; what cannot be opened is passed over.

    Raises ``FaultError`` for folders that are nested too deeply.
    """
    levels = [_Level(anew(folder), b"")]
    try:
        while levels:
            found = levels[-1].next()
            if found is None:
                levels.pop().close()
                continue
            yield found
            if found.is_folder:
                if len(levels) > MAX_DEPTH:
                    raise FaultError("invalid", f"{shown(found.path)}: the folders are nested too deeply")
                with suppress(OSError):
                    levels.append(_Level(os.open(found.name, FOLDER, dir_fd=found.folder), found.path + b"/"))
    finally:
        for level in levels:
            level.close()


def anew(folder: int) -> int:
    """Open a folder again: btrfs lists through a descriptor only what was there when it was opened."""
    return os.open(".", FOLDER, dir_fd=folder)


class _Level:
    """A folder that is being looked through. It owns the descriptor."""

    def __init__(self, folder: int, path: bytes) -> None:
        self._folder = folder
        self._path = path
        try:
            self._entries = os.scandir(folder)
        except OSError:
            os.close(folder)
            raise

    def next(self) -> Found | None:
        """Return what comes next, or None at the end."""
        for entry in self._entries:
            with suppress(OSError):  # gone meanwhile
                status = os.stat(entry.name, dir_fd=self._folder, follow_symlinks=False)
                return Found(self._folder, entry.name, self._path + os.fsencode(entry.name), status)
        return None

    def close(self) -> None:
        """Look no further."""
        self._entries.close()
        os.close(self._folder)
