"""Logging to the journal: one line of JSON each, with what was given in ``extra``."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

import msgspec

_PLAIN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "color_message", "taskName"}
#: syslog priorities, which journald reads from the beginning of a line.
_PRIORITY = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}


class JsonLines(logging.Formatter):
    """A record as one line: level, logger, message, what ``extra`` says, and the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields: dict[str, Any] = {
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        fields |= {key: value for key, value in record.__dict__.items() if key not in _PLAIN}
        if record.exc_info and record.exc_info[1] is not None:
            fields["traceback"] = "".join(traceback.format_exception(record.exc_info[1]))
        line = msgspec.json.encode(fields, enc_hook=str).decode()
        return f"<{_PRIORITY.get(record.levelno, 5)}>{line}"


def set_up() -> None:
    """Send everything from level INFO to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("engineio", "websockets", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
