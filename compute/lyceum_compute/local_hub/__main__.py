"""Start the local hub of a project: ``lyceum-local-hub [SOCKET FILES_SOCKET]``.

Without arguments it serves the sockets that systemd passed, from descriptor 3 on: calls, and files over HTTP. Settings
in the environment: ``HOME``.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING

from .confinement import Home
from .drain import Drain
from .operations import Operations
from .server import Server

if TYPE_CHECKING:
    from .file_server import FileServer

LISTEN_DESCRIPTORS = (3, 4)
CALLS_SOCKET = "local-hub.sock"
FILES_SOCKET = "files.sock"
#: Seconds without a call after which the program ends; the next call starts it again.
IDLE = 120.0


def main() -> None:
    """Serve until idle, or until SIGTERM and what was under way is answered."""
    threading.stack_size(512 * 1024)
    drain = Drain()
    home = Home(os.environ.get("HOME", "/home/user"))
    operations = Operations(home, drain)
    calls, files = _listeners(sys.argv[1:])
    server = Server(calls, operations.call, idle=IDLE, files=None if files is None else (files, _Files(home).serve))
    signal.signal(signal.SIGTERM, lambda *_: server.stop())
    signal.signal(signal.SIGINT, lambda *_: server.stop())
    server.run()
    drain.hand_over()


class _Files:
    """The file server, loaded with the first request for it."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._loading = threading.Lock()
        self._server: FileServer | None = None

    def serve(self, sock: socket.socket) -> None:
        """Serve one connection."""
        from .file_server import FileServer  # noqa: PLC0415 a third of the memory; calls need none of it

        with self._loading:
            self._server = self._server or FileServer(self._home)
        self._server.serve(sock)


def _listeners(arguments: list[str]) -> tuple[socket.socket, socket.socket | None]:
    """Return the sockets for calls and for files; the service manager passes them in any order."""
    if arguments:
        calls, files = (_bound(path) for path in arguments)
        return calls, files
    passed = [_passed(descriptor) for descriptor in LISTEN_DESCRIPTORS]
    found = {sock.getsockname().rpartition("/")[2]: sock for sock in passed if sock is not None}
    return found[CALLS_SOCKET], found.get(FILES_SOCKET)


def _passed(descriptor: int) -> socket.socket | None:
    try:
        return socket.socket(fileno=descriptor)
    except OSError:
        return None


def _bound(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    return listener


if __name__ == "__main__":
    main()
