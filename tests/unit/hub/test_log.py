"""Lines for the journal."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from lyceum_hub.log import JsonLines


def line(record: logging.LogRecord) -> dict[str, object]:
    text = JsonLines().format(record)
    assert "\n" not in text
    assert text[0] == "<"
    fields: dict[str, object] = json.loads(text[3:])
    return fields


def test_a_record_is_one_line_with_its_extra_fields() -> None:
    record = logging.makeLogRecord(
        {"msg": "placed %s\nnow", "args": ("it",), "levelno": 20, "levelname": "INFO", "name": "x", "action": "place"}
    )
    record.__dict__["when"] = datetime(2026, 1, 1, tzinfo=UTC)
    assert line(record) == {
        "level": "info",
        "logger": "x",
        "message": "placed it\nnow",
        "action": "place",
        "when": "2026-01-01T00:00:00Z",
    }


def test_a_traceback_is_in_the_line() -> None:
    try:
        int("why")
    except ValueError:
        record = logging.makeLogRecord({"msg": "failed", "levelname": "ERROR", "exc_info": sys.exc_info()})
    assert "ValueError: invalid literal" in str(line(record)["traceback"])
