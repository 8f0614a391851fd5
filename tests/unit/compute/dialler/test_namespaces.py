"""Whose network is entered: only that of a running project's own process."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from lyceum_compute.dialler import namespaces
from lyceum_compute.dialler.namespaces import sockets_in
from lyceum_compute.running import NoProjectError

NAME = "c2b6ca5e8f334b8ab1c64b1a5e0c2f11"
UNIT = f"lyceum-project@{NAME}.service"


class Machine:
    """A host's files, and the namespaces that were entered."""

    def __init__(self, folder: Path) -> None:
        self.cgroups, self.proc = folder / "cgroup", folder / "proc"
        self.group = self.cgroups / f"lyceum.slice/lyceum-projects.slice/lyceum-projects-{NAME}.slice" / UNIT
        self.entered: list[int] = []

    def add(self, *, uid: int = 200_001, unit: str = UNIT, namespace: str = "77/ns/own") -> None:
        (self.group).mkdir(parents=True)
        (self.cgroups / "cgroup.controllers").touch()
        (self.group / "cgroup.procs").write_text("77\n")
        for pid in ("1", "77"):
            (self.proc / pid / "ns").mkdir(parents=True)
        (self.proc / "1/ns/net").touch()
        (self.proc / "77/ns/own").touch()
        (self.proc / "77/ns/net").symlink_to(self.proc / namespace)
        (self.proc / "77/cgroup").write_text(f"0::/lyceum.slice/{unit}\n")
        (self.proc / "77/status").write_text(f"Name:\tcatatonit\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n")

    def enter(self, descriptor: int) -> None:
        self.entered.append(os.fstat(descriptor).st_ino)

    def sockets(self, name: str = NAME) -> list[socket.socket]:
        return sockets_in(name, cgroups=self.cgroups, proc=self.proc)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path)
    monkeypatch.setattr(namespaces, "_enter", machine.enter)
    return machine


def test_one_socket_of_each_family(machine: Machine) -> None:
    machine.add()
    made = machine.sockets()
    assert [sock.family for sock in made] == [socket.AF_INET, socket.AF_INET6]
    assert not any(sock.getblocking() for sock in made)
    for sock in made:
        sock.close()
    own = Path("/proc/thread-self/ns/net").stat().st_ino
    assert machine.entered == [(machine.proc / "77/ns/own").stat().st_ino, own]


@pytest.mark.parametrize(
    "odd",
    [
        {"uid": 0},
        {"uid": 999},
        {"unit": "lyceum-project@00000000000000000000000000000000.service"},
        {"unit": f"{UNIT}/below"},
        {"namespace": "1/ns/net"},
    ],
)
def test_processes_that_are_not_the_projects(machine: Machine, odd: dict[str, str]) -> None:
    machine.add(**odd)  # type: ignore[arg-type]
    with pytest.raises(NoProjectError):
        machine.sockets()
    assert machine.entered == []


def test_projects_that_do_not_run(machine: Machine) -> None:
    with pytest.raises(NoProjectError):
        machine.sockets()
    machine.add()
    (machine.group / "cgroup.procs").write_text("")
    with pytest.raises(NoProjectError):
        machine.sockets()
    (machine.group / "cgroup.procs").write_text("78\n")
    with pytest.raises(NoProjectError):
        machine.sockets()
    for name in ("", "../" * 10, NAME.upper(), f"{NAME}0"):
        with pytest.raises(NoProjectError):
            machine.sockets(name)
