"""No file names the host of a package registry."""

from __future__ import annotations

from pathlib import Path

import pytest
from lyceum_ops import programs, registries
from lyceum_ops.programs import Result


@pytest.fixture(autouse=True)
def _no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "run", lambda *_, **__: Result(128, "", "not a git repository"))


@pytest.mark.parametrize("host", [*registries.HOSTS, f"files.{registries.HOSTS[1]}"])
def test_a_registry_is_found_with_file_and_line(host: str, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text(f"first\nhttps://{host}/simple\n")
    assert registries.find(tmp_path) == [f"file.txt:2: {host}"]


@pytest.mark.parametrize("text", ["example.org", "my" + registries.HOSTS[0] + "x", registries.HOSTS[0] + "anization"])
def test_other_names_are_not(text: str, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text(text)
    assert registries.find(tmp_path) == []


def test_what_is_never_committed_is_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "x.json").write_text(registries.HOSTS[2])
    assert registries.find(tmp_path) == []
