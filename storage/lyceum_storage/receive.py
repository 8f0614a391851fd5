"""``lyceum-storage-receive --host <compute host>``: the command to which each compute host's ssh key is bound.

It asks the storage daemon whether that host has the project, and then runs an rsync of its own making. It starts anew
for each copy, so what it imports is light (no dataclasses, no msgspec): that is half of a small copy's time.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from .command import LATEST, Fetch, RefusedError, Save, parse
from .confine import confine, die_with_parent
from .layout import Layout, snapshot_time
from .walk import FOLDER, open_home, open_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

RSYNC = "/usr/bin/rsync"
#: Longest wait for an answer of the daemon, in seconds (it may wait for the database).
ANSWER_TIMEOUT = 30


class Control:
    """The daemon's control socket: one question at a time."""

    def __init__(self, path: str) -> None:
        self._path = path

    def ask(self, operation: str, **arguments: object) -> dict[str, Any]:
        """Return the result of an operation. Raises ``RefusedError``, also if the daemon cannot be reached."""
        request = {"id": 1, "operation": operation, "arguments": arguments}
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
                sock.settimeout(ANSWER_TIMEOUT)
                sock.connect(self._path)
                sock.sendall(json.dumps(request).encode() + b"\n")
                with sock.makefile("rb") as file:
                    answer: dict[str, Any] = json.loads(file.readline(65536))
        except (OSError, ValueError) as error:
            raise RefusedError(
                f"the storage daemon does not answer ({error or type(error).__name__}); try again later"
            ) from error
        if answer.get("error"):
            raise RefusedError(answer["error"]["message"])
        return answer.get("result") or {}


def receive(request: Save, host: str, layout: Layout, control: Control) -> int:
    """Receive a copy; return rsync's exit code. Raises ``RefusedError``."""
    token = control.ask("begin", project_id=request.project_id, host=host)["token"]
    partial = layout.copy(request.project_id) / "partial"
    home = os.open(layout.home(request.project_id), FOLDER)
    try:
        fcntl.flock(home, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise RefusedError("a copy of this project is being received already") from error
    argv = [RSYNC, "--server", "--fake-super", *request.options, f"--partial-dir={partial}", ".", "./"]

    def prepare() -> None:
        die_with_parent()
        os.fchdir(home)
        confine(write=[home, partial])

    code = _run(argv, home, prepare)
    if code == 0:
        _empty(partial)
    control.ask("finish", project_id=request.project_id, token=token, success=code == 0)
    return code


def fetch(request: Fetch, host: str, layout: Layout, control: Control) -> int:
    """Send files of a snapshot; return rsync's exit code. Raises ``RefusedError``."""
    control.ask("begin", project_id=request.project_id, host=host, fetch=True)
    try:
        with ExitStack() as stack:
            home = stack.enter_context(open_home(layout, request.project_id, _snapshot(request, layout)))
            fcntl.flock(home, fcntl.LOCK_SH | fcntl.LOCK_NB)  # so that it is not deleted meanwhile
            parent, name = stack.enter_context(open_parent(home, list(request.names)))
            os.stat(name, dir_fd=parent, follow_symlinks=False)
            source = b"./" + name if request.names else b"./"
            argv: list[str | bytes] = [RSYNC, "--server", "--sender", "--fake-super", *request.options, ".", source]

            def prepare() -> None:
                die_with_parent()
                os.fchdir(parent)
                confine(read=[home])

            return _run(argv, home, prepare)
    except BlockingIOError as error:
        raise RefusedError("that snapshot is being deleted") from error
    except FileNotFoundError as error:
        raise RefusedError("there is no such snapshot, or it does not hold that path") from error
    except NotADirectoryError as error:
        raise RefusedError("the path leads through something that is not a folder") from error


def _snapshot(request: Fetch, layout: Layout) -> str:
    if request.snapshot != LATEST:
        return request.snapshot
    try:
        names = [name for name in os.listdir(layout.snapshots_of(request.project_id)) if snapshot_time(name)]  # noqa: PTH208 names are wanted
    except FileNotFoundError:
        names = []
    if not names:
        raise RefusedError("there is no snapshot of this project yet")
    return max(names)  # they sort as their times do


def _run(argv: Sequence[str | bytes], lock: int, prepare: Callable[[], None]) -> int:
    """Run rsync on the connection; it and what it starts hold the lock until the last of them ends."""
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    return subprocess.run(argv, env=environment, pass_fds=[lock], preexec_fn=prepare, check=False).returncode  # noqa: S603 no threads here


def _empty(folder: Path) -> None:
    """Delete what broken transfers left."""
    for where, folders, files in os.walk(folder, topdown=False):
        for name in files:
            Path(where, name).unlink()
        for name in folders:
            Path(where, name).rmdir()


def main() -> NoReturn:
    """Do what the command in ``SSH_ORIGINAL_COMMAND`` asks, or refuse it with one line on standard error."""
    parser = argparse.ArgumentParser(
        prog="lyceum-storage-receive", description="Receive and send copies of projects, for one compute host."
    )
    parser.add_argument("--host", required=True, help="the compute host whose key this is")
    parser.add_argument("--data", type=Path, default=Path("/storage"), help="the file system with the copies")
    parser.add_argument(
        "--control", default="/run/lyceum/storage/control.sock", help="the storage daemon's control socket"
    )
    arguments = parser.parse_args()
    os.umask(0o077)
    control, layout = Control(arguments.control), Layout(arguments.data)
    try:
        request = parse(os.environ.get("SSH_ORIGINAL_COMMAND", ""))
        if isinstance(request, Save):
            sys.exit(receive(request, arguments.host, layout, control))
        sys.exit(fetch(request, arguments.host, layout, control))
    except RefusedError as error:
        sys.exit(f"lyceum-storage: {error}")
    except OSError as error:
        sys.exit(f"lyceum-storage: the storage host cannot do this: {error.strerror or error}")


if __name__ == "__main__":
    main()
