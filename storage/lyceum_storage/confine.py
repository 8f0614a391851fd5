"""Confinement of the receiver's rsync by Landlock, where the kernel has it.

It comes on top of what holds anyway (the receiver is a user of its own, and a copy received with ``--fake-super`` holds
no links): should rsync have a flaw, what it reads or writes still lies in the one project.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# The numbers of linux/landlock.h and the (equal on every architecture) system calls.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _REMOVE_DIR, _REMOVE_FILE = (1 << bit for bit in range(6))
_MAKE_DIR, _MAKE_REGULAR, _REFER, _TRUNCATE, _IOCTL_DEVICE = 1 << 7, 1 << 8, 1 << 13, 1 << 14, 1 << 15
_NO_TCP = 0b11

#: Bits that a version of Landlock knows: the first 13 in version 1, then one more in 2, 3 and 5.
_KNOWN = {1: 13, 2: 14, 3: 15, 4: 15}
_LATEST_KNOWN = 16

_READ = _READ_FILE | _READ_DIR
_RUN = _READ | _EXECUTE
#: Files and folders alone: no links, devices, sockets.
_WRITE = _READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REGULAR | _REFER | _TRUNCATE

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """Have the calling process (and what it becomes by exec) ended when its parent ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def confine(*, read: Iterable[Path | int] = (), write: Iterable[Path | int] = ()) -> bool:
    """Leave the calling process, and all that it starts, nothing but these folders (and programs to run).

    Folders are paths or open descriptors. Returns False, having changed nothing, if the kernel has no Landlock.
    """
    version = _libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    if version < 1:
        return False
    known = (1 << _KNOWN.get(version, _LATEST_KNOWN)) - 1
    attributes = struct.pack("=QQ", known, _NO_TCP) if version >= 4 else struct.pack("=Q", known)
    ruleset = _checked(_libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0))
    for system, rights in (
        ("/usr", _RUN),
        ("/lib", _RUN),
        ("/lib64", _RUN),
        ("/etc", _READ),
        ("/dev/null", _READ_FILE | _WRITE_FILE),
    ):
        if os.path.exists(system):  # noqa: PTH110 pathlib is slow to load
            _allow(ruleset, system, rights & known)
    for folder in read:
        _allow(ruleset, folder, _READ & known)
    for folder in write:
        _allow(ruleset, folder, _WRITE & known)
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _checked(_libc.syscall(_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)
    return True


def _allow(ruleset: int, folder: Path | str | int, rights: int) -> None:
    fd = folder if isinstance(folder, int) else os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        _checked(_libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, fd), 0))
    finally:
        if fd is not folder:
            os.close(fd)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"the process cannot be confined: {os.strerror(number)}")
    return result
