"""What a deployment restarts, and what a compute host can do without: nobody who is connected notices."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from testinfra.host import Host

from tests.deployment import Deployment
from tests.instance.client import Client
from tests.instance.conftest import AtOrigin
from tests.instance.origins import PORT, Own, run_program
from tests.instance.test_ssh import Ssh, project, public, ssh  # noqa: F401 fixtures

pytestmark = pytest.mark.faults


Shell = subprocess.Popen[bytes]


def say(shell: Shell, line: str) -> str:
    """Type a line into a shell that somebody has open; return the line of its answer, empty if the shell is gone."""
    assert shell.stdin is not None
    assert shell.stdout is not None
    shell.stdin.write(f"{line}\n".encode())
    shell.stdin.flush()
    return shell.stdout.readline().decode().strip()


@contextmanager
def session(ssh: Ssh, project: str) -> Iterator[Shell]:  # noqa: F811
    command = ssh.command(project, "bash")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as shell:  # noqa: S603 OpenSSH's client
        assert say(shell, "echo $$").isdecimal()
        try:
            yield shell
        finally:
            shell.kill()


def worker(host: Host, unit: str) -> str:
    """Return the process that takes new connections."""
    return str(host.check_output(f"pgrep -P $(systemctl show -P MainPID {unit})"))


def test_an_ssh_session_outlives_restarts_on_its_way(
    deployment: Deployment,
    shared_client: Client,
    ssh: Ssh,  # noqa: F811
    project: str,  # noqa: F811
) -> None:
    edge = deployment.host(deployment.groups["edge"][0])
    compute = deployment.host(shared_client.project(project)["host"])
    with session(ssh, project) as before:
        shell, left = say(before, "echo $$"), []
        for host, unit in ((edge, "lyceum-ssh"), (compute, "lyceum-gateway")):
            old = worker(host, unit)
            host.check_output(f"systemctl restart {unit}")
            assert say(before, "echo $$") == shell
            assert worker(host, unit) != old
            assert host.run(f"kill -0 {old}").rc == 0
            left.append((host, old))
            assert ssh.out(project, "echo new") == "new"
        host.check_output("systemctl restart lyceum-gateway")
        assert say(before, "echo $$") == shell
    for host, old in left:
        assert host.run(f"timeout 30 sh -c 'while kill -0 {old}; do sleep 0.5; done'").rc == 0, "it does not end"


def test_who_is_removed_is_gone_from_the_gateway_before_too(
    deployment: Deployment,
    shared_client: Client,
    ssh: Ssh,  # noqa: F811
    project: str,  # noqa: F811
) -> None:
    (key,) = shared_client.call("list_ssh_keys")["ssh_keys"]
    compute = deployment.host(shared_client.project(project)["host"])
    with session(ssh, project) as before:
        compute.check_output("systemctl restart lyceum-gateway")
        assert say(before, "echo here") == "here"
        shared_client.call("delete_ssh_key", ssh_key_id=key["ssh_key_id"])
        try:
            before.wait(60)
        finally:
            shared_client.call("add_ssh_key", title="again", key=public(ssh.key))
    assert before.returncode == 255


@pytest.fixture
def own(shared_client: Client, project: str, at_origin: AtOrigin) -> Own:  # noqa: F811
    run_program(shared_client, project)
    return at_origin(shared_client, project).enter()


async def test_ports_are_reached_while_the_compute_daemon_is_away(
    deployment: Deployment,
    shared_client: Client,
    project: str,  # noqa: F811
    own: Own,
    at_origin: AtOrigin,
) -> None:
    compute = deployment.host(shared_client.project(project)["host"])
    async with own.connect(f"port/{PORT}/socket", origin=own.origin) as websocket:
        await asyncio.to_thread(compute.check_output, "systemctl stop lyceum-compute")
        try:
            await websocket.send(b"still here")
            assert await websocket.recv() == b"still here"
            assert own.get(f"port/{PORT}/x").json().get("target") == "/x", own.get(f"port/{PORT}/x").text
            late = at_origin(shared_client, project).enter()  # a new ticket, a new cookie, a new connection
            assert late.get(f"port/{PORT}/y").json()["target"] == "/y"
            async with late.connect(f"port/{PORT}/socket", origin=late.origin) as second:
                await second.send(b"new")
                assert await second.recv() == b"new"
            await asyncio.sleep(
                8
            )  # the hubs notice that the host is away, and what they remember of permissions is over
            last = own.get(f"port/{PORT}/z")
            assert last.json().get("target") == "/z", last.text
            await websocket.send(b"and now")
            assert await websocket.recv() == b"and now"
        finally:
            await asyncio.to_thread(compute.check_output, "systemctl start lyceum-compute")
    shared_client.until_running(project)
