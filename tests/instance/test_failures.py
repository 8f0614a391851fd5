"""Parts of the instance fall, one at a time, and people go on working. These tests run alone: they stop services."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.deployment import Deployment
from tests.instance.client import Client
from tests.instance.conftest import ClientMaker

pytestmark = pytest.mark.faults


@pytest.fixture
def client(shared_client: Client) -> Client:
    return shared_client


@contextmanager
def stopped(deployment: Deployment, host: str, unit: str) -> Iterator[None]:
    """A unit (or a pattern of units) that is stopped for a while."""
    machine = deployment.host(host)
    names = machine.check_output(
        f"systemctl list-units --plain --no-legend --state=active '{unit}' | cut -d' ' -f1"
    ).split()
    assert names, f"{host} runs no {unit}"
    machine.check_output(f"systemctl stop {' '.join(names)}")
    try:
        yield
    finally:
        machine.check_output(f"systemctl start {' '.join(names)}")


def hub_parts(deployment: Deployment) -> list[tuple[str, str]]:
    """Parts of the hub layer that must be able to fall alone: a whole host where there are several, else a process."""
    hosts = deployment.groups["hub"]
    if len(hosts) > 1:
        return [(host, "lyceum-hub@*") for host in hosts]
    return [(hosts[0], f"lyceum-hub@{cookie.rpartition('-')[2]}.service") for cookie in deployment.hub_cookies()]


def test_part_of_the_hubs_is_enough(
    deployment: Deployment, client: Client, new_client: ClientMaker, project: str
) -> None:
    parts = hub_parts(deployment)
    assert len(parts) > 1, "one hub alone cannot be two"
    for host, unit in parts:
        with stopped(deployment, host, unit):
            text = f"without {host} {unit}"
            client.call("write_text_file", project_id=project, path="a.txt", content=text)
            assert client.call("read_text_file", project_id=project, path="a.txt")["content"] == text
            client.call("save_project", project_id=project, wait=150)
        until_every_hub_serves(deployment, new_client)


def test_a_hub_killed_in_the_middle_of_a_call_loses_nothing(
    deployment: Deployment, client: Client, new_client: ClientMaker, project: str
) -> None:
    """The call in flight fails or succeeds, cleanly; the project and what was written before stay; the next call works."""
    cookie = deployment.hub_cookies()[0]
    victim = new_client(backend=cookie)
    victim.share_session(client)
    victim.call("write_text_file", project_id=project, path="before.txt", content="kept")
    outcome: list[httpx.Response | httpx.HTTPError] = []

    def long_call() -> None:
        try:
            outcome.append(victim.post("project_exec", project_id=project, command="sleep", args=["20"]))
        except httpx.HTTPError as error:
            outcome.append(error)

    thread = threading.Thread(target=long_call)
    thread.start()
    client.run(project, "until pgrep -fx 'sleep 20'; do sleep 0.1; done")
    host, _, instance = cookie.rpartition("-")
    deployment.host(host).check_output(f"systemctl kill --signal=KILL lyceum-hub@{instance}")
    thread.join(60)
    (answer,) = outcome
    if isinstance(answer, httpx.Response):
        assert answer.status_code in {502, 503}
        assert set(answer.json()["error"]) == {"code", "message"}
    assert client.call("read_text_file", project_id=project, path="before.txt")["content"] == "kept"
    assert client.project(project)["state"] == "running"


def test_the_compute_daemon_may_die_without_a_project_noticing(
    deployment: Deployment, client: Client, project: str
) -> None:
    host = client.project(project)["host"]
    client.run(project, "nohup sleep 987 >/dev/null 2>&1 &")
    machine = deployment.host(host)
    machine.check_output("systemctl kill --signal=KILL lyceum-compute")
    machine.check_output("systemctl restart lyceum-compute")
    client.until_running(project)
    assert client.run(project, "pgrep -fxc 'sleep 987'")["stdout"].strip() == "1"


def test_without_the_database_the_instance_says_so_and_comes_back(
    deployment: Deployment, client: Client, new_client: ClientMaker
) -> None:
    database = deployment.groups["database"][0]
    with stopped(deployment, database, "postgresql@*"):
        response = client.post("get_projects")
        assert response.status_code == 503
        assert set(response.json()["error"]) >= {"code", "message"}
    until_every_hub_serves(deployment, new_client)
    assert client.call("get_account")["email_address"] == client.email_address


@pytest.fixture(autouse=True)
def everything_is_back(deployment: Deployment, new_client: ClientMaker) -> Iterator[None]:
    """After each test the load balancer sees every hub again, so that no test inherits another's fault."""
    yield
    for cookie in deployment.hub_cookies():
        host, _, instance = cookie.rpartition("-")
        unit = f"lyceum-hub@{instance}"
        deployment.host(host).check_output(f"systemctl is-active {unit} || systemctl start {unit}")
    until_every_hub_serves(deployment, new_client)


def until_every_hub_serves(deployment: Deployment, new_client: ClientMaker) -> None:
    """Wait until the load balancer sends each to the hub that they ask for: else it gives them another one's cookie."""
    deadline = time.monotonic() + 90
    pause = threading.Event()
    for cookie in deployment.hub_cookies():
        http = new_client(backend=cookie).http
        while True:
            response = http.get("/api/v1/openapi.json", headers={"Cookie": f"lyceum_backend={cookie}"})
            if response.status_code == httpx.codes.OK and "lyceum_backend" not in response.cookies:
                break
            assert time.monotonic() < deadline, f"the hub {cookie} does not come back: {response.status_code}"
            pause.wait(0.2)
