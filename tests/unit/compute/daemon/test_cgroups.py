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


def test_shortages_of_memory(tmp_path: Path) -> None:
    write(tmp_path / OWN / "memory.events", "low 0\nmax 4\noom_kill 3\n")
    assert cgroups.memory_shortages(SLICE, root=tmp_path) == 4
    write(tmp_path / "memory" / OWN / "memory.failcnt", "7\n")
    assert cgroups.memory_shortages(SLICE, root=tmp_path) == 7


def test_nothing_is_known_of_a_slice_that_is_not_there(tmp_path: Path) -> None:
    assert cgroups.killed_for_memory(SLICE, root=tmp_path) == 0
    assert cgroups.memory_shortages(SLICE, root=tmp_path) == 0
    assert list(cgroups.processes(SLICE, root=tmp_path)) == []


def test_processes_of_a_slice(tmp_path: Path) -> None:
    write(tmp_path / "cgroup.controllers", "")
    write(tmp_path / OWN / "cgroup.procs", "")
    write(tmp_path / OWN / "a.service" / "cgroup.procs", "12\n13\n")
    assert set(cgroups.processes(SLICE, root=tmp_path)) == {12, 13}


def test_what_a_slice_uses_with_one_hierarchy(tmp_path: Path) -> None:
    for name, text in {
        "memory.current": "5000000\n", "memory.stat": "anon 1\ninactive_file 2000000\n", "memory.events": "oom_kill 1\n",
        "cpu.stat": "usage_usec 2500000\nuser_usec 1\n", "pids.current": "7\n", "pids.peak": "9\n",
        "pids.events": "max 3\n",
    }.items():  # fmt: skip
        write(tmp_path / OWN / name, text)
    assert cgroups.counters(SLICE, root=tmp_path) == cgroups.Counters(
        memory=3_000_000, cpu_seconds=2.5, tasks=7, tasks_peak=9, tasks_refused=3, memory_kills=1
    )


def test_what_a_slice_uses_with_a_hierarchy_per_controller(tmp_path: Path) -> None:
    for name, text in {
        f"memory/{OWN}/memory.usage_in_bytes": "5000000\n", f"memory/{OWN}/memory.stat": "total_inactive_file 1000000\n",
        f"unified/{OWN}/cpu.stat": "usage_usec 2500000\n", f"pids/{OWN}/pids.current": "7\n",
        f"pids/{OWN}/pids.events": "max 0\n", f"pids/{OWN}/a.service/pids.events": "max 4\n",
    }.items():  # fmt: skip
        write(tmp_path / name, text)
    assert cgroups.counters(SLICE, root=tmp_path) == cgroups.Counters(
        memory=4_000_000, cpu_seconds=2.5, tasks=7, tasks_peak=0, tasks_refused=4, memory_kills=0
    )


def test_nothing_is_counted_of_a_slice_that_is_not_there(tmp_path: Path) -> None:
    assert cgroups.counters(SLICE, root=tmp_path) is None


def test_a_slice_can_be_kept_from_making_tasks(tmp_path: Path) -> None:
    write(tmp_path / "pids" / OWN / "pids.max", "2000\n")
    cgroups.limit_tasks(SLICE, 1, root=tmp_path)
    assert (tmp_path / "pids" / OWN / "pids.max").read_text() == "1"
