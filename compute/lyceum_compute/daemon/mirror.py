"""Copying what everybody may read of a tree of root's, touching only what differs."""

from __future__ import annotations

import shutil
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_READ, _ENTER = stat.S_IROTH, stat.S_IXOTH


def copy(source: Path, target: Path) -> None:
    """Let ``target`` hold what everybody may read of ``source``, and nothing else. Raises ``OSError``."""
    try:
        found = source.lstat()
    except FileNotFoundError:
        remove(target)
        return
    if stat.S_ISLNK(found.st_mode):
        _copy_link(source, target)
    elif stat.S_ISDIR(found.st_mode) and found.st_mode & _READ and found.st_mode & _ENTER:
        _copy_folder(source, target)
    elif stat.S_ISREG(found.st_mode) and found.st_mode & _READ:
        _copy_file(source, target)
    else:
        remove(target)


def remove(path: Path) -> None:
    """Delete a file, a link or a whole folder; that there is none is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _copy_link(source: Path, target: Path) -> None:
    wanted = source.readlink()
    if target.is_symlink() and target.readlink() == wanted:
        return
    remove(target)
    target.symlink_to(wanted)


def _copy_folder(source: Path, target: Path) -> None:
    if target.is_symlink() or not target.is_dir():
        remove(target)
        target.mkdir()
    target.chmod(0o755)
    names = {path.name for path in source.iterdir()}
    for path in target.iterdir():
        if path.name not in names:
            remove(path)
    for name in names:
        copy(source / name, target / name)


def _copy_file(source: Path, target: Path) -> None:
    """Replace a file by a copy at once, so that whoever reads it finds the old one or the new one."""
    if target.is_symlink() or target.is_dir():
        remove(target)
    elif target.exists() and _same(source, target):
        return
    new = target.with_name(f".{target.name}.new")
    shutil.copy2(source, new)
    new.replace(target)


def _same(source: Path, target: Path) -> bool:
    one, other = source.stat(), target.stat()
    return (one.st_size, one.st_mtime_ns, one.st_mode) == (other.st_size, other.st_mtime_ns, other.st_mode)
