"""Whose sandbox is entered, and what a process may keep of its rights: nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lyceum_compute.nursery import sandbox
from lyceum_compute.nursery.sandbox import NotConfinedError
from lyceum_compute.running import NoProjectError

NAME = "c2b6ca5e8f334b8ab1c64b1a5e0c2f11"
OTHER = "00000000000000000000000000000000"
SLICE = f"/lyceum.slice/lyceum-projects.slice/lyceum-projects-{NAME}.slice"
ASKING = f"{SLICE}/lyceum-console@{NAME}.service"
FIRST, ASKER = "77", 78
CONFINED = {
    **dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), "0000000000000000"),
    "Groups": " ",
    "NoNewPrivs": "1",
    "Seccomp": "2",
}


class Machine:
    """A host's files: a project's first process, and one in a unit of the project that asks for a server."""

    def __init__(self, folder: Path) -> None:
        self.cgroups, self.proc = folder / "cgroup", folder / "proc"

    def add(self, *, group: str = ASKING, mounts: str = "own") -> None:
        unit = self.cgroups / SLICE.lstrip("/") / f"lyceum-project@{NAME}.service"
        unit.mkdir(parents=True)
        (self.cgroups / "cgroup.controllers").touch()
        (unit / "cgroup.procs").write_text(f"{FIRST}\n")
        for pid in ("self", FIRST, str(ASKER)):
            (self.proc / pid / "ns").mkdir(parents=True)
        (self.proc / "self/ns/mnt").touch()
        for name in ("cgroup", "ipc", "uts", "net", "pid", "own"):
            (self.proc / FIRST / "ns" / name).touch()
        (self.proc / FIRST / "ns/mnt").symlink_to("own" if mounts == "own" else self.proc / "self/ns/mnt")
        (self.proc / FIRST / "cgroup").write_text(f"0::{SLICE}/lyceum-project@{NAME}.service\n")
        ids = "\t".join(["200001"] * 4)
        (self.proc / FIRST / "status").write_text(f"Name:\tcatatonit\nUid:\t{ids}\nGid:\t{ids}\n")
        (self.proc / str(ASKER) / "cgroup").write_text(f"0::{group}\n")

    def find(self) -> sandbox.Place:
        return sandbox.find(ASKER, proc=self.proc, cgroups=self.cgroups)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_project_is_the_one_in_whose_unit_the_asker_is(machine: Machine) -> None:
    machine.add()
    place = machine.find()
    assert (place.name, place.uid, place.gid) == (NAME, 200_001, 200_001)
    files = [
        (machine.proc / FIRST / "ns" / kind).stat().st_ino for kind in ("cgroup", "ipc", "uts", "net", "pid", "mnt")
    ]
    assert [os.fstat(descriptor).st_ino for descriptor in place.namespaces.values()] == files
    for descriptor in place.namespaces.values():
        os.close(descriptor)


@pytest.mark.parametrize(
    "odd",
    [
        {"group": "/system.slice/ssh.service"},
        {"group": f"{SLICE}/lyceum-console@{OTHER}.service"},
        {"group": f"{ASKING}/below"},
        {"group": SLICE},
        {"mounts": "host"},
    ],
)
def test_who_asks_from_elsewhere_gets_nothing(machine: Machine, odd: dict[str, str]) -> None:
    machine.add(**odd)
    with pytest.raises(NoProjectError):
        machine.find()


@pytest.mark.parametrize("hybrid", [False, True])
def test_the_control_groups_of_the_asker_are_joined(tmp_path: Path, *, hybrid: bool) -> None:
    cgroups, proc = tmp_path / "cgroup", tmp_path / "proc"
    folders = {"name=systemd": "systemd", "cpu,cpuacct": "cpu,cpuacct", "": "unified"} if hybrid else {"": ""}
    for pid, path in (("self", "/nursery"), (str(ASKER), ASKING)):
        (proc / pid).mkdir(parents=True)
        lines = [f"{number}:{name}:{path}\n" for number, name in enumerate(folders)]
        (proc / pid / "cgroup").write_text("".join([*lines, "9:cpuset:/\n"] if hybrid else lines))
    for folder in folders.values():
        (cgroups / folder / ASKING.lstrip("/")).mkdir(parents=True)
        (cgroups / folder / ASKING.lstrip("/") / "cgroup.procs").touch()
    if not hybrid:
        (cgroups / "cgroup.controllers").touch()
    sandbox.join(ASKER, proc=proc, cgroups=cgroups)
    for folder in folders.values():
        assert (cgroups / folder / ASKING.lstrip("/") / "cgroup.procs").read_text() == "0"


def test_the_environment_names_the_project_and_nothing_of_the_host() -> None:
    assert sandbox.environment(NAME) == {
        "HOME": "/home/user", "USER": NAME, "LOGNAME": NAME, "SHELL": "/bin/bash", "TERM": "dumb", "LANG": "C.UTF-8",
        "PATH": "/home/user/.local/bin:/home/user/bin:/usr/local/bin:/usr/bin:/bin",
    }  # fmt: skip


def _status(**odd: str) -> str:
    return "".join(f"{name}:\t{value}\n" for name, value in {"Name": "python", **CONFINED, **odd}.items())


def test_a_confined_process_goes_on() -> None:
    sandbox.check(_status())


@pytest.mark.parametrize(
    "odd",
    [
        {"CapInh": "0000000000000001"},
        {"CapPrm": "0000000000200000"},
        {"CapEff": "0000000000200000"},
        {"CapBnd": "000001ffffffffff"},
        {"CapAmb": "0000000000000001"},
        {"Groups": "0 "},
        {"NoNewPrivs": "0"},
        {"Seccomp": "0"},
    ],
)
def test_a_process_that_kept_something_does_not(odd: dict[str, str]) -> None:
    with pytest.raises(NotConfinedError):
        sandbox.check(_status(**odd))
