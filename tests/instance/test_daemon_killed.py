"""The compute daemon is killed while it does something: what it was doing is done, and no project dies of it."""

from __future__ import annotations

import time

import pytest
from testinfra.host import Host

from tests.deployment import Deployment
from tests.instance.client import Client, Refused

pytestmark = [pytest.mark.faults, pytest.mark.thorough]


@pytest.fixture
def client(shared_client: Client) -> Client:
    return shared_client


def kill(host: Host) -> None:
    """Kill the daemon, and wait until another one is ready."""
    pid = "systemctl show -p MainPID --value lyceum-compute"
    host.check_output(
        f'old=$({pid}); kill -KILL $old; timeout 60 sh -c "until [ \\$({pid}) != $old ] &&'
        ' systemctl -q is-active lyceum-compute; do sleep 0.2; done"'
    )


def reaches(client: Client, project_id: str, state: str) -> bool:
    """Whether a project comes to a state, as the new daemon tells it."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            if client.call("get_usage", project_id=project_id)["usage"]["state"] == state:
                return client.project(project_id)["state"] == state
        except Refused as error:
            assert error.code == "unavailable", error
        time.sleep(0.5)
    return False


@pytest.mark.parametrize("pause", [0.0, 0.3])
@pytest.mark.parametrize("event", ["start_project", "restart_project", "stop_project"])
def test_what_was_begun_is_ended(
    deployment: Deployment, client: Client, project: str, event: str, pause: float
) -> None:
    if event == "start_project":
        client.call("stop_project", project_id=project, wait=60)
    host = deployment.host(client.project(project)["host"])
    client.call(event, project_id=project)
    time.sleep(pause)  # the daemon is to be killed at different moments: which, does not matter
    kill(host)
    assert reaches(client, project, "opened" if event == "stop_project" else "running"), client.project(project)
    client.call("start_project", project_id=project, wait=60)
    assert client.run(project, "echo well")["stdout"] == "well\n"


def test_every_process_of_a_running_project_goes_on(deployment: Deployment, client: Client, project: str) -> None:
    client.run(project, "nohup sleep 976 >/dev/null 2>&1 &")
    host = deployment.host(client.project(project)["host"])
    before = client.call("get_usage", project_id=project)["usage"]
    for _ in range(2):
        kill(host)
        assert reaches(client, project, "running")
    assert client.run(project, "pgrep -fxc 'sleep 976'")["stdout"].strip() == "1"
    after = client.call("get_usage", project_id=project)["usage"]
    assert after["started"] == before["started"]
    assert after["cpu_seconds"] >= before["cpu_seconds"]
