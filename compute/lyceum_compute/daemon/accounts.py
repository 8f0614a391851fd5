"""The host's users: one for each project, without password, in ``/etc/passwd`` and ``/etc/group``.

``useradd`` is not used: it warns about names of 32 digits and high numbers, will refuse them one day, and takes a tenth
of a second. The files are replaced whole, under the lock that the shadow tools take.
"""

from __future__ import annotations

import fcntl
import os
import re
import struct
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ETC = Path("/etc")
LOCK_TIMEOUT = 15.0
#: ``struct flock``: for writing, from the first byte to the last.
_WHOLE_FILE = struct.pack("=hhxxxxqqixxxx", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
_NAME = re.compile(r"[0-9a-f]{32}")
_turn = threading.Lock()


class AccountError(Exception):
    """A user could not be made; the message says why."""


def ensure(name: str, uid: int, home: Path, *, etc: Path = ETC) -> bool:
    """Make a user and its group, if they are not there; return whether something changed.

    Raises ``AccountError`` if the name has another number, or the number another name.
    """
    if not _NAME.fullmatch(name):
        raise AccountError(f"{name!r} is not a project's name")
    lines = {
        "group": f"{name}:*:{uid}:",
        "passwd": f"{name}:*:{uid}:{uid}::{home}:/bin/bash",
    }
    if all(_there(etc / file, line) for file, line in lines.items()):
        return False
    with _locked(etc):
        changed = [_add(etc / file, line, name, uid) for file, line in lines.items()]
    return any(changed)


def remove(name: str, *, etc: Path = ETC) -> None:
    """Remove a user and its group; that there is none is fine."""
    if not _NAME.fullmatch(name):
        raise AccountError(f"{name!r} is not a project's name")
    with _locked(etc):
        for file in ("passwd", "group"):
            content = (etc / file).read_text()
            kept = [line for line in content.splitlines(keepends=True) if not line.startswith(f"{name}:")]
            if len(kept) != len(content.splitlines()):
                _replace(etc / file, "".join(kept))


def _there(path: Path, line: str) -> bool:
    """Whether a line is there, as far as can be told without the lock: the files are only ever replaced whole."""
    return f"\n{line}\n" in path.read_text()


def _add(path: Path, line: str, name: str, uid: int) -> bool:
    content = path.read_text()
    if "root" not in (line.partition(":")[0] for line in content.splitlines()):
        raise AccountError(f"{path} is damaged: it has no entry for root; it was left as it is")
    for present in content.splitlines():
        fields = present.split(":")
        if len(fields) < 3 or (fields[0] != name and fields[2] != str(uid)):
            continue
        if fields[0] != name or fields[2] != str(uid):
            raise AccountError(f"{path}: {name} with number {uid} is wanted, but {fields[0]} has number {fields[2]}")
        return False
    if content and not content.endswith("\n"):
        content += "\n"
    _replace(path, content + line + "\n")
    return True


def _replace(path: Path, content: str) -> None:
    """Replace a file by one of the same owner and mode, at once."""
    new = path.with_name(f"{path.name}.lyceum")
    old = path.stat()
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "w") as file:
        os.fchown(fd, old.st_uid, old.st_gid)
        os.fchmod(fd, old.st_mode & 0o7777)
        file.write(content)
        file.flush()
        os.fsync(fd)
    new.replace(path)


@contextmanager
def _locked(etc: Path) -> Iterator[None]:
    """Hold the lock of ``lckpwdf(3)``, which keeps other processes out, and one that keeps other threads out."""
    with _turn:
        fd = os.open(etc / ".pwd.lock", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _lock(fd, etc)
            yield
        finally:
            os.close(fd)


def _lock(fd: int, etc: Path) -> None:
    """Take the lock, which belongs to the open file and not to the process: so another thread may wait for it."""
    try:
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _WHOLE_FILE)
    except (BlockingIOError, PermissionError):
        if not _wait(os.dup(fd)).wait(LOCK_TIMEOUT):
            raise AccountError(f"another program holds {etc}/.pwd.lock") from None


def _wait(fd: int) -> threading.Event:
    """Wait for the lock in a thread of its own: the call has no time limit.

    Should it come too late, whoever wanted it has closed its own descriptor, and closing this one lets go of the lock.
    """
    taken = threading.Event()

    def wait() -> None:
        try:
            fcntl.fcntl(fd, fcntl.F_OFD_SETLKW, _WHOLE_FILE)
            taken.set()
        finally:
            os.close(fd)

    threading.Thread(target=wait, name="account lock", daemon=True).start()
    return taken
