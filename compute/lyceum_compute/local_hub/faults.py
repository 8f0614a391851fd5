"""What goes wrong with files and commands, in words for the person who asked."""

from __future__ import annotations

import errno

from lyceum_compute.protocol.errors import FaultError

_FULL = "the project's disk quota is used up: delete files that are not needed, or ask for a larger quota"

#: Error number -> (code, what is the matter).
_MEANINGS: dict[int, tuple[str, str]] = {
    errno.ENOENT: ("not_found", "there is no such file or folder"),
    errno.ENOTDIR: ("not_a_directory", "it is not a folder"),
    errno.EISDIR: ("is_a_directory", "it is a folder"),
    errno.EEXIST: ("conflict", "it exists already"),
    errno.ENOTEMPTY: ("conflict", "the folder is not empty"),
    errno.EBUSY: ("conflict", "it is in use"),
    errno.ETXTBSY: ("conflict", "it is a program that is running"),
    errno.EACCES: ("forbidden", "permission denied"),
    errno.EPERM: ("forbidden", "this is not permitted"),
    errno.EROFS: ("forbidden", "it lies on a read-only file system"),
    errno.EXDEV: ("forbidden", "it lies on another file system"),
    errno.ELOOP: ("invalid", "links lead round in a circle, or changed meanwhile"),
    errno.ENAMETOOLONG: ("invalid", "a name is too long"),
    errno.EINVAL: ("invalid", "this cannot be done with it"),
    errno.ENXIO: ("invalid", "it is not a regular file"),
    errno.EFBIG: ("too_large", "it is too large"),
    errno.E2BIG: ("too_large", "the command with its arguments is too long"),
    errno.EDQUOT: ("disk_quota", _FULL),
    errno.ENOSPC: ("disk_quota", _FULL),
    errno.EMFILE: ("too_many", "the project has too many files open"),
    errno.ENFILE: ("too_many", "the host has too many files open"),
    errno.EAGAIN: ("too_many", "the project has as many processes as it may have: end some"),
    errno.ENOMEM: ("unavailable", "the project has no memory left: end some programs"),
}


def shown(path: str | bytes) -> str:
    """Return a path as a message may show it: quoted, on one line, of bounded length."""
    text = path.decode("utf-8", "replace") if isinstance(path, bytes) else path
    return repr(text if len(text) <= 200 else text[:100] + "..." + text[-100:])


def fault_of(error: OSError, path: str | bytes) -> FaultError:
    """Return what to tell the caller about a failed system call on ``path``."""
    code, meaning = _MEANINGS.get(error.errno or 0, ("internal", error.strerror or "the system refused"))
    return FaultError(code, f"{shown(path)}: {meaning}")
