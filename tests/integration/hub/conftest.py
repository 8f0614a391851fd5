"""The site that all tests of this folder share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .site import Person, Site


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """PostgreSQL, two hub processes, and fake hosts."""
    with tempfile.TemporaryDirectory(prefix="lyceum-hub-") as folder:
        site = Site(Path(folder))
        try:
            site.start()
            yield site
        finally:
            site.stop()


@pytest.fixture
def ada(site: Site) -> Person:
    """Somebody new, signed in, at the first hub."""
    return site.person()
