"""What needs no database to be known of projects."""

from __future__ import annotations

from uuid import UUID

import pytest
from lyceum_hub.services import projects

DIGITS = UUID("12345678-1234-4234-8234-123456789012")
NAME = UUID("12345678-1234-4234-8234-12345678901a")


def test_no_project_is_named_by_digits_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bug: a project whose id has no letter could not start, since its user could have no such name."""
    drawn = iter((DIGITS, DIGITS, NAME))
    monkeypatch.setattr(projects, "uuid4", lambda: next(drawn))
    assert projects.new_id() == NAME
