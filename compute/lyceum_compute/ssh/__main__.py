"""``lyceum-ssh-server``: started by systemd within a project's sandbox, with the project's socket as descriptor 3."""

from __future__ import annotations

import socket

from .server import serve


def main() -> None:
    """Serve until nobody has come for a while."""
    with socket.socket(fileno=3) as listener:
        serve(listener)


if __name__ == "__main__":
    main()
