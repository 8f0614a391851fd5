"""The module that starts, restarts and reloads units, by what systemd says and by files' times."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).parents[3] / "roles/lyceum/library/lyceum_unit.py"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lyceum_unit", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


unit_module = _load()
STARTED = 1_700_000_000.0
RELOADED = STARTED + 100


def unit(*, active: bool = True, files: tuple[Path, ...] = ()):
    return unit_module.Unit(
        loaded=True, active=active, enabled=True, outdated=False, files=files, started=STARTED, changed=RELOADED
    )


@pytest.fixture
def setting(tmp_path: Path) -> Path:
    """A file that was last written between the unit's start and its last reload."""
    file = tmp_path / "setting"
    file.touch()
    os.utime(file, (STARTED + 50, STARTED + 50))
    return file


def written(file: Path, when: float) -> Path:
    os.utime(file, (when, when))
    return file


def test_reads_what_systemd_says(setting: Path) -> None:
    said = unit_module.Unit.of(
        {
            "LoadState": "loaded",
            "ActiveState": "active",
            "UnitFileState": "enabled",
            "NeedDaemonReload": "no",
            "FragmentPath": str(setting),
            "DropInPaths": "/a /b",
            "InactiveExitTimestamp": "Tue 2023-11-14 22:13:20.000000 UTC",
            "StateChangeTimestamp": "",
        }
    )
    assert (said.active, said.enabled, said.outdated) == (True, True, False)
    assert said.files == (setting, Path("/a"), Path("/b"))
    assert (said.started, said.changed) == (STARTED, 0.0)


def test_what_is_down_is_started() -> None:
    assert unit(active=False).action("started", [], []) == "start"
    assert unit(active=False).action("reloaded", [], []) == "start"
    assert unit(active=False).action("restarted", [], []) == "restart"


def test_what_runs_with_what_is_there_is_left_alone(setting: Path) -> None:
    old = written(setting, STARTED - 1)
    assert unit(files=(old,)).action("started", [old], [old]) is None


def test_a_file_read_at_the_start_that_is_newer_restarts(setting: Path) -> None:
    assert unit().action("started", [setting], []) == "restart"
    assert unit(files=(setting,)).action("started", [], []) == "restart"


def test_a_file_that_a_reload_reads_is_newer_than_the_last_reload(setting: Path) -> None:
    assert unit().action("started", [], [setting]) is None, "the last reload read it"
    assert unit().action("started", [], [written(setting, RELOADED + 1)]) == "reload"


def test_a_link_that_moved_back_to_something_old_is_a_change(tmp_path: Path, setting: Path) -> None:
    link = tmp_path / "current"
    link.symlink_to(written(setting, STARTED - 1))
    assert unit().action("started", [link], []) == "restart"


def test_a_missing_file_is_no_change(tmp_path: Path) -> None:
    assert unit().action("started", [tmp_path / "none"], [tmp_path / "none"]) is None


def test_what_is_asked_for_is_done() -> None:
    assert unit().action("restarted", [], []) == "restart"
    assert unit().action("reloaded", [], []) == "reload"
