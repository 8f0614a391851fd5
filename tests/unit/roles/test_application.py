"""The host's half of installing a distribution: switching and pruning releases."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

ROLE = Path(__file__).parents[3] / "roles/application"


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"role_{path.stem}_{path.parent.name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


application = _load(ROLE / "library/lyceum_application.py")
action = _load(ROLE / "action_plugins/lyceum_application.py")


@pytest.fixture
def releases(tmp_path: Path) -> object:
    for age, name in enumerate(["d", "c", "b", "a"]):
        folder = tmp_path / "releases" / name
        folder.mkdir(parents=True)
        (folder / ".complete").touch()
        os.utime(folder, (1000 - age, 1000 - age))
    return application.Releases(tmp_path)


def test_interrupted_release_does_not_count(releases: object) -> None:
    (releases.folder / "d/.complete").unlink()
    assert not releases.has("d")
    assert releases.has("c")


def test_switch_replaces_what_was_current(releases: object) -> None:
    assert not releases.is_current("a")
    releases.switch("a")
    releases.switch("d")
    assert releases.is_current("d")
    assert (releases.current / ".complete").exists()
    assert sorted(path.name for path in releases.current.parent.iterdir()) == ["current", "releases"]


def test_prune_keeps_the_newest(releases: object) -> None:
    assert releases.prune("d", 3) == ["a"]
    assert sorted(path.name for path in releases.folder.iterdir()) == ["b", "c", "d"]


def test_prune_keeps_the_current_one_however_old(releases: object) -> None:
    assert releases.prune("a", 2) == ["c", "b"]
    assert sorted(path.name for path in releases.folder.iterdir()) == ["a", "d"]


def test_prune_keeps_what_a_process_runs_from(releases: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "in_use", lambda release: release.name == "a")
    assert releases.prune("d", 2) == ["b"]


def test_in_use_looks_at_command_lines(tmp_path: Path) -> None:
    assert not application.in_use(tmp_path / "nobody-runs-this")


@pytest.mark.parametrize("content", ["0.1.0-abc123\n", "0.1.0"])
def test_release_is_read(tmp_path: Path, content: str) -> None:
    (tmp_path / "RELEASE").write_text(content)
    assert action.read_release(tmp_path) == content.strip()


@pytest.mark.parametrize("content", ["", "../x", "a b", ".hidden", "x" * 65])
def test_release_that_is_no_name(tmp_path: Path, content: str) -> None:
    (tmp_path / "RELEASE").write_text(content)
    with pytest.raises(action.AnsibleActionFail, match="no name of a release"):
        action.read_release(tmp_path)


def test_missing_wheelhouse(tmp_path: Path) -> None:
    with pytest.raises(action.AnsibleActionFail, match=r"run playbooks/build\.yml first"):
        action.read_release(tmp_path)
