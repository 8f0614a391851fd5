"""Start Jupyter for a project: ``python -I -m lyceum_jupyter --idle SECONDS [SOCKET]``.

Without a socket it serves the one that systemd passed as descriptor 3. Settings in the environment: ``HOME``, and
``USER``, which is the project's id without dashes.
"""

from __future__ import annotations

import argparse
import os
import socket
from pathlib import Path

LISTEN_DESCRIPTOR = 3
#: Sockets and secrets of one run: in memory, so that a full disk keeps nobody from starting a kernel.
RUNTIME = Path("/tmp/jupyter")  # noqa: S108 - the sandbox's own


def main() -> None:
    """Serve until idle or SIGTERM."""
    parser = argparse.ArgumentParser(prog="lyceum_jupyter")
    parser.add_argument("--idle", type=float, required=True, help="seconds without anybody after which it ends")
    parser.add_argument("socket", nargs="?", help="path of the socket to make")
    options = parser.parse_args()
    os.environ["JUPYTER_RUNTIME_DIR"] = str(RUNTIME)
    listener = _listener(options.socket)
    from . import server  # noqa: PLC0415 - takes a while

    server.serve(listener, os.environ["USER"], Path(os.environ["HOME"]), idle=options.idle)


def _listener(path: str | None) -> socket.socket:
    if path is None:
        return socket.socket(fileno=LISTEN_DESCRIPTOR)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    return listener


if __name__ == "__main__":
    main()
