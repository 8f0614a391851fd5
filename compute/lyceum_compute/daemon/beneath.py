"""Walking a hostile tree by open folders: no link is followed and nothing outside reached, whatever is renamed."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def folder(root: Path | int, parts: list[bytes]) -> Iterator[int]:
    """Open the folder that is reached from ``root`` by names of folders. Raises ``OSError`` (``ELOOP`` for a link)."""
    fd = os.dup(root) if isinstance(root, int) else os.open(root, _FOLDER)
    try:
        for part in parts:
            fd = step(fd, part)
        yield fd
    finally:
        os.close(fd)


def step(fd: int, part: bytes) -> int:
    """Return the opened folder of that name, and close the one that holds it. Raises ``OSError``, ``fd`` still open."""
    if part in {b"", b".", b".."} or b"/" in part or b"\0" in part:
        raise ValueError("a name of one folder is wanted")
    inner = os.open(part, _FOLDER, dir_fd=fd)
    os.close(fd)
    return inner


def parts_of(path: bytes) -> list[bytes]:
    """Return the names in a relative path. Raises ``ValueError`` if it is absolute, climbs or holds a NUL."""
    parts = [part for part in path.split(b"/") if part not in {b"", b"."}]
    if path.startswith(b"/") or b".." in parts or b"\0" in path:
        raise ValueError("a path must be relative and stay inside")
    return parts
