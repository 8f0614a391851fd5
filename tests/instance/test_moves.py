"""Projects that move between real compute hosts, while parts of the instance fall."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.deployment import Deployment
from tests.instance.client import Client, Refused

pytestmark = [pytest.mark.faults, pytest.mark.several]

#: What is easily lost on the way: links, kinds of files, times, attributes, holes, names that are no text.
FURNISH = r"""
set -e
mkdir -p deep/er && echo text > deep/er/file && ln deep/er/file second && ln -s deep/er link && ln -s /nowhere broken
mkfifo pipe && python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("sock")'
touch "$(printf 'caf\351 \n')" && truncate -s 1G sparse && printf data | dd of=sparse seek=12345 conv=notrunc status=none
head -c 30M /dev/urandom > random && head -c 5M /dev/zero > zeros && printf '' > empty && chmod 751 empty && chmod 400 second
python3 -c 'import os; os.setxattr("random", "user.note", b"a\0b")' && touch -d @1.123456789 random && touch -h -d @2 link
mkdir -p locked .cache .trash && touch locked/in .cache/c .trash/t && chmod 500 locked
"""
LOOK = r"""
find . \( -path ./.cache -o -path ./.trash \) -prune -o -printf '%P %y %m %n %T@ %l\n' | sort
sha256sum random zeros deep/er/file; stat -c '%n %s' sparse random; dd if=sparse skip=12345 count=1 status=none
python3 -c 'import os; print(os.getxattr("random", "user.note"))'
"""


@dataclass
class Cluster:
    """The instance, its administrator, and how its compute hosts are marked."""

    deployment: Deployment
    administrator: Client

    def on(self, host: str, command: str) -> str:
        return str(self.deployment.host(host).check_output(command))

    def status(self, host: str) -> dict[str, Any]:
        hosts = self.administrator.call("get_hosts")["hosts"]
        return dict(next(one["status"] for one in hosts if one["host"] == host))

    @contextmanager
    def draining(self, host: str) -> Iterator[None]:
        self.administrator.call("set_draining", host=host, draining=True)
        try:
            yield
        finally:
            self.administrator.call("set_draining", host=host, draining=False)


@pytest.fixture
def cluster(deployment: Deployment, administrator: Client) -> Cluster:
    return Cluster(deployment, administrator)


def until(true: Callable[[], bool], what: str, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.5)


def other_than(cluster: Cluster, host: str) -> str:
    return next(name for name in cluster.deployment.groups["compute"] if name != host)


def resting(client: Client) -> tuple[str, str, str]:
    """Return a project that was worked in and rests, its host, and what is in it."""
    project = str(client.call("create_project", title="Moving")["project_id"])
    until(lambda: started(client, project), "it does not start")  # a host that fell may not have been found again
    furnished = client.run(project, FURNISH, timeout=120)
    assert furnished["exit_code"] == 0, furnished
    found = look(client, project)
    client.call("stop_project", project_id=project, wait=120)
    row = client.project(project)
    assert row["state"] == "opened", row
    return project, row["host"], found


def look(client: Client, project: str) -> str:
    found = client.run(project, LOOK, timeout=120)
    assert found["exit_code"] == 0, found
    return str(found["stdout"])


def disk_of(client: Client, project: str) -> float:
    return float(client.call("get_usage", project_id=project)["usage"]["disk"])


def count(cluster: Cluster, host: str, *paths: str) -> int:
    return int(cluster.on(host, f"ls -d {' '.join(paths)} 2>/dev/null | wc -l"))


def test_a_host_that_drains_is_emptied_and_nothing_is_lost(client: Client, cluster: Cluster) -> None:
    project, host, before = resting(client)
    other = other_than(cluster, host)
    with cluster.draining(host):
        until(lambda: client.project(project)["host"] == other, "it did not move")
        until(lambda: client.project(project)["state"] == "opened", "it did not open")
        assert client.call("start_project", project_id=project, wait=120)["state"] == "running"
    assert look(client, project) == before
    assert count(cluster, host, f"/projects/{project}") == 0
    assert cluster.on(host, f"cat /projects/.aside/{project}.*/home/.trash/t; echo kept") == "kept"
    assert cluster.on(host, f"grep -c {project.replace('-', '')} /etc/passwd || true") == "0"
    client.call("stop_project", project_id=project, wait=120)
    with cluster.draining(other):
        until(lambda: client.project(project)["host"] == host, "it did not move back")
    assert client.call("start_project", project_id=project, wait=120)["state"] == "running"
    assert look(client, project) == before
    until(lambda: disk_of(client, project) > 30, "what came back does not count")
    assert disk_of(client, project) < 60, "what is aside counts against the quota"


def test_a_running_project_stays_until_it_stops(client: Client, cluster: Cluster, project: str) -> None:
    host = client.project(project)["host"]
    other = other_than(cluster, host)
    with cluster.draining(other):
        resting_too, beside, _ = resting(client)
    assert beside == host
    client.run(project, "nohup sleep 977 >/dev/null 2>&1 &")
    with cluster.draining(host):
        until(lambda: client.project(resting_too)["host"] == other, "what rests did not move")
        assert client.run(project, "pgrep -f 'sleep 977' >/dev/null && echo well")["stdout"] == "well\n"
        assert client.project(project)["host"] == host


def test_files_that_differ_from_their_copy_do_not_move(client: Client, cluster: Cluster) -> None:
    project, host, before = resting(client)
    (storage,) = cluster.deployment.groups["storage"]
    snapshots = f"/storage/snapshots/{project}"
    latest = cluster.on(storage, f"ls {snapshots} | tail -1")
    damage = f"printf X | dd of={snapshots}/{latest}/home/random conv=notrunc status=none"
    cluster.on(storage, f"btrfs property set -f {snapshots}/{latest} ro false && {damage}")
    with cluster.draining(host):
        answer = client.call("start_project", project_id=project, wait=120)
    assert (answer["state"], "not the same" in answer["state_detail"]) == ("opened", True), answer
    assert client.project(project)["host"] == host
    assert count(cluster, other_than(cluster, host), f"/projects/{project}") == 0
    assert client.call("start_project", project_id=project, wait=120)["state"] == "running"
    assert look(client, project) == before


def test_a_project_goes_to_no_host_that_takes_none(client: Client, cluster: Cluster) -> None:
    project, host, _ = resting(client)
    other = other_than(cluster, host)
    with cluster.draining(host), cluster.draining(other):
        with pytest.raises(Refused) as refused:
            client.call("start_project", project_id=project, wait=30)
        assert refused.value.code == "host_full"
        assert client.project(project)["host"] == host


FALLS = {
    "storage": ("storage", "systemctl stop lyceum-storage.service", "systemctl start lyceum-storage.service"),
    "old daemon": ("old", "systemctl kill --signal=KILL lyceum-compute.service", "true"),
    "new daemon": ("new", "systemctl kill --signal=KILL lyceum-compute.service", "true"),
    "full disk": (
        "new",
        "fallocate -l $(($(stat -f -c '%a*%S' /projects) - 20000000)) /projects/ballast; sync",
        "rm -f /projects/ballast; sync",
    ),
    "hubs": ("hub", "systemctl kill --signal=KILL 'lyceum-hub@*.service'", "true"),
}


#: When which falls after the move began. Hubs once: another one goes on when the lease of those that are gone is over.
CASES = [(falling, moment) for falling in FALLS for moment in (0.0, 0.5, 1.5) if falling != "hubs"] + [("hubs", 0.5)]


@pytest.mark.thorough
@pytest.mark.parametrize(("falling", "moment"), CASES)
def test_whatever_falls_the_project_is_whole_and_moves_afterwards(
    client: Client, cluster: Cluster, falling: str, moment: float
) -> None:
    project, host, before = resting(client)
    other = other_than(cluster, host)
    where, breaks, mends = FALLS[falling]
    groups = cluster.deployment.groups
    machines = {"old": [host], "new": [other], "storage": groups["storage"], "hub": groups["hub"]}[where]
    with cluster.draining(host):
        with suppress(Refused):  # the hubs may not have found the other host again since it fell the last time
            client.call("start_project", project_id=project)
        time.sleep(moment)  # it is to fall at different moments of the move: which, does not matter
        for machine in machines:
            cluster.on(machine, breaks)
        time.sleep(3)
        for machine in machines:
            cluster.on(machine, mends)
        until(lambda: started(client, project), "it does not start any more", 240)
    assert client.project(project)["host"] == other
    assert look(client, project) == before


def started(client: Client, project: str) -> bool:
    """Ask for a start as a person would, again and again; whether it runs."""
    try:
        return bool(client.call("start_project", project_id=project, wait=20)["state"] == "running")
    except (Refused, httpx.HTTPError, ValueError):  # nobody there, or not yet
        return False
