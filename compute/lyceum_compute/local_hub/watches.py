"""Watching a folder or file for changes (inotify), and telling of them in bundles."""

from __future__ import annotations

import ctypes
import os
import select
import struct
from collections.abc import Callable

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import FileChange, FilesChanged, Watch
from lyceum_compute.protocol.names import text_of

from .confinement import Home, names_of
from .faults import shown

#: Seconds in which changes are gathered before they are told.
GATHER = 0.25
#: Changes in one bundle; more are told as an overflow.
MAX_CHANGES = 200
READ_SIZE = 64 * 1024
#: Reads for one bundle: a project may change files faster than anybody can be told.
MAX_READS = 64

_LIBC = ctypes.CDLL(None, use_errno=True)
_EVENT = struct.Struct("iIII")
# Of man 7 inotify.
_MODIFY, _ATTRIB, _CLOSE_WRITE, _MOVED_FROM, _MOVED_TO = 0x2, 0x4, 0x8, 0x40, 0x80
_CREATE, _DELETE, _DELETE_SELF, _MOVE_SELF = 0x100, 0x200, 0x400, 0x800
_OVERFLOW, _IGNORED, _ONLYDIR = 0x4000, 0x8000, 0x01000000
_APPEARED = _CREATE | _MOVED_TO
_VANISHED = _DELETE | _MOVED_FROM
_GONE = _DELETE_SELF | _MOVE_SELF | _IGNORED
_WATCHED = _MODIFY | _ATTRIB | _CLOSE_WRITE | _APPEARED | _VANISHED | _DELETE_SELF | _MOVE_SELF | _ONLYDIR


class Watcher:
    """A watch on one folder, or on one name in it. To be closed."""

    def __init__(self, home: Home, arguments: Watch) -> None:
        """Begin. Raises ``FaultError``."""
        names = names_of(arguments.path)
        with home.locate(arguments.path) as place:
            flags = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
            try:
                folder = os.open(place.name, flags | os.O_DIRECTORY, dir_fd=place.folder)
                self._only = None
            except NotADirectoryError:
                folder = os.dup(place.folder)
                self._only = place.name
                names = names[:-1]
            try:
                self.descriptor = _watch(folder)
            finally:
                os.close(folder)
        self._above = b"".join(name + b"/" for name in names)
        self._path = arguments.path

    def close(self) -> None:
        """End the watch."""
        os.close(self.descriptor)

    def run(self, tell: Callable[[FilesChanged], None], ended: int) -> None:
        """Tell of changes until ``ended`` (a descriptor) is readable, or what is watched is gone (``FaultError``)."""
        while True:
            readable, _, _ = select.select([self.descriptor, ended], [], [])
            if ended in readable or select.select([ended], [], [], GATHER)[0]:
                return
            changes, overflow, gone = self._gather()
            if changes or overflow:
                tell(FilesChanged(changes=changes, overflow=overflow))
            if gone:
                raise FaultError("not_found", f"{shown(self._path)}: it was moved or deleted")

    def _gather(self) -> tuple[list[FileChange], bool, bool]:
        """Return what changed since the last time, whether that is too much to tell, and whether the folder is gone."""
        seen: dict[bytes, int] = {}
        every = 0
        for _ in range(MAX_READS):
            try:
                data = os.read(self.descriptor, READ_SIZE)
            except BlockingIOError:
                break
            for mask, name in _events(data):
                every |= mask
                if name and (self._only is None or name == self._only):
                    seen[name] = mask if mask & (_APPEARED | _VANISHED) else seen.get(name, 0) | mask
        overflow = bool(every & _OVERFLOW) or len(seen) > MAX_CHANGES
        changes = [] if overflow else [self._change(name, mask) for name, mask in seen.items()]
        return changes, overflow, bool(every & _GONE)

    def _change(self, name: bytes, mask: int) -> FileChange:
        kind = "deleted" if mask & _VANISHED else "created" if mask & _APPEARED else "changed"
        return FileChange(path=text_of(self._above + name), type=kind)


def _watch(folder: int) -> int:
    """Return an inotify descriptor for the folder that is held open. Raises ``OSError``."""
    descriptor = _LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if descriptor < 0:
        raise _error()
    if _LIBC.inotify_add_watch(descriptor, b"/proc/self/fd/%d" % folder, _WATCHED) < 0:
        error = _error()
        os.close(descriptor)
        raise error
    return int(descriptor)


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))


def _events(data: bytes) -> list[tuple[int, bytes]]:
    """Return mask and name of each event."""
    found = []
    place = 0
    while place < len(data):
        _, mask, _, length = _EVENT.unpack_from(data, place)
        place += _EVENT.size
        found.append((mask, data[place : place + length].rstrip(b"\0")))
        place += length
    return found
