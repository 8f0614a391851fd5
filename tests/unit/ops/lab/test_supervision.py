"""Control groups of a lab, in a tree of ordinary folders that stands for the kernel's."""

from __future__ import annotations

from pathlib import Path

import pytest
from lyceum_ops.lab import supervision


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(supervision, "ROOT", tmp_path)
    monkeypatch.setattr(supervision, "run_by_systemd", lambda: False)
    return tmp_path


def group(folder: Path, *pids: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cgroup.procs").write_text("".join(f"{pid}\n" for pid in pids))
    return folder


def test_units_are_found_below_whatever_group_made_them(root: Path) -> None:
    group(root / "memory/session/one/lyceum-lab-a/machine-m1", 11)
    group(root / "pids/lyceum-lab-a/machine-m1", 11)
    group(root / "memory/session/two/lyceum-lab-a/port-8443", 12)
    group(root / "memory/session/two/lyceum-lab-a/machine-m2")
    group(root / "memory/lyceum-lab-ab/machine-x", 13)
    assert supervision.units("a") == {"machine-m1", "port-8443"}
    assert supervision.pids("a") == {11, 12}
    assert supervision.pids("a", "machine-m1") == {11}
    assert len(supervision.folders("a")) == 3


def test_processes_in_groups_that_the_machine_made_count(root: Path) -> None:
    group(root / "memory/lyceum-lab-a/machine-m1", 20)
    group(root / "memory/lyceum-lab-a/machine-m1/system.slice/ssh.service", 21, 22)
    assert supervision.pids("a", "machine-m1") == {20, 21, 22}


def test_scopes_of_systemd_are_told_apart_by_lab(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "run_by_systemd", lambda: True)
    group(root / "lyceum_lab_a.slice/lyceum-lab-a-machine-m1.scope", 31)
    group(root / "lyceum_lab_ab.slice/lyceum-lab-ab-machine-m1.scope", 32)
    assert supervision.units("a") == {"machine-m1"}
    assert supervision.pids("ab") == {32}
    assert supervision.enter("a", "machine-m1")[:3] == ["systemd-run", "--quiet", "--scope"]


def test_a_process_enters_its_group_in_every_hierarchy(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = root / "self"
    own.write_text("4:memory:/session\n3:cpuset:/\n1:name=systemd:/\n0::/\n")
    monkeypatch.setattr(supervision, "MEMBERSHIP", own)
    for folder in ("memory/session", "cpuset", "systemd", "unified"):
        group(root / folder)
    (root / "cpuset/cpuset.cpus").write_text("0-1\n")
    (root / "cpuset/cpuset.mems").write_text("0\n")
    (root / "unified/cgroup.controllers").write_text("\n")
    words = supervision.enter("a", "machine-m1")
    expected = [
        root / folder / "lyceum-lab-a/machine-m1" for folder in ("memory/session", "cpuset", "systemd", "unified")
    ]
    assert words[4:-1] == [str(folder / "cgroup.procs") for folder in expected]
    assert (expected[1] / "cpuset.cpus").read_text() == "0-1\n"


@pytest.mark.usefixtures("root")
def test_clear_ends_at_once_when_there_is_nothing() -> None:
    supervision.clear("a")
    assert supervision.folders("a") == []


def test_clear_removes_empty_groups_the_innermost_first(root: Path) -> None:
    (root / "memory/lyceum-lab-a/machine-m1/system.slice/x.service").mkdir(parents=True)
    (root / "memory/lyceum-lab-a/port-1").mkdir()
    supervision.clear("a", "machine-m1")
    assert (root / "memory/lyceum-lab-a/port-1").is_dir()
    supervision.clear("a")
    assert list((root / "memory").iterdir()) == []
