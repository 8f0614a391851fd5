"""A home folder, with something outside that nobody may reach."""

from __future__ import annotations

from pathlib import Path

import pytest
from lyceum_compute.local_hub.confinement import Home

from tests.unit.compute.local_hub.file_client import Files


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_text("secret")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def home(folder: Path) -> Home:
    return Home(str(folder))


@pytest.fixture
def files(home: Home) -> Files:
    return Files(home)
