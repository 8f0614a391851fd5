"""Running an attack in a project, and seeing that the daemons are as they were."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testinfra.host import Host

from tests.instance.client import Client

ATTACKS = Path(__file__).with_name("attacks")
#: MB by which a service may grow while it is attacked: what it reads ahead, not what is sent to it.
GROWTH = 100
LOOK = """
for unit in lyceum-compute lyceum-gateway lyceum-storage lyceum-hub@0 lyceum-hub@1 nginx haproxy; do
  pid=$(systemctl show --property=MainPID --value $unit)
  if [ "$pid" != 0 ]; then echo $unit $pid $(awk '/^VmRSS/ {print int($2 / 1000)}' /proc/$pid/status); fi
done"""


@dataclass
class Victim:
    """A project on the attacker's host, and what there is to know of it."""

    client: Client
    project: str
    machine: Host

    @property
    def name(self) -> str:
        return self.project.replace("-", "")

    @property
    def pids(self) -> list[int]:
        """Its processes, by their numbers on the host."""
        return [int(pid) for pid in self.machine.check_output("pgrep -u %s", self.name).split()]


def attack(client: Client, project: str, name: str, /, **given: Any) -> dict[str, Any]:
    """Run a program of ``attacks/`` in a project; gives what it found possible."""
    client.call(
        "write_text_file", project_id=project, path=f"attacks/{name}.py", content=(ATTACKS / f"{name}.py").read_text()
    )
    client.call("write_text_file", project_id=project, path="attacks/given.json", content=json.dumps(given))
    answer = client.run(project, f"python3 attacks/{name}.py", timeout=60)
    assert answer["exit_code"] == 0, answer["stderr"][-3000:]
    found: dict[str, Any] = json.loads(answer["stdout"])
    return found


def possible(found: dict[str, Any]) -> list[str]:
    """What an attack could do."""
    return sorted(name for name, outcome in found.items() if outcome == "possible")


@contextmanager
def unharmed(*machines: Host) -> Iterator[None]:
    """In the block, no service of the machines may end or grow beyond a bound, and afterwards all must run."""
    before = [_services(machine) for machine in machines]
    yield
    for machine, was in zip(machines, before, strict=True):
        now = _services(machine)
        assert {unit: pid for unit, (pid, _) in now.items()} == {unit: pid for unit, (pid, _) in was.items()}
        grown = {unit: size - was[unit][1] for unit, (_, size) in now.items() if size - was[unit][1] > GROWTH}
        assert grown == {}, "MB by which services grew"


def _services(machine: Host) -> dict[str, tuple[str, int]]:
    """Each service that runs, with its process and that process's memory in MB."""
    lines = [line.split() for line in machine.check_output(LOOK).splitlines()]
    return {unit: (pid, int(size)) for unit, pid, size in lines}
