"""Log lines for the journal: a priority, the message, and the structured fields as ``key=value``."""

from __future__ import annotations

import logging
import os
import socket
import sys

_PRIORITY = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JournalFormatter(logging.Formatter):
    """``<6>took a snapshot action=snapshot project_id=...``; a traceback's lines carry the priority too."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line or lines."""
        fields = [f"{key}={value}" for key, value in vars(record).items() if key not in _STANDARD]
        text = super().format(record)
        first, *rest = text.split("\n")
        prefix = f"<{_PRIORITY.get(record.levelno, 6)}>"
        return "\n".join(prefix + line for line in [" ".join([first, *fields]), *rest])


def set_up_logging() -> None:
    """Log to standard error, which is the journal."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JournalFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def notify(state: str) -> None:
    """Tell systemd how the service is (``READY=1``, ``STOPPING=1``); nothing happens elsewhere."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.connect("\0" + address[1:] if address.startswith("@") else address)
        sock.sendall(state.encode())
