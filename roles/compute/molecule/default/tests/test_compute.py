"""What the compute daemon does on a real machine, called by a machine that plays the hub."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from testinfra.host import Host

from tests.deployment import Deployment

ONE = {"project_id": "11111111-8f33-4b8a-b1c6-4b1a5e0c2f11", "uid": 300001, "storage_host": "hub1"}
TWO = {"project_id": "22222222-8f33-4b8a-b1c6-4b1a5e0c2f22", "uid": 300002, "storage_host": "hub1"}
QUOTA = {"disk": 200, "memory": 300}
PLAYER = Path(__file__).parent.parent / "files/play_hub.py"
PYTHON = "/opt/lyceum/compute/current/bin/python"


class Instance:
    """The two machines, and what is asked of the daemon."""

    def __init__(self, deployment: Deployment) -> None:
        self.compute = deployment.host("compute1")
        self.hub = deployment.host("hub1")

    def play(self, *steps: dict[str, Any], service: str = "hub", machine: Host | None = None) -> list[Any]:
        host = machine or self.hub
        command = "printf %s | " + f"timeout 200 {PYTHON} -I /root/play_hub.py {service} compute1"
        return list(json.loads(host.check_output(command.replace("%s", "'%%s' %s", 1), json.dumps(steps))))

    def start(self, project: dict[str, Any], **quota: Any) -> dict[str, str]:
        arguments = {"project": {**project, "quota": {**QUOTA, **quota}}}
        steps = ({"call": "start", "arguments": arguments}, self.until(project, "running"))
        return dict(self.play(*steps)[-1])

    @staticmethod
    def until(project: dict[str, Any], *states: str) -> dict[str, Any]:
        return {"until": states, "project_id": project["project_id"]}

    @staticmethod
    def in_project(project: dict[str, Any], command: str) -> dict[str, Any]:
        arguments = {"command": command, "bash": True, "timeout": 100}
        return {"call": "exec", "arguments": {"project_id": project["project_id"], "arguments": arguments}}

    def run(self, project: dict[str, Any], command: str) -> dict[str, Any]:
        return dict(self.play(self.in_project(project, command))[0])


@pytest.fixture(scope="module")
def instance(deployment: Deployment) -> Instance:
    made = Instance(deployment)
    assert made.start(ONE)["state"] == "running"
    assert made.start(TWO)["state"] == "running"
    return made


def unit(project: dict[str, Any]) -> str:
    return f"lyceum-project@{project['project_id'].replace('-', '')}.service"


def slice_of(project: dict[str, Any]) -> str:
    return f"lyceum-projects-{project['project_id'].replace('-', '')}.slice"


def test_a_project_runs_as_its_own_user_without_any_right(instance: Instance) -> None:
    found = instance.run(ONE, "id -u; pwd; grep -E 'NoNewPrivs|CapBnd|CapEff' /proc/self/status")
    assert found["stdout"].split() == [
        *("300001", "/home/user", "CapEff:", "0000000000000000", "CapBnd:", "0000000000000000", "NoNewPrivs:", "1")
    ]


def test_a_project_sees_nothing_of_another(instance: Instance) -> None:
    instance.run(ONE, "echo secret > precious; python3 -m http.server -b 127.0.0.1 8000 & sleep 1000 &")
    other = ONE["project_id"]
    found = instance.run(
        TWO,
        f"cat /projects/{other}/home/precious; ls /projects /run/lyceum /etc/lyceum /sys/fs/cgroup;"
        " ps ax | grep -c '[s]leep 1000';"
        f" grep -r {other.replace('-', '')} /etc /proc/*/mountinfo /proc/*/cgroup 2>/dev/null;"
        " curl -sS http://127.0.0.1:8000/precious; ip route",
    )
    assert found["stdout"].split() == ["0"], found
    assert instance.run(ONE, "curl -sS http://127.0.0.1:8000/precious")["stdout"] == "secret\n"


def test_the_host_is_out_of_reach(instance: Instance) -> None:
    found = instance.run(
        ONE,
        "for f in /etc/x /usr/x /opt/lyceum/compute/x /home/x; do touch $f 2>/dev/null && echo wrote $f; done;"
        " unshare -U true 2>/dev/null && echo namespace; mount -t tmpfs x /tmp 2>/dev/null && echo mounted;"
        " (echo > /dev/tcp/10.163.0.11/22) 2>/dev/null && echo connected; sudo -n true 2>/dev/null && echo root; true",
    )
    assert found["stdout"] == ""


def test_memory_is_limited_and_the_project_lives_on(instance: Instance) -> None:
    found = instance.run(TWO, 'python3 -c "x = bytearray(600_000_000)"; echo $?')
    assert found["stdout"] == "137\n"
    assert instance.run(TWO, "echo alive")["stdout"] == "alive\n"
    told = instance.play({"call": "state", "arguments": {"project": {**TWO, "quota": QUOTA}}})[0]
    assert told["state"] == "running"


def test_disk_is_limited_and_no_subvolume_can_be_made(instance: Instance) -> None:
    found = instance.run(ONE, "head -c 300M /dev/urandom > big; rm big; echo room > small; cat small")
    assert "Disk quota exceeded" in found["stderr"]
    assert found["stdout"] == "room\n"
    found = instance.run(ONE, "btrfs subvolume create in")
    assert "Operation not permitted" in found["stderr"]


def test_terminals_are_its_own(instance: Instance) -> None:
    script = "import os\nn=0\ntry:\n  while True: os.openpty(); n+=1\nexcept OSError: print(n)"
    assert int(instance.run(ONE, f'python3 -c "{script}"')["stdout"]) <= 256
    assert instance.run(TWO, "python3 -c 'import os; os.openpty()'")["exit_code"] == 0


def test_many_projects_can_have_terminals_at_once(instance: Instance) -> None:
    """The kernel counts the terminals of all projects together; a dozen of them could leave none to others."""
    settings = instance.compute.check_output("systemd-analyze cat-config sysctl.d")
    assert "-kernel.pty.max = 1048576\n" in settings + "\n"


def test_changed_quotas_hold_at_once(instance: Instance) -> None:
    quota = {**QUOTA, "memory": 400, "cores": 2.0, "cpu_shares": 1024}
    arguments = {"project_id": TWO["project_id"], "quota": quota, "quota_revision": 1}
    answer = instance.play({"call": "set_quotas", "arguments": arguments})[0]
    assert answer["memory"] == 400
    show = "systemctl show --property=MemoryMax,MemorySwapMax,CPUQuotaPerSecUSec,CPUWeight %s"
    assert sorted(instance.compute.check_output(show, slice_of(TWO)).split()) == [
        *("CPUQuotaPerSecUSec=2s", "CPUWeight=100", "MemoryMax=400000000", "MemorySwapMax=0")
    ]


def test_a_full_host_refuses(instance: Instance) -> None:
    third = {"project_id": "33333333-8f33-4b8a-b1c6-4b1a5e0c2f33", "uid": 300003, "storage_host": "hub1"}
    arguments = {"project": {**third, "quota": {"memory": 9_000_000}}}
    assert instance.play({"call": "start", "arguments": arguments})[0]["error"]["code"] == "host_full"


def test_projects_live_through_the_death_of_the_daemon(instance: Instance) -> None:
    before = instance.run(ONE, "cat /proc/1/stat | cut -d' ' -f22")["stdout"]
    instance.compute.check_output("systemctl kill --signal=KILL lyceum-compute.service")
    instance.compute.check_output(
        "timeout 60 sh -c 'until systemctl is-active --quiet lyceum-compute.service; do sleep 1; done'"
    )
    assert instance.play(instance.until(ONE, "running"))[0] == {"state": "running", "detail": ""}
    assert instance.run(ONE, "cat /proc/1/stat | cut -d' ' -f22")["stdout"] == before


def test_a_project_that_dies_is_noticed_and_starts_again(instance: Instance) -> None:
    instance.compute.check_output("systemctl kill --signal=KILL %s", unit(ONE))
    told = instance.play(instance.until(ONE, "opened"))[0]
    assert "killed" in told["detail"]
    # Nor does it come back with what a late connection would start.
    for service in ("local-hub", "console", "jupyter", "ssh"):
        refused = instance.compute.run("systemctl start %s", unit(ONE).replace("project", service))
        assert "dependency" in refused.stderr, refused
    assert instance.compute.run("systemctl is-active %s", unit(ONE)).rc != 0
    assert instance.run(ONE, "true")["error"]["code"] == "not_running"
    assert instance.start(ONE)["state"] == "running"
    assert instance.run(ONE, "cat precious")["stdout"] == "secret\n"


def test_others_than_hubs_are_refused(instance: Instance) -> None:
    steps = [{"call": "host_status", "arguments": {}}]
    with instance.compute.sudo():
        instance.compute.check_output("printf '%%s' %s > /root/play_hub.py", PLAYER.read_text())
    answer = instance.play(*steps, service="gateway", machine=instance.compute)[0]
    assert answer["error"]["code"] == "unavailable"


def test_a_data_disk_that_holds_something_else_is_not_touched(instance: Instance) -> None:
    assert instance.compute.check_output("findmnt --noheadings --output FSTYPE /projects") == "btrfs"
    options = instance.compute.check_output("findmnt --noheadings --output OPTIONS /projects").split(",")
    assert {"noatime", "nosuid", "nodev"} <= set(options)


@pytest.mark.parametrize(("name", "most"), [("project", 1.5), ("compute", 5.5), ("gateway", 2.0)])
def test_units_are_confined(instance: Instance, name: str, most: float) -> None:
    wanted = unit(TWO) if name == "project" else f"lyceum-{name}.service"
    report = instance.compute.check_output("systemd-analyze security --no-pager %s | tail -1", wanted)
    found = re.search(r"level for \S+: ([0-9.]+) ", report)
    assert found is not None
    assert float(found[1]) <= most


def test_software_that_is_asked_for_is_there(instance: Instance) -> None:
    assert "274177" in instance.run(ONE, "echo 'factor(2^64+1)' | gp -q")["stdout"]


def test_a_flood_of_processes_ends_in_the_project(instance: Instance) -> None:
    assert instance.compute.check_output("systemctl show --property=TasksMax --value %s", slice_of(TWO)) == "2000"
    instance.run(TWO, "for i in $(seq 3000); do sleep 600 & done 2>/dev/null")
    assert int(instance.compute.check_output("pgrep --count --uid 300002")) <= 2000
    assert instance.run(ONE, "echo alive")["stdout"] == "alive\n"


def test_stopping_leaves_nothing_running(instance: Instance) -> None:
    arguments = {"project": {**TWO, "quota": QUOTA}}
    told = instance.play({"call": "stop", "arguments": arguments}, instance.until(TWO, "opened"))[-1]
    assert told["state"] == "opened"
    assert instance.compute.run("pgrep -u 300002").rc == 1
    assert instance.compute.check_output("mount").count(TWO["project_id"].replace("-", "")) == 0
    assert not instance.compute.file(f"/run/lyceum/projects/{TWO['project_id'].replace('-', '')}").exists
