"""Ways into a snapshot that follow no link: what lies in it was made by strangers."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .layout import Layout

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def open_home(layout: Layout, project_id: str, snapshot: str) -> Iterator[int]:
    """Open the home in a snapshot; the folders above it are root's, so that nobody can have put a link there."""
    fd = os.open(layout.snapshots_of(project_id) / snapshot / "home", FOLDER)
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def open_parent(home: int, names: list[bytes]) -> Iterator[tuple[int, bytes]]:
    """Open the folder that holds the last of the names, following no link, and say how that is called in it.

    Without names, that is the home itself, called ``.``.
    """
    fd = os.dup(home)
    try:
        for name in names[:-1]:
            below = os.open(name, FOLDER, dir_fd=fd)
            os.close(fd)
            fd = below
        yield fd, names[-1] if names else b"."
    finally:
        os.close(fd)
