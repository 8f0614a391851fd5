"""Start the local hub of a project: ``lyceum-local-hub [SOCKET]``.

Without an argument it serves the socket that systemd passed as descriptor 3. Settings in the environment: ``HOME``.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading

from .confinement import Home
from .drain import Drain
from .operations import Operations
from .server import Server

LISTEN_DESCRIPTOR = 3
#: Seconds without a call after which the program ends; the next call starts it again.
IDLE = 120.0


def main() -> None:
    """Serve until idle, or until SIGTERM and what was under way is answered."""
    threading.stack_size(512 * 1024)
    drain = Drain()
    operations = Operations(Home(os.environ.get("HOME", "/home/user")), drain)
    server = Server(_listener(sys.argv[1:]), operations.call, idle=IDLE)
    signal.signal(signal.SIGTERM, lambda *_: server.stop())
    signal.signal(signal.SIGINT, lambda *_: server.stop())
    server.run()
    drain.hand_over()


def _listener(arguments: list[str]) -> socket.socket:
    if not arguments:
        return socket.socket(fileno=LISTEN_DESCRIPTOR)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(arguments[0])
    listener.listen()
    return listener


if __name__ == "__main__":
    main()
