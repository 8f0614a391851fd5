"""``python -I -m lyceum_compute.nursery``: serves the socket that systemd passed as descriptor 3."""

from __future__ import annotations

import socket

from lyceum_compute.console import __main__ as console

from .server import serve

LISTEN_DESCRIPTOR = 3


def main() -> None:
    """Serve until SIGTERM."""
    serve(socket.socket(fileno=LISTEN_DESCRIPTOR), {"console": console.main})


if __name__ == "__main__":
    main()
