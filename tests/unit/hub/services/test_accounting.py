"""What of a host's word is believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lyceum_compute.protocol.messages import AccountedHour
from lyceum_hub.services.accounting import sane

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
ID = "c2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"


def hour(**changes: Any) -> AccountedHour:
    values: dict[str, Any] = {
        "project_id": ID, "hour": NOW.replace(minute=0), "sequence": 1, "cpu_seconds": 14_400.0,
        "memory_gb_hours": 8.0, "disk": 50_000.0, "running_seconds": 3600.0,
    }  # fmt: skip
    return AccountedHour(**(values | changes))


def test_an_hour_of_full_use_is_believed() -> None:
    assert sane(hour(), NOW)
    assert sane(hour(hour=NOW.replace(minute=0) - timedelta(days=14)), NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"cpu_seconds": -1.0},
        {"cpu_seconds": float("nan")},
        {"memory_gb_hours": float("inf")},
        {"running_seconds": 4000.0},
        {"disk": 1e15},
        {"project_id": "../.."},
        {"project_id": "x" * 36},
        {"hour": NOW},
        {"hour": NOW.replace(minute=0, tzinfo=None)},
        {"hour": NOW.replace(minute=0) + timedelta(hours=2)},
        {"hour": NOW.replace(minute=0) - timedelta(days=40)},
    ],
)
def test_what_cannot_be_is_not(changes: dict[str, Any]) -> None:
    assert not sane(hour(**changes), NOW)
