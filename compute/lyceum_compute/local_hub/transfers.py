"""Trees of files on their way from one project to another: a stream of tar, made here, unpacked there.

What arrives was made in another project, by whoever. It is unpacked by this project's user, in an empty folder, by a
tar that writes nothing outside of it, follows no link that it made, and gives no right that a new file would not have.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import Empty

from .confinement import Home, Place
from .faults import shown
from .files import temporary_name
from .requests import READ_SIZE, BrokenError, Request
from .trees import complaint, existing, put, refuse_home, remove_tree, taken
from .walk import FOLDER, anew

_CREATE: list[str | bytes] = ["/bin/tar", "--create", "--file=-", "--format=gnu", "--sparse", "--one-file-system", "--"]
_EXTRACT: list[str | bytes] = [
    "/bin/tar",
    "--extract",
    "--file=-",
    "--keep-old-files",
    "--no-same-owner",
    "--no-same-permissions",
    "--delay-directory-restore",
    "--warning=no-timestamp",
]
#: tar's way to say that a file was changed while it was read: what a copy of a busy folder is.
CHANGED = 1
#: Bytes of a program's complaints that are kept.
KEPT = 2000


def send(home: Home, request: Request) -> None:
    """Answer ``GET`` of a tree, with links, modes, times and holes. Raises ``FaultError`` or ``BrokenError``."""
    with home.locate(request.path, follow=False) as place:
        refuse_home(place, "copied")
        existing(place)
        with _running([*_CREATE, b"./" + place.name], place.folder, place.path) as (process, complaints):
            request.begin(200, {"Content-Type": "application/x-tar", "Transfer-Encoding": "chunked"})
            while part := os.read(_end(process.stdout), READ_SIZE):
                request.send(b"%x\r\n%b\r\n" % (len(part), part))
            if process.wait() not in {0, CHANGED}:
                raise complaints.fault()
            request.send(b"0\r\n\r\n")


def receive(home: Home, request: Request) -> None:
    """Answer ``PUT`` of a tree: it appears under its name when it is complete. Raises as ``send``."""
    overwrite = request.query.get("overwrite") == "1"
    with home.locate(request.path, follow=False, make_parents=True) as place:
        refuse_home(place, "replaced")
        if place.status() is not None and not overwrite:
            raise taken(place)
        aside = temporary_name()
        os.mkdir(aside, 0o700, dir_fd=place.folder)
        try:
            folder = os.open(aside, FOLDER, dir_fd=place.folder)
            try:
                _extract(request, folder, place.path)
                put(Place(folder, _only_name(folder, place.path), place.path, place.above), place, overwrite=overwrite)
            finally:
                os.close(folder)
        finally:
            with suppress(FaultError):
                remove_tree(place.folder, aside, place.path)
    request.answer(200, Empty())


def _extract(request: Request, folder: int, path: str) -> None:
    with _running(_EXTRACT, folder, path) as (process, complaints):
        for part in request.body():
            with suppress(BrokenPipeError):  # it has ended: the rest is of no use, and its complaint says why
                rest = memoryview(part)
                while rest:
                    rest = rest[os.write(_end(process.stdin), rest) :]
        if process.stdin is not None:
            process.stdin.close()
        if process.wait() != 0:
            raise complaints.fault()


def _end(stream: IO[bytes] | None) -> int:
    """Return the descriptor of our end of a pipe, which is there because it was asked for."""
    if stream is None:
        raise BrokenError
    return stream.fileno()


def _only_name(folder: int, path: str) -> bytes:
    listed = anew(folder)
    try:
        with os.scandir(listed) as entries:
            names = [os.fsencode(entry.name) for entry, _ in zip(entries, range(2), strict=False)]
    finally:
        os.close(listed)
    if len(names) != 1:
        raise FaultError("invalid", f"{shown(path)}: what arrived is not one file or folder")
    return names[0]


class _Complaints:
    """The end of what a program says on its standard error."""

    def __init__(self, descriptor: int, path: str) -> None:
        self._path = path
        self._kept = b""
        self._descriptor = descriptor
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while part := os.read(self._descriptor, KEPT):
            self._kept = (self._kept + part)[-KEPT:]

    def join(self) -> None:
        """Wait for the last of it, once the program has ended."""
        self._thread.join()

    def fault(self) -> FaultError:
        """Return what to tell, once the program has ended."""
        self.join()
        return complaint(self._kept, self._path, "tar")


@contextmanager
def _running(
    command: list[str | bytes], folder: int, path: str
) -> Iterator[tuple[subprocess.Popen[bytes], _Complaints]]:
    """Run a program in a folder that is held open; it is ended with the context."""
    creating = command[1] == "--create"
    process = subprocess.Popen(  # noqa: S603 a fixed program; names cannot be taken for options
        command,
        cwd=f"/proc/self/fd/{folder}",
        stdin=subprocess.DEVNULL if creating else subprocess.PIPE,
        stdout=subprocess.PIPE if creating else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        bufsize=0,
        env={"LC_ALL": "C"},
    )
    with process:
        complaints = _Complaints(_end(process.stderr), path)
        try:
            yield process, complaints
        finally:
            if process.poll() is None:
                process.kill()
            complaints.join()
