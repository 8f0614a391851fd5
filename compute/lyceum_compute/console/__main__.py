"""Start the console server of a project: ``lyceum-console [SOCKET]``.

Without an argument it serves the socket that systemd passed as descriptor 3. Settings in the environment: ``HOME``, and
``USER``, which is the project's id without dashes.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys

from .server import Console

LISTEN_DESCRIPTOR = 3


def main() -> None:
    """Serve until idle or SIGTERM."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    asyncio.run(_run(_listener(sys.argv[1:])))


async def _run(listener: socket.socket) -> None:
    console = Console(os.environ["USER"])
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, console.stop)
    await console.run(listener)


def _listener(arguments: list[str]) -> socket.socket:
    if not arguments:
        return socket.socket(fileno=LISTEN_DESCRIPTOR)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(arguments[0])
    listener.listen()
    return listener


if __name__ == "__main__":
    main()
