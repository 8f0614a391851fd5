"""What notifications say."""

from __future__ import annotations

from uuid import UUID

import pytest
from lyceum_hub.db.changes import (
    AccountChanged,
    Change,
    CredentialEnded,
    EverythingChanged,
    PersonLeft,
    ProjectChanged,
    parse,
)

A = UUID("6f2bd1a7-4f0a-4d5e-9a43-1f0d5b2f7c11")
B = UUID("0a8a5d5e-9f34-4d07-8d65-64d2f0f7f0aa")


@pytest.mark.parametrize(
    ("payload", "change"),
    [
        (f"project {A}", ProjectChanged(A)),
        (f"account {A}", AccountChanged(A)),
        (f"left {A} {B}", PersonLeft(A, B)),
        (f"credential 00ff {B}", CredentialEnded(b"\x00\xff", B)),
        ("all", EverythingChanged()),
        ("project", None),
        ("project nonsense", None),
        (f"credential zz {B}", None),
        ("", None),
        ("of a later release", None),
    ],
)
def test_a_payload_is_a_word_and_keys(payload: str, change: Change | None) -> None:
    assert parse(payload) == change
