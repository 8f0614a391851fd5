"""Copying, renaming and deleting, of single files and whole trees."""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import subprocess
from contextlib import suppress

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import CopyPath, Empty, RenamePath

from .confinement import Home, Place
from .faults import fault_of, shown
from .files import temporary_name

_LIBC = ctypes.CDLL(None, use_errno=True)
NOREPLACE = 1
_EXCHANGE = 2

#: What a program of coreutils (in the language C) ends a message with -> the error that it stands for.
_COMPLAINTS = {
    os.strerror(number): number
    for number in (errno.EDQUOT, errno.ENOSPC, errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.ENOMEM)
}


def delete(home: Home, path: str) -> None:
    """Delete a file, a link or a folder with all that is in it."""
    with home.locate(path, follow=False) as place:
        refuse_home(place, "deleted")
        remove(place, existing(place))


def existing(place: Place) -> os.stat_result:
    """Return what lies at a place. Raises ``FaultError`` if nothing does."""
    status = place.status()
    if status is None:
        raise FaultError("not_found", f"{shown(place.path)}: there is no such file or folder")
    return status


def remove(place: Place, status: os.stat_result) -> None:
    """Delete what lies at a place, which has this status."""
    if stat.S_ISDIR(status.st_mode):
        remove_tree(place.folder, place.name, place.path)
    else:
        os.unlink(place.name, dir_fd=place.folder)


def rename_path(home: Home, arguments: RenamePath) -> Empty:
    """Give a file or folder another name, perhaps in another folder."""
    with (
        home.locate(arguments.source, follow=False) as source,
        home.locate(arguments.destination, follow=False, make_parents=True) as destination,
    ):
        refuse_home(source, "renamed")
        refuse_home(destination, "replaced")
        if check_pair(source, destination):
            return Empty()
        try:
            put(source, destination, overwrite=arguments.overwrite)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            # Into or out of a subvolume that the project made in its home.
            _copy(source, destination, overwrite=arguments.overwrite)
            remove(source, existing(source))
    return Empty()


def copy_path(home: Home, arguments: CopyPath) -> Empty:
    """Copy a file or a tree, with its links, modes and times; it appears under its name when it is complete."""
    with (
        home.locate(arguments.source, follow=False) as source,
        home.locate(arguments.destination, follow=False, make_parents=True) as destination,
    ):
        refuse_home(source, "copied into itself")
        refuse_home(destination, "replaced")
        if check_pair(source, destination):
            raise FaultError("conflict", f"{shown(arguments.source)}: source and destination are the same")
        if destination.status() is not None and not arguments.overwrite:
            raise taken(destination)
        _copy(source, destination, overwrite=arguments.overwrite)
    return Empty()


def _copy(source: Place, destination: Place, *, overwrite: bool) -> None:
    copy = Place(destination.folder, temporary_name(), destination.path, destination.above)
    try:
        _copy_tree(source, copy)
        put(copy, destination, overwrite=overwrite)
    except BaseException:
        with suppress(FaultError):
            remove_tree(copy.folder, copy.name, copy.path)
        raise


def refuse_home(place: Place, what: str) -> None:
    if place.name == b".":
        raise FaultError("invalid", f"{shown(place.path)}: the home itself cannot be {what}")


def taken(destination: Place) -> FaultError:
    return FaultError(
        "conflict", f"{shown(destination.path)}: it exists already; ask to overwrite it, or choose another name"
    )


def check_pair(source: Place, destination: Place) -> bool:
    """Whether both are the same name. Raises ``FaultError`` if there is no source, or one lies within the other."""
    status = existing(source)
    if (status.st_dev, status.st_ino) in destination.above:
        raise FaultError("invalid", f"{shown(source.path)}: a folder cannot be put into itself")
    target = destination.status()
    if target is not None and (target.st_dev, target.st_ino) in source.above:
        raise FaultError("invalid", f"{shown(destination.path)}: a folder cannot be replaced by what is in it")
    return source.above[-1] == destination.above[-1] and source.name == destination.name


def put(source: Place, destination: Place, *, overwrite: bool) -> None:
    """Give ``source`` the name ``destination``; what had it before is exchanged with it in one step, then deleted."""
    try:
        rename(source, destination, NOREPLACE)
    except FileExistsError:
        if not overwrite:
            raise taken(destination) from None
    else:
        return
    if _both_files(source, destination):
        os.rename(source.name, destination.name, src_dir_fd=source.folder, dst_dir_fd=destination.folder)
        return
    rename(source, destination, _EXCHANGE)
    remove_tree(source.folder, source.name, destination.path)


def _both_files(source: Place, destination: Place) -> bool:
    found = (source.status(), destination.status())
    return not any(status is None or stat.S_ISDIR(status.st_mode) for status in found)


def rename(source: Place, destination: Place, flag: int) -> None:
    ctypes.set_errno(0)
    if _LIBC.renameat2(source.folder, source.name, destination.folder, destination.name, flag) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def remove_tree(folder: int, name: bytes, path: str) -> None:
    _run(["/bin/rm", "-rf", "--one-file-system", "--", b"./" + name], path, folder=folder)


def _copy_tree(source: Place, copy: Place) -> None:
    """``cp -a``, which knows links within the tree, holes, depth without end, and shares blocks where it can."""
    _run(
        [
            "/bin/cp",
            "-a",
            "--no-preserve=ownership",
            "--reflink=auto",
            "-T",
            "--",
            b"./" + source.name,
            b"/proc/self/fd/%d/" % copy.folder + copy.name,
        ],
        copy.path,
        folder=source.folder,
        also=copy.folder,
    )


def _run(command: list[str | bytes], path: str, *, folder: int, also: int | None = None) -> None:
    """Run a program of coreutils in a folder that is held open. Raises ``FaultError`` with what it complains of."""
    done = subprocess.run(  # noqa: S603 fixed programs; names cannot be taken for options
        command,
        cwd=f"/proc/self/fd/{folder}",
        pass_fds=() if also is None else (also,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={"LC_ALL": "C"},
        check=False,
    )
    if done.returncode != 0:
        raise complaint(done.stderr, path, str(command[0]))


def complaint(said: bytes, path: str, program: str) -> FaultError:
    """Return what a program's last words mean for the caller."""
    last = said[-2000:].decode("utf-8", "replace").strip().rpartition("\n")[2]
    for line in said[-2000:].decode("utf-8", "replace").splitlines():
        number = _COMPLAINTS.get(line.rpartition(": ")[2])
        if number is not None:
            return fault_of(OSError(number, os.strerror(number)), path)
    return FaultError("internal", f"{shown(path)}: {last[:300] or f'{program} was ended'}")
