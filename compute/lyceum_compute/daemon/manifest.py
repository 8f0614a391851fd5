"""What a home holds, as one digest: two homes with the same digest are the same to whoever works in them.

Counted is what a copy carries: names, kinds, permissions, times, sizes, contents, targets of links, which names are of
one file, attributes and access lists. Not counted is what a copy leaves out, and owners, who are all the project's.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import blake2b
from typing import TYPE_CHECKING

from . import beneath
from .storage import EXCLUDES

if TYPE_CHECKING:
    from pathlib import Path

#: Files are read in blocks of so many bytes. One of zeros alone counts as a hole: a copy is free to make it one.
BLOCK = 256 * 1024
_ANCHORED = frozenset(os.fsencode(pattern[1:]) for pattern in EXCLUDES if pattern.startswith("/"))
_ANYWHERE = tuple(pattern for pattern in EXCLUDES if not pattern.startswith("/"))
#: What a home's attributes are compared by; ``user.rsync.`` is what rsync keeps for itself.
_ATTRIBUTES = ("user.", "system.posix_acl_")
_NOT_COUNTED = "user.rsync."
#: A copy that is received never runs as anybody else.
_SET_IDS = stat.S_ISUID | stat.S_ISGID


@dataclass(frozen=True)
class Manifest:
    """The digest of a home, and how much it is."""

    digest: str
    entries: int
    size: int


def of_home(home: Path) -> Manifest:
    """Read all of a home to which nobody writes. No link is followed. Raises ``OSError``."""
    with beneath.folder(home, []) as fd:
        reader = _Reader(fd)
        while reader.left:
            reader.read(reader.left.pop())
    return Manifest(digest=reader.digest.hexdigest(), entries=reader.entries, size=reader.size)


class _Reader:
    """Reads folder after folder: however deep they go, few are open at a time."""

    def __init__(self, home: int) -> None:
        self.digest = blake2b(digest_size=32)
        self.entries = 0
        self.size = 0
        self.left: list[list[bytes]] = [[]]
        self._home = home
        self._first: dict[tuple[int, int], int] = {}
        """Of a file with several names: which entry its first one was."""

    def read(self, parts: list[bytes]) -> None:
        """Count a folder and what is in it, but not what is in the folders there."""
        with beneath.folder(self._home, parts) as fd:
            _add(self.digest, b"/".join(parts), *_attributes(fd))
            for name in sorted(os.listdir(f"/proc/self/fd/{fd}".encode())):  # noqa: PTH208 names in bytes are wanted
                if not _left_out([*parts, name]):
                    self._entry(fd, name, parts)

    def _entry(self, folder: int, name: bytes, parts: list[bytes]) -> None:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        self.entries += 1
        _add(self.digest, name, b"%o %d" % (found.st_mode & ~_SET_IDS, found.st_mtime_ns))
        if stat.S_ISDIR(found.st_mode):
            self.left.append([*parts, name])
            return
        if found.st_nlink > 1:
            _add(self.digest, b"%d" % self._first.setdefault((found.st_dev, found.st_ino), self.entries))
        if stat.S_ISLNK(found.st_mode):
            _add(self.digest, os.readlink(name, dir_fd=folder))
        elif stat.S_ISREG(found.st_mode):
            self._file(folder, name)

    def _file(self, folder: int, name: bytes) -> None:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        try:
            size = os.fstat(fd).st_size
            _add(self.digest, b"%d" % size, *_attributes(fd), _content(fd))
        finally:
            os.close(fd)
        self.size += size


def _left_out(parts: list[bytes]) -> bool:
    name = os.fsdecode(parts[-1])
    return b"/".join(parts) in _ANCHORED or any(fnmatchcase(name, one) for one in _ANYWHERE)


def _content(fd: int) -> bytes:
    """Return the digest of a file's blocks that are not zeros, with their places; holes cost nothing."""
    digest, block = blake2b(digest_size=32), 0
    zeros = bytes(BLOCK)
    while True:
        try:
            data = os.lseek(fd, block * BLOCK, os.SEEK_DATA)
        except OSError:  # ENXIO: nothing but a hole from here on
            return digest.digest()
        block = data // BLOCK
        content = os.pread(fd, BLOCK, block * BLOCK)
        if content and content != zeros[: len(content)]:
            _add(digest, b"%d" % block, content)
        block += 1


def _attributes(fd: int) -> list[bytes]:
    """Return names and values of an open file's attributes, in order."""
    names = [name for name in sorted(os.listxattr(fd)) if name.startswith(_ATTRIBUTES)]
    counted = [name for name in names if not name.startswith(_NOT_COUNTED)]
    return [part for name in counted for part in (os.fsencode(name), os.getxattr(fd, name))]


def _add(digest: blake2b, *parts: bytes) -> None:
    """Count parts so that no other parts count the same."""
    for part in parts:
        digest.update(b"%d:" % len(part))
        digest.update(part)
