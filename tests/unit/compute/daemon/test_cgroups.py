from __future__ import annotations

from pathlib import Path

from lyceum_compute.daemon import cgroups

SLICE = "lyceum-projects-c2b6ca5e8f334b8ab1c64b1a5e0c2f11.slice"
OWN = "lyceum.slice/lyceum-projects.slice/lyceum-projects-c2b6ca5e8f334b8ab1c64b1a5e0c2f11.slice"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_slice_lies_in_the_slices_of_its_name() -> None:
    assert cgroups.path_of(SLICE) == OWN


def test_killed_processes_with_one_hierarchy(tmp_path: Path) -> None:
    write(tmp_path / OWN / "memory.events", "low 0\noom 5\noom_kill 3\n")
    assert cgroups.killed_for_memory(SLICE, root=tmp_path) == 3


def test_killed_processes_with_a_hierarchy_per_controller(tmp_path: Path) -> None:
    write(tmp_path / "memory" / OWN / "memory.oom_control", "oom_kill_disable 0\noom_kill 0\n")
    write(tmp_path / "memory" / OWN / "x.service" / "memory.oom_control", "oom_kill 2\n")
    assert cgroups.killed_for_memory(SLICE, root=tmp_path) == 2


def test_nothing_is_known_of_a_slice_that_is_not_there(tmp_path: Path) -> None:
    assert cgroups.killed_for_memory(SLICE, root=tmp_path) == 0
    assert list(cgroups.processes(SLICE, root=tmp_path)) == []


def test_processes_of_a_slice(tmp_path: Path) -> None:
    write(tmp_path / "cgroup.controllers", "")
    write(tmp_path / OWN / "cgroup.procs", "")
    write(tmp_path / OWN / "a.service" / "cgroup.procs", "12\n13\n")
    assert set(cgroups.processes(SLICE, root=tmp_path)) == {12, 13}
