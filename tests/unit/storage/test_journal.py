"""Log lines, and what systemd is told."""

from __future__ import annotations

import logging
import socket
import sys
from typing import TYPE_CHECKING

from lyceum_storage.journal import JournalFormatter, notify

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def record(level: int, message: str, **fields: object) -> logging.LogRecord:
    made = logging.LogRecord("lyceum_storage", level, "", 0, message, None, None)
    vars(made).update(fields)
    return made


def test_a_line_has_its_priority_and_its_fields() -> None:
    line = JournalFormatter().format(record(logging.WARNING, "refused", action="refused", project_id="x"))
    assert line == "<4>refused action=refused project_id=x"


def test_every_line_of_a_traceback_has_the_priority() -> None:
    try:
        raise ValueError("two\nlines")  # noqa: TRY301
    except ValueError:
        failed = record(logging.ERROR, "failed")
        failed.exc_info = sys.exc_info()
    lines = JournalFormatter().format(failed).splitlines()
    assert len(lines) > 3
    assert all(line.startswith("<3>") for line in lines)


def test_systemd_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        notify("READY=1")
        assert sock.recv(100) == b"READY=1"


def test_elsewhere_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
