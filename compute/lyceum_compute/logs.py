"""Logs for the journal: a level that it understands, then the sentence, then what was said beside it as JSON."""

from __future__ import annotations

import json
import logging
import sys

_LEVELS = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JournalFormatter(logging.Formatter):
    """``<level>sentence {"action": ..., ...}``, each line with its level."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of one record."""
        beside = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        text = record.getMessage()
        if beside:
            text += " " + json.dumps(beside, default=str, ensure_ascii=False)
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        level = _LEVELS.get(record.levelno, 5)
        return "\n".join(f"<{level}>{line}" for line in text.splitlines() or [""])


def set_up(level: int = logging.INFO) -> None:
    """Send all logs to standard error, where the journal reads them."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JournalFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
