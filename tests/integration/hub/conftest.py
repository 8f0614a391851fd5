"""The site that all tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .site import Person, Site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """PostgreSQL, two hub processes, and fake hosts."""
    site = Site(tmp_path_factory.mktemp("site"))
    try:
        site.start()
        yield site
    finally:
        site.stop()


@pytest.fixture
def ada(site: Site) -> Person:
    """Somebody new, signed in, at the first hub."""
    return site.person()
