"""The modules that every role uses: packages and facts."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

MODULES = Path(__file__).parents[3] / "playbooks/plugins/modules"


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, MODULES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


packages = _load("lyceum_packages")
facts = _load("lyceum_facts")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """What apt-get is called with; the first installation fails if the list begins with the word `fail`."""
    made: list[Sequence[str]] = []

    def apt(*arguments: str) -> str:
        made.append(arguments)
        if arguments[0] == "install" and made[0] == ("fail",):
            made[0] = ("failed",)
            raise subprocess.CalledProcessError(100, "apt-get", "", "E: Unable to locate package")
        return ""

    monkeypatch.setattr(packages, "apt", apt)
    return made


def _lists(folder: Path, monkeypatch: pytest.MonkeyPatch, age: int) -> None:
    file = folder / "mirror_InRelease"
    file.touch()
    for path in (file, folder):
        os.utime(path, (time.time() - age, time.time() - age))
    monkeypatch.setattr(packages, "LISTS", folder)


def test_missing_asks_dpkg(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = "nginx amd64 installed\nopenssl amd64 config-files\nca-certificates all installed\n"
    answer = subprocess.CompletedProcess([], 1, stdout=shown, stderr="dpkg-query: no packages found matching nothing")
    monkeypatch.setattr(packages.subprocess, "run", lambda *_, **__: answer)
    assert packages.missing(["nginx", "nginx:amd64", "openssl", "nothing", "ca-certificates"]) == ["openssl", "nothing"]


def test_young_lists_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: list[Sequence[str]]) -> None:
    _lists(tmp_path, monkeypatch, 100)
    packages.install(["x"], recommends=False, valid=1000)
    assert calls == [("install", "--no-install-recommends", "x")]


def test_old_lists_are_renewed_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: list[Sequence[str]]
) -> None:
    _lists(tmp_path, monkeypatch, 2000)
    packages.install(["x"], recommends=True, valid=1000)
    assert calls == [("update",), ("install", "--install-recommends", "x")]


def test_no_lists_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "LISTS", tmp_path)
    assert packages.lists_are_older_than(10**9)


def test_package_that_the_lists_do_not_know_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: list[Sequence[str]]
) -> None:
    _lists(tmp_path, monkeypatch, 100)
    calls.append(("fail",))
    packages.install(["x"], recommends=False, valid=1000)
    assert [call[0] for call in calls] == ["failed", "install", "update", "install"]


@pytest.mark.parametrize("name", ["postgresql-17", "libstdc++6", "libc6:amd64"])
def test_good_name(name: str) -> None:
    assert packages.NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["", "-y", "a b", "--reinstall", "../x", "x;y"])
def test_bad_name(name: str) -> None:
    assert not packages.NAME.fullmatch(name)


def test_release_file_is_read() -> None:
    text = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\n# a remark\n\nVERSION_ID="13"\n'
    assert facts.read_assignments(text) == {
        "PRETTY_NAME": "Debian GNU/Linux 13 (trixie)",
        "ID": "debian",
        "VERSION_ID": "13",
    }


def test_memory_is_read() -> None:
    assert facts.memory_mb("MemFree: 1 kB\nMemTotal:       24600000 kB\n") == 24023
