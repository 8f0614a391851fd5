"""Whose project somebody names."""

from __future__ import annotations

from uuid import UUID

import pytest
from lyceum_ssh.login import project_of

ID = "c2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"


@pytest.mark.parametrize("username", [ID, ID.replace("-", ""), ID.upper(), ID.replace("-", "").upper()])
def test_with_and_without_dashes(username: str) -> None:
    assert project_of(username) == UUID(ID)


@pytest.mark.parametrize(
    "username", ["", "root", "{" + ID + "}", "urn:uuid:" + ID, ID[:-1], ID + " ", ID.replace("-", "", 1)]
)
def test_other_names(username: str) -> None:
    assert project_of(username) is None
