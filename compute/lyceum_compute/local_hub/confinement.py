"""Paths that cannot leave the project's home.

A path is walked name by name, each folder being held open (``O_PATH``) before the next name is looked up in it, and
links are followed here, not by the kernel. So a folder that is renamed or replaced by a link meanwhile changes nothing:
what is acted on is the folder that was checked. Links inside the home work as long as they stay inside it.
"""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.names import bytes_of

from .faults import fault_of, shown

MAX_LINKS = 40
MAX_DEPTH = 512
#: What the kernel allows in one path, and in one name.
MAX_PATH = 4095
MAX_NAME = 255

_HOLD = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


class Place(NamedTuple):
    """A name in a folder that is held open. The name of a folder reached as such (the home itself) is ``.``."""

    folder: int
    name: bytes
    path: str
    """As it was asked for, for messages."""
    above: tuple[tuple[int, int], ...]
    """(device, inode) of the folders from the home down to ``folder``."""

    @property
    def is_home(self) -> bool:
        """Whether this is the home itself."""
        return self.name == b"." and len(self.above) == 1

    def status(self) -> os.stat_result | None:
        """Return what lies there (a link itself, not its target), or None."""
        try:
            return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)
        except FileNotFoundError:
            return None


def names_of(path: str) -> list[bytes]:
    """Return the names in a path from the wire. Raises ``FaultError`` for one that could not lie in the home."""
    if "\0" in path:
        raise FaultError("invalid", f"{shown(path)}: a path cannot hold a NUL character")
    if path.startswith("/"):
        raise FaultError("invalid", f"{shown(path)}: paths are relative to the project's home, without a leading slash")
    try:
        encoded = bytes_of(path)
    except UnicodeEncodeError as error:
        raise FaultError("invalid", f"{shown(path)}: the path is not text") from error
    names = _split(encoded)
    if b".." in names:
        raise FaultError("invalid", f"{shown(path)}: a path cannot hold '..'")
    if len(encoded) > MAX_PATH or len(names) > MAX_DEPTH or any(len(name) > MAX_NAME for name in names):
        raise FaultError("invalid", f"{shown(path)}: the path, or a name in it, is too long")
    return names


def _split(path: bytes) -> list[bytes]:
    return [name for name in path.split(b"/") if name not in (b"", b".")]


class Home:
    """The project's home folder."""

    def __init__(self, path: str) -> None:
        self.path = path

    @contextmanager
    def locate(self, path: str, *, follow: bool = True, make_parents: bool = False) -> Iterator[Place]:
        """Find ``path``, which may not exist itself; its folder is held open while in the context.

        ``follow``: if the last name is a link, go to where it points. Raises ``FaultError``; an ``OSError`` raised by
        what is done in the context is turned into one, too.
        """
        walk = _Walk(self.path.encode(), path, make_parents=make_parents)
        try:
            yield walk.to(names_of(path), follow=follow)
        except OSError as error:
            raise fault_of(error, path) from error
        finally:
            walk.close()


class _Walk:
    """The folders from the home down to where the walk is, all held open."""

    def __init__(self, home: bytes, path: str, *, make_parents: bool) -> None:
        self.home = home
        self.path = path
        self.make_parents = make_parents
        self.folders: list[int] = []
        self.links = 0

    def close(self) -> None:
        while self.folders:
            os.close(self.folders.pop())

    def to(self, names: list[bytes], *, follow: bool) -> Place:
        self.folders.append(os.open(self.home, _HOLD | os.O_DIRECTORY))
        ahead = deque(names)
        while ahead:
            name = ahead.popleft()
            if name == b"..":  # from a link: what was asked for holds none
                self._up()
            elif (not ahead and not follow) or self._ends_at(name, ahead):
                return self._place(name)
        return self._place(b".")

    def _place(self, name: bytes) -> Place:
        above = tuple((status.st_dev, status.st_ino) for status in map(os.fstat, self.folders))
        return Place(self.folders[-1], name, self.path, above)

    def _open(self, name: bytes, *, last: bool) -> int | None:
        """Hold what has this name; None if nothing has and it is the last."""
        try:
            return os.open(name, _HOLD, dir_fd=self.folders[-1])
        except FileNotFoundError:
            if last:
                return None
            if not self.make_parents:
                raise
        with suppress(FileExistsError):
            os.mkdir(name, dir_fd=self.folders[-1])
        return os.open(name, _HOLD, dir_fd=self.folders[-1])

    def _ends_at(self, name: bytes, ahead: deque[bytes]) -> bool:
        """Go on to this name; whether it is the end of the walk."""
        found = self._open(name, last=not ahead)
        if found is None:
            return True
        mode = os.fstat(found).st_mode
        if stat.S_ISLNK(mode):
            try:
                target = os.readlink(b"", dir_fd=found)
            finally:
                os.close(found)
            self._follow(target, ahead)
            return False
        if not ahead:
            os.close(found)
            return True
        if not stat.S_ISDIR(mode) or len(self.folders) > MAX_DEPTH:
            os.close(found)
            problem = ("invalid", "too deep") if stat.S_ISDIR(mode) else ("not_a_directory", "not a folder")
            raise FaultError(problem[0], f"{shown(self.path)}: {shown(name)} is {problem[1]}")
        self.folders.append(found)
        return False

    def _follow(self, target: bytes, ahead: deque[bytes]) -> None:
        self.links += 1
        if self.links > MAX_LINKS:
            raise FaultError("invalid", f"{shown(self.path)}: links lead round in a circle")
        if target.startswith(b"/"):
            if target != self.home and not target.startswith(self.home + b"/"):
                raise self._outside()
            target = target[len(self.home) :]
            while len(self.folders) > 1:
                os.close(self.folders.pop())
        ahead.extendleft(reversed(_split(target)))

    def _up(self) -> None:
        if len(self.folders) == 1:
            raise self._outside()
        os.close(self.folders.pop())

    def _outside(self) -> FaultError:
        return FaultError("forbidden", f"{shown(self.path)}: a link leads out of the project's home")
