"""``lyceum-dialler``: serves the socket that systemd passed as descriptor 3, until nobody has asked for a while."""

from __future__ import annotations

import logging
import socket

from lyceum_compute.logs import set_up

from .server import serve

LISTEN_DESCRIPTOR = 3
log = logging.getLogger("lyceum_compute.dialler")


def main() -> None:
    """Serve until idle."""
    set_up()
    with socket.socket(fileno=LISTEN_DESCRIPTOR) as listener:
        serve(listener)


if __name__ == "__main__":
    main()
