"""Each software that `compute__software` names on the instance under test, used inside a project.

Run by hand, since all of them together are gigabytes to download: docs/software.md says how, and when it was done last.
"""

from __future__ import annotations

import json
import shlex
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.deployment import ROOT, Deployment
from tests.instance.client import Client

KNOWN = yaml.safe_load((ROOT / "roles/compute/vars/software.yml").read_text())["__compute__software"]
CASES = [
    pytest.param(name, test, id=f"{name}-{number}")
    for name, software in KNOWN.items()
    for number, test in enumerate(software["tests"])
]
#: Runs code in a kernel as Jupyter does, and prints what the kernel answers.
RUN_IN_KERNEL = """\
import sys
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(startup_timeout=120, kernel_name=sys.argv[1])
def show(message):
    content = message["content"]
    print(content.get("text") or content.get("data") or content.get("evalue") or "", end="")
print(client.execute_interactive(sys.argv[2], timeout=240, output_hook=show)["content"]["status"])
client.stop_channels()
manager.shutdown_kernel(now=True)
"""


@pytest.fixture(scope="module")
def installed(deployment: Deployment) -> set[str]:
    return {
        name
        for host in deployment.groups["compute"]
        for name in deployment.variables[host].get("compute__software", [])
    }


@pytest.fixture(scope="module")
def client(deployment: Deployment) -> Iterator[Client]:
    client = Client(deployment.url, ssl.create_default_context(cafile=deployment.ca_file))
    client.create_account()
    yield client
    client.http.close()


@pytest.fixture(scope="module")
def project(deployment: Deployment, client: Client) -> Iterator[str]:
    administrator = Client(deployment.url, client.tls)
    administrator.call(
        "sign_in", email_address=deployment.administrator_email, password=deployment.administrator_password
    )
    project_id = str(client.call("create_project", title="Software")["project_id"])
    administrator.call("set_quotas", project_id=project_id, memory=3000)
    assert client.call("start_project", project_id=project_id, wait=60)["state"] == "running"
    administrator.http.close()
    yield project_id
    client.call("stop_project", project_id=project_id)


@pytest.mark.parametrize(("name", "test"), CASES)
def test_it_works_in_a_project(
    client: Client, project: str, installed: set[str], name: str, test: dict[str, Any]
) -> None:
    assert name in installed, f"compute__software of this instance does not name {name}"
    if "kernel" in test:
        python = "/opt/lyceum/jupyter/current/bin/python"
        command = shlex.join([python, "-I", "-c", RUN_IN_KERNEL, test["kernel"], test["code"]])
    else:
        command = test["command"]
    answer = client.run(project, command, timeout=500)
    assert test["answer"] in answer["stdout"], json.dumps(answer, indent=1)
    assert answer["exit_code"] == 0


def test_nobody_in_a_project_can_change_it(client: Client, project: str) -> None:
    places = (
        "/usr/bin/gp /usr/lib/R /opt/lyceum/jupyter/current /opt/lyceum/sage/current /usr/local/share/jupyter/kernels"
    )
    answer = client.run(project, f"for place in {places}; do test -w $place && echo $place; done; true")
    assert answer["stdout"] == ""


def test_a_virtual_environment_of_ones_own(client: Client, project: str) -> None:
    answer = client.run(
        project, "python3 -m venv own && own/bin/python -c 'import sys; print(sys.prefix)'", timeout=200
    )
    assert answer["stdout"] == "/home/user/own\n", answer
