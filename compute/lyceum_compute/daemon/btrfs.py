"""btrfs by system call: subvolumes, snapshots, quotas. No process is started.

The structures are those of the kernel's ``include/uapi/linux/btrfs.h``. All functions raise ``OSError``. They may wait
for the disk: call them in a thread.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from contextlib import contextmanager, suppress
from ctypes import addressof, create_string_buffer
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MAGIC = 0x94
_WRITE, _READ = 1, 2


def _request(direction: int, number: int, size: int) -> int:
    return (direction << 30) | (size << 16) | (_MAGIC << 8) | number


_SYNC = _request(0, 8, 0)
_TREE_SEARCH = _request(_READ | _WRITE, 17, 4096)
_INO_LOOKUP = _request(_READ | _WRITE, 18, 4096)
_SNAP_CREATE_V2 = _request(_WRITE, 23, 4096)
_SUBVOL_CREATE_V2 = _request(_WRITE, 24, 4096)
_QUOTA_CTL = _request(_READ | _WRITE, 40, 16)
_QGROUP_ASSIGN = _request(_WRITE, 41, 24)
_QGROUP_CREATE = _request(_WRITE, 42, 16)
_QGROUP_LIMIT = _request(_READ, 43, 48)
_SNAP_DESTROY_V2 = _request(_WRITE, 63, 4096)

_ENABLE_SIMPLE_QUOTA = 4
_RDONLY = 1 << 1
_QGROUP_INHERIT = 1 << 2
_LIMIT_MAX_RFER = 1 << 0
_SUBVOLUME_INODE = 256
_ROOT_TREE, _QUOTA_TREE = 1, 8
_ROOT_ITEM, _ROOT_REF, _QGROUP_INFO = 132, 156, 242
_LAST = 2**64 - 1


@dataclass(frozen=True)
class Inner:
    """A subvolume directly inside another; ``path`` is relative to the outer one."""

    id: int
    path: bytes


@contextmanager
def _opened(path: Path | str | bytes) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        yield fd
    finally:
        os.close(fd)


def _volume_arguments(
    *, fd: int = 0, flags: int = 0, inherit: tuple[int, int] = (0, 0), name: bytes = b""
) -> bytearray:
    """``struct btrfs_ioctl_vol_args_v2``"""
    return bytearray(struct.pack("=qQQQQQQ4040s", fd, 0, flags, *inherit, 0, 0, name))


def is_subvolume(path: Path) -> bool:
    """Whether the root of a btrfs subvolume is there."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return found.st_ino == _SUBVOLUME_INODE and path.is_dir()


def create_subvolume(path: Path, *, qgroup: int) -> None:
    """Make a subvolume whose space counts in a qgroup of a higher level."""
    # struct btrfs_qgroup_inherit: flags, number of groups, two counts, a limit of five numbers, then the groups.
    inherit = create_string_buffer(struct.pack("=QQQQ5QQ", 0, 1, 0, 0, 0, 0, 0, 0, 0, qgroup))
    arguments = _volume_arguments(
        flags=_QGROUP_INHERIT, inherit=(len(inherit.raw) - 1, addressof(inherit)), name=os.fsencode(path.name)
    )
    with _opened(path.parent) as folder:
        fcntl.ioctl(folder, _SUBVOL_CREATE_V2, arguments)


@contextmanager
def opened(path: Path | bytes, subvolume: int | None = None) -> Iterator[int]:
    """Open the root of a subvolume; with a number, nothing but that subvolume, wherever the path may lead by now."""
    with _opened(path) as fd:
        if os.fstat(fd).st_ino != _SUBVOLUME_INODE or (subvolume is not None and number(fd) != subvolume):
            raise FileNotFoundError(errno.ENOENT, "the subvolume is not there any more", path)
        yield fd


def number(fd: int) -> int:
    """Return the number of the subvolume in which an open file is."""
    buffer = bytearray(struct.pack("=QQ4080x", 0, _SUBVOLUME_INODE))
    fcntl.ioctl(fd, _INO_LOOKUP, buffer)
    return int(struct.unpack_from("=Q", buffer)[0])


def snapshot(source: int, folder: int, name: bytes, *, read_only: bool = True) -> None:
    """Make a snapshot of an opened subvolume in an opened folder; it holds every write finished before the call."""
    fcntl.ioctl(folder, _SNAP_CREATE_V2, _volume_arguments(fd=source, flags=_RDONLY if read_only else 0, name=name))


def delete(path: Path) -> None:
    """Delete a subvolume or snapshot, which holds no other subvolume; its space is freed in the background."""
    with _opened(path.parent) as folder:
        fcntl.ioctl(folder, _SNAP_DESTROY_V2, _volume_arguments(name=os.fsencode(path.name)))


def generation(fd: int, subvolume: int) -> int:
    """Return the transaction that last changed a subvolume, among those that are committed."""
    for _, item in _search(fd, _ROOT_TREE, subvolume, _ROOT_ITEM):
        return int(struct.unpack_from("=Q", item, 160)[0])
    raise FileNotFoundError(errno.ENOENT, f"there is no subvolume {subvolume}")


def exists(root: Path, subvolume: int) -> bool:
    """Whether a subvolume is there, or was deleted and still holds its space."""
    with _opened(root) as fd:
        return any(True for _ in _search(fd, _ROOT_TREE, subvolume, _ROOT_ITEM))


def inner(fd: int, subvolume: int) -> list[Inner]:
    """Return the subvolumes directly inside one, whoever made them. ``fd`` is any open file of the outer one."""
    found = []
    for key, item in _search(fd, _ROOT_TREE, subvolume, _ROOT_REF):
        folder, _, length = struct.unpack_from("=QQH", item)
        buffer = bytearray(struct.pack("=QQ4080x", subvolume, folder))
        fcntl.ioctl(fd, _INO_LOOKUP, buffer)
        found.append(Inner(key, bytes(buffer[16:]).split(b"\0", 1)[0] + item[18 : 18 + length]))
    return found


def used(root: Path, qgroup: int) -> int:
    """Return how many bytes a qgroup holds, among those that are committed."""
    with _opened(root) as fd:
        for _, item in _search(fd, _QUOTA_TREE, 0, _QGROUP_INFO, first=qgroup, last=qgroup):
            return int(struct.unpack_from("=QQ", item)[1])
    return 0


def _search(
    fd: int, tree: int, object_id: int, kind: int, *, first: int = 0, last: int = _LAST
) -> Iterator[tuple[int, bytes]]:
    """Yield the last part of the key, and the bytes, of an object's items of one kind: those from first to last."""
    while True:
        buffer = bytearray(4096)
        struct.pack_into("=7Q4I", buffer, 0, tree, object_id, object_id, first, last, 0, _LAST, kind, kind, 128, 0)
        fcntl.ioctl(fd, _TREE_SEARCH, buffer)
        count = struct.unpack_from("=I", buffer, 64)[0]
        if count == 0:
            return
        position = 104
        for _ in range(count):
            _, _, offset, _, length = struct.unpack_from("=QQQII", buffer, position)
            position += 32
            yield offset, bytes(buffer[position : position + length])
            position += length
        if offset == last:
            return
        first = offset + 1


def sync(path: Path) -> None:
    """Wait until all that was written to the file system is committed."""
    with _opened(path) as fd:
        fcntl.ioctl(fd, _SYNC)


def enable_quotas(root: Path) -> None:
    """Enable simple quotas; that they are enabled already is fine."""
    with _opened(root) as fd, suppress(FileExistsError):
        fcntl.ioctl(fd, _QUOTA_CTL, bytearray(struct.pack("=QQ", _ENABLE_SIMPLE_QUOTA, 0)))


def create_qgroup(root: Path, qgroup: int) -> None:
    """Make a qgroup; that it is there already is fine."""
    with _opened(root) as fd, suppress(FileExistsError):
        fcntl.ioctl(fd, _QGROUP_CREATE, struct.pack("=QQ", 1, qgroup))


def limit_qgroup(root: Path, qgroup: int, size: int) -> None:
    """Limit what a qgroup may hold, in bytes."""
    with _opened(root) as fd:
        fcntl.ioctl(fd, _QGROUP_LIMIT, struct.pack("=QQQQQQ", qgroup, _LIMIT_MAX_RFER, size, 0, 0, 0))


def leave_qgroup(root: Path, subvolume: int, qgroup: int) -> None:
    """Count a subvolume's space no longer in a qgroup of a higher level; that it is in none is fine."""
    with _opened(root) as fd, suppress(FileNotFoundError):
        fcntl.ioctl(fd, _QGROUP_ASSIGN, struct.pack("=QQQ", 0, subvolume, qgroup))


def delete_qgroup(root: Path, qgroup: int) -> None:
    """Remove a qgroup that holds nothing; that there is none is fine."""
    with _opened(root) as fd, suppress(FileNotFoundError):
        fcntl.ioctl(fd, _QGROUP_CREATE, struct.pack("=QQ", 0, qgroup))


def level_1(number: int) -> int:
    """Return the qgroup ``1/<number>``."""
    return (1 << 48) | number
