"""Programs that try, as a project's user, to get at another project, at the host and at its kernel."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

import pytest

from tests.deployment import Deployment
from tests.instance.attacker import ATTACKS, Victim, attack, possible, unharmed
from tests.instance.client import Client, refused

pytestmark = [pytest.mark.lab, pytest.mark.thorough]

SECRET = "the neighbour's secret"
KEY, QUEUE = 0x4C594345, "/lyceum-neighbour"
#: What the victim leaves open: memory by key, a message queue, shared memory, an abstract socket, a port.
OPEN = f"""
import ctypes, os, socket, time
libc = ctypes.CDLL(None, use_errno=True)
assert libc.shmget({KEY}, 4096, 0o1666) >= 0
assert libc.mq_open({QUEUE.encode()!r}, os.O_RDWR | os.O_CREAT, 0o666, None) >= 0
os.close(os.open("/dev/shm{QUEUE}", os.O_CREAT | os.O_RDWR, 0o666))
abstract = socket.socket(socket.AF_UNIX)
abstract.bind("\\0neighbour")
abstract.listen()
port = socket.create_server(("127.0.0.1", 45678))
open("open", "w").close()
time.sleep(3600)
"""


@pytest.fixture(scope="module")
def victim(deployment: Deployment, shared_client: Client, shared_project: str) -> Iterator[Victim]:
    """Another person's project on the same host."""
    host = shared_client.project(shared_project)["host"]
    made = []
    for _ in range(6):
        made.append(shared_client.running_project("Neighbour"))
        if shared_client.project(made[-1])["host"] == host:
            break
    else:
        raise AssertionError(f"none of {len(made)} projects came to {host}")
    project = made[-1]
    shared_client.call("write_text_file", project_id=project, path="secret.txt", content=SECRET)
    script = f"nohup python3 -c {shlex.quote(OPEN)} >log 2>&1 & until test -e open; do sleep 0.05; done"
    assert shared_client.run(project, script, timeout=20)["exit_code"] == 0
    yield Victim(shared_client, project, deployment.host(host))
    for each in made:
        shared_client.call("stop_project", project_id=each)


def test_another_project_and_the_hosts_services(shared_project: str, victim: Victim) -> None:
    """Read, list, write, signal, trace, connect: with every name, number, socket and port that there is."""
    machine = victim.machine
    sockets = machine.check_output("ss --no-header --listening --unix | awk '{print $5}'").split()
    ports = machine.check_output("ss --no-header --listening --tcp --numeric | awk '{print $4}'").split()
    given = {
        "id": victim.project,
        "name": victim.name,
        "uid": int(machine.check_output("id --user %s", victim.name)),
        "pids": [
            1,
            int(machine.check_output("systemctl show --property=MainPID --value lyceum-compute")),
            *victim.pids,
        ],
        "paths": [path for path in sockets if path.startswith("/")],
        "abstract": [path[1:].encode().hex() for path in sockets if path.startswith("@")] + [b"neighbour".hex()],
        "ports": sorted({int(port.rpartition(":")[2]) for port in ports} | {45678}),
        "address": machine.check_output("hostname --ip-address").split()[0],
        "key": KEY,
        "queue": QUEUE,
    }
    assert len(given["paths"]) > 5
    with unharmed(machine):
        found = attack(victim.client, shared_project, "neighbours", **given)
    # Its own processes have numbers too, and number 1 is one of them: these are not the host's.
    own = {
        "list /proc/1/root",
        *(
            f"{what} {pid}"
            for pid in given["pids"]
            for what in ("signal", "hold", "enter", "trace", "memory")
            if pid < 100
        ),
    }
    assert set(possible(found)) <= own
    assert found["tells of others"] == []
    assert found["seen"] <= found["alive"] < 20  # its own, the threads of these among them


def test_the_kernel(shared_client: Client, shared_project: str, victim: Victim) -> None:
    with unharmed(victim.machine):
        found = attack(shared_client, shared_project, "kernel")
    assert possible(found) == []
    assert found["kernel settings open to be written"] == []
    assert found["/sys"] == []
    assert found["families"] == []
    assert found["core dumped"] is False
    assert set(found["devices"]) <= {
        "char", "core", "fd", "full", "hugepages", "log", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin",
        "stdout", "tty", "urandom", "zero",
    }  # fmt: skip


def test_the_quota_of_the_disk_has_no_way_around_it(shared_client: Client, shared_project: str, victim: Victim) -> None:
    """A subvolume of the project's own making could count in no quota group, or use up the neighbour's."""
    uid = int(victim.machine.check_output("id --user %s", victim.name))
    found = attack(shared_client, shared_project, "disk", uid=uid)
    assert possible(found) == []
    assert found["subvolumes"] == []
    assert found["clone"] is True  # as cp does it


def test_the_host(shared_client: Client, shared_project: str, victim: Victim) -> None:
    with unharmed(victim.machine):
        found = attack(shared_client, shared_project, "host")
    assert possible(found) == []
    assert found["programs with setuid"] > 3
    assert found["gain by it"] == []
    assert found["left in /tmp"] == []
    user = shared_project.replace("-", "")
    assert user not in victim.machine.check_output("loginctl --no-legend list-users")
    cgroups = victim.machine.check_output(f"pgrep -u {user} | xargs -I@ cat /proc/@/cgroup 2>/dev/null; true")
    outside = [
        line
        for line in cgroups.splitlines()
        if ("name=systemd" in line or line.startswith("0::")) and f"/lyceum-projects-{user}.slice/" not in line
    ]
    assert [line for line in outside if "/" in line and not line.endswith(":/")] == []


def test_all_signals_to_everybody_end_nobody_else(shared_client: Client, shared_project: str, victim: Victim) -> None:
    before = victim.pids
    with unharmed(victim.machine):
        with refused(503, "unavailable"):  # it has ended the program that was to answer
            shared_client.run(shared_project, "kill -KILL -1", timeout=10)
        assert shared_client.run(shared_project, "echo here")["stdout"] == "here\n"
        shared_client.run(shared_project, "nohup sh -c 'sleep 0.3; kill -STOP -1' >/dev/null 2>&1 &", timeout=10)
        assert shared_client.call("restart_project", project_id=shared_project, wait=60)["state"] == "running"
        assert set(before) <= set(victim.pids)
    assert shared_client.run(shared_project, "echo here")["stdout"] == "here\n"


def test_links_lead_nowhere(shared_client: Client, shared_project: str, victim: Victim) -> None:
    """The files that people see, and what is saved, are those inside: a link is followed there or not at all."""
    targets = (
        f"/projects/{victim.project}/home/secret.txt",
        "/etc/shadow",
        "/etc/lyceum/pki/compute.key",
        "/proc/1/environ",
    )
    script = "".join(f"ln -sfn {target} link{number}; " for number, target in enumerate(targets))
    shared_client.run(shared_project, f"{script} ln -sfn /projects folder; ln -sfn /etc etc; mkdir -p real")
    for number in range(len(targets) - 1):
        response = shared_client.post("read_text_file", project_id=shared_project, path=f"link{number}")
        assert response.status_code in {403, 404}, response.text
    listing = shared_client.post("list_directory", project_id=shared_project, path="folder")
    assert listing.status_code in {403, 404}, listing.text
    with refused(403, "forbidden"):
        shared_client.call("write_text_file", project_id=shared_project, path="etc/me", content="x")
    names = shared_client.run(shared_project, "getent passwd | cut -d: -f1")["stdout"].split()
    assert victim.name not in names


def test_ten_thousand_terminals(shared_client: Client, shared_project: str, victim: Victim) -> None:
    """One project gets a few hundred at most; its neighbour still gets one, and so does the host."""
    program = (ATTACKS / "terminals.py").read_text()
    shared_client.call("write_text_file", project_id=shared_project, path="terminals.py", content=program)
    with unharmed(victim.machine):
        script = "rm -f said; mkfifo hold; (sleep 300 > hold &) ; nohup python3 terminals.py < hold > said 2>&1 & until test -s said; do sleep 0.05; done; cat said"
        found = json.loads(shared_client.run(shared_project, script, timeout=30)["stdout"])
        assert found["opened"] <= 256
        assert found["why"]
        script = "python3 -c 'import os; print(os.openpty())'"
        assert victim.client.run(victim.project, script)["exit_code"] == 0
        assert victim.machine.run("script --quiet --command true /dev/null").rc == 0
        shared_client.run(shared_project, "pkill -f terminals.py; pkill sleep; rm -f hold")
