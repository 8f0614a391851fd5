"""Who uses all that a project may have hurts nobody else, can sign in, sees why, and can clean up."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from testinfra.host import Host

from tests.deployment import Deployment
from tests.instance.client import Client, Refused

pytestmark = [pytest.mark.lab, pytest.mark.thorough]

#: It doubles until it is held, and again for each of its processes that is killed. One that is refused waits a moment:
#: this keeps the machine usable on which the tests themselves run.
FORK_BOMB = "perl -e 'while (1) { defined(fork) or select(undef, undef, undef, 0.5) }'"


@pytest.fixture(scope="module")
def boss(deployment: Deployment) -> Iterator[Client]:
    client = Client(deployment.url, ssl.create_default_context(cafile=deployment.ca_file))
    client.call("sign_in", email_address=deployment.administrator_email, password=deployment.administrator_password)
    yield client
    client.http.close()


@pytest.fixture
def client(shared_client: Client) -> Client:
    return shared_client


@pytest.fixture
def own(client: Client, boss: Client) -> Iterator[str]:
    """A running project with little of everything, so that a test soon has used it up."""
    project_id = str(client.call("create_project", title="Limits")["project_id"])
    boss.call("set_quotas", project_id=project_id, disk=60, memory=300)
    assert client.call("start_project", project_id=project_id, wait=60)["state"] == "running"
    yield project_id
    assert client.call("stop_project", project_id=project_id, wait=90)["state"] in {"opened", "saving"}


@pytest.fixture
def neighbour(client: Client, shared_project: str) -> Iterator[Callable[[], None]]:
    """Checks that another project answers as ever; once more in the end."""

    def check() -> None:
        begun = time.monotonic()
        assert client.run(shared_project, "echo here")["stdout"] == "here\n"
        assert time.monotonic() - begun < 30

    yield check
    check()


def until(true: Callable[[], Any], seconds: float = 60) -> None:
    """Wait for something that happens on the instance."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.3)


def usage(client: Client, project_id: str) -> tuple[dict[str, Any], dict[str, str]]:
    """What a project uses, and the advice by its quota."""
    answer = client.call("get_usage", project_id=project_id)
    return answer["usage"], {advice["quota"]: advice["message"] for advice in answer["advice"]}


def test_a_memory_hog_is_ended_and_told(client: Client, own: str, neighbour: Callable[[], None]) -> None:
    hog = client.run(own, "python3 -c 'a = bytearray(10**9)'")
    assert hog["exit_code"] != 0
    neighbour()
    used, advice = usage(client, own)
    assert used["memory_kills"] >= 1
    assert "memory limit of 300 MB was reached" in advice["memory"]
    until(lambda: "out of memory" in client.project(own)["state_detail"])
    assert client.run(own, "echo still here")["stdout"] == "still here\n"


def test_a_fork_bomb_stays_within_its_project(
    client: Client, own: str, boss: Client, neighbour: Callable[[], None]
) -> None:
    boss.call("set_quotas", project_id=own, memory=2000)
    client.run(own, f"({FORK_BOMB}) >/dev/null 2>&1 &")
    try:
        until(lambda: "tasks" in usage(client, own)[1])
        neighbour()
    except BaseException:
        client.call("stop_project", project_id=own)  # whatever went wrong, it does not go on
        raise
    client.call("kill_project", project_id=own)
    assert client.project(own)["state"] == "running"
    assert client.run(own, "echo clean")["stdout"] == "clean\n"
    until(lambda: usage(client, own)[0]["tasks"] < 20)


def test_a_project_at_its_task_limit_is_restarted(client: Client, own: str, boss: Client) -> None:
    boss.call("set_quotas", project_id=own, memory=2000)
    client.run(own, "for n in $(seq 2100); do sleep 600 & done >/dev/null 2>&1")
    used, advice = usage(client, own)
    assert used["tasks_peak"] >= used["tasks_limit"] - 50, used
    assert "restart it" in advice["tasks"]
    assert client.call("restart_project", project_id=own, wait=100)["state"] == "running"
    assert client.run(own, "pgrep -c sleep")["stdout"].strip() == "0"
    assert usage(client, own)[0]["tasks"] < 20


@pytest.mark.parametrize(
    "fill",
    [
        "head -c 150000000 /dev/urandom >big",
        'python3 -c \'import os; os.mkdir("d"); [open(f"d/{n}", "w").write("x" * 2000) for n in range(10**6)]\'',
    ],
    ids=["data", "inodes"],
)
def test_a_full_disk_is_told_and_can_be_emptied(
    client: Client, own: str, neighbour: Callable[[], None], fill: str
) -> None:
    filled = client.run(own, fill, timeout=120)
    assert "Disk quota exceeded" in filled["stderr"]
    neighbour()
    client.run(own, "sync")
    _, advice = usage(client, own)
    assert "Delete files" in advice["disk"]
    emptied = client.run(own, "rm -rf big d && echo written >small && cat small", timeout=120)
    assert emptied["stdout"] == "written\n", emptied


def _watching(project_id: str) -> str:
    return f"/run/lyceum-test-holds-{project_id}"


def _hold_copy(host: Host, project_id: str, caught: list[int]) -> None:
    """Halt the copy of a project as soon as it begins; notes 0 if it was caught within a minute."""
    # "[r]sync", lest the pattern stand in this command's own line
    look = f'touch {_watching(project_id)}; until pkill -STOP -f "[r]sync .*{project_id}"; do :; done'
    caught.append(host.run(f"timeout 60 sh -c '{look}'").rc)
    host.run(f"rm {_watching(project_id)}")


def test_a_full_project_deletes_and_writes_while_it_is_saved(client: Client, own: str, deployment: Deployment) -> None:
    """The snapshot that the copy is sent from holds what is deleted meanwhile."""
    client.run(own, "head -c 150000000 /dev/urandom >big; sync")
    host = deployment.host(client.project(own)["host"])
    caught: list[int] = []

    holding = threading.Thread(target=_hold_copy, args=(host, own, caught))
    holding.start()
    until(lambda: host.file(_watching(own)).exists)  # a copy may be over sooner than a command has come to the host
    saving = threading.Thread(target=client.call, args=("save_project",), kwargs={"project_id": own, "wait": 120})
    saving.start()
    try:
        holding.join(70)
        assert caught == [0], "the copy was not caught on its way"
        written = client.run(own, "rm big && head -c 40000000 /dev/urandom >second && sync && stat -c %s second")
        assert written["stdout"] == "40000000\n", written
    finally:
        host.run(f"pkill -CONT -f '[r]sync .*{own}'")
        saving.join(130)
    until(lambda: client.run(own, "head -c 30000000 /dev/zero >third; rm third")["exit_code"] == 0)
    beyond = client.run(own, "head -c 150000000 /dev/urandom >third; rm third")
    assert "Disk quota exceeded" in beyond["stderr"], "the limit is as before once the snapshot is gone"


def test_a_petabyte_of_nothing_is_not_sent(client: Client, own: str, neighbour: Callable[[], None]) -> None:
    """It took a turn of saving from all others of the host, for hours."""
    client.run(own, "truncate -s 1P sparse")
    refusal = client.post("save_project", project_id=own, wait=120)
    assert (refusal.status_code, refusal.json()["error"]["code"]) == (413, "too_large")
    neighbour()
    client.call("stop_project", project_id=own, wait=60)
    assert "could not be saved: a copy of the project would hold" in client.project(own)["state_detail"]
    assert client.call("start_project", project_id=own, wait=60)["state"] == "running"
    client.run(own, "rm sparse; echo clean >file")
    assert client.call("save_project", project_id=own, wait=120)["snapshot"]


def test_busy_loops_leave_others_their_time(client: Client, own: str, neighbour: Callable[[], None]) -> None:
    client.run(own, "for n in 1 2 3 4 5 6 7 8; do (while :; do :; done) & done >/dev/null 2>&1")
    neighbour()
    until(lambda: usage(client, own)[0]["cpu_seconds"] > 1)
    assert client.run(own, "echo me too")["stdout"] == "me too\n"
    assert usage(client, own)[0]["cores"] < 1.3


def test_an_idle_project_is_stopped_and_a_computation_is_not(client: Client, boss: Client) -> None:
    idle, busy = client.running_project("Idle"), client.running_project("Busy")
    try:
        client.run(busy, "(while :; do :; done) >/dev/null 2>&1 &")
        for project_id in (idle, busy):
            boss.call("set_quotas", project_id=project_id, idle_timeout=5)
        until(lambda: client.project(idle)["state"] == "opened", 90)
        assert "nothing was done for 5 seconds" in client.project(idle)["state_detail"]
        assert client.project(busy)["state"] == "running"
    finally:
        for project_id in (idle, busy):
            client.call("stop_project", project_id=project_id, wait=60)


def test_quotas_hold_at_once(client: Client, boss: Client, own: str) -> None:
    boss.call("set_quotas", project_id=own, memory=1500, disk=400)
    assert client.run(own, "python3 -c 'a = bytearray(7 * 10**8)'")["exit_code"] == 0
    assert client.run(own, "head -c 200000000 /dev/urandom >big; sync; rm big")["stderr"] == ""
    with pytest.raises(Refused, match="at most"):
        boss.call("set_quotas", project_id=own, memory=10**7)
