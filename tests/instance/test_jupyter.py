"""JupyterLab from outside, through the whole chain: edge, hub proxy, gateway, the project's own origin."""

from __future__ import annotations

import asyncio
import functools
import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import nbformat
import pytest
import websocket
from jupyter_server.gateway.gateway_client import GatewayClient
from jupyter_server.gateway.managers import GatewayKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.deployment import Deployment
from tests.instance.client import Client
from tests.instance.conftest import ClientMaker

pytestmark = pytest.mark.lab

#: Seconds for Jupyter and a kernel to start on a machine that does much else, and for one cell.
PATIENCE = 120


class Jupyter:
    """A project's Jupyter, reached by a program with an API key. Its name leads to the instance, whoever resolves it."""

    def __init__(self, client: Client, project: str, domain: str) -> None:
        self.key = client.call("create_api_key", name="notebooks")["api_key"]
        self.client, self.project = client, project
        self.host = f"{project}.{domain}"
        self.url = f"https://{self.host}:{urlsplit(client.url).port or 443}/{project}/port/jupyter"
        self.headers = {"Authorization": f"Bearer {self.key}"}

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(
            f"{self.url}{path}", headers={**self.headers, **headers}, verify=self.client.tls, timeout=PATIENCE
        )


@pytest.fixture(scope="module")
def resolved(deployment: Deployment) -> Iterator[None]:
    """Let the names of projects lead where the instance is, though no resolver knows them."""
    known, where = socket.getaddrinfo, urlsplit(deployment.url).hostname

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        return known(where if str(name).endswith(deployment.project_domain) else host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield


@pytest.fixture(scope="module")
def jupyter(resolved: None, deployment: Deployment, shared_client: Client, shared_project: str) -> Jupyter:  # noqa: ARG001
    return Jupyter(shared_client, shared_project, deployment.project_domain)


@pytest.fixture
def kernels(jupyter: Jupyter, deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let Jupyter's own client for kernels elsewhere reach the project's."""
    GatewayClient.clear_instance()
    gateway = GatewayClient.instance()
    gateway.url, gateway.auth_scheme, gateway.auth_token = jupyter.url, "Bearer", jupyter.key
    gateway.ca_certs, gateway.request_timeout = str(deployment.ca_file), PATIENCE
    gateway.init_connection_args()
    gateway._connection_args["ca_certs"] = gateway.ca_certs  # left out where there is no client's certificate
    connect = functools.partial(websocket.create_connection, header=jupyter.headers)  # it sends none of its own
    monkeypatch.setattr(websocket, "create_connection", connect)
    yield
    GatewayClient.clear_instance()


async def run(*cells: str) -> nbformat.NotebookNode:
    """Run a notebook of these cells, and give it back with its outputs."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    await NotebookClient(
        notebook, km=GatewayKernelManager(), timeout=PATIENCE, startup_timeout=PATIENCE
    ).async_execute()
    nbformat.validate(notebook)
    return notebook


@pytest.mark.usefixtures("kernels")
async def test_a_notebook_runs() -> None:
    notebook = await run(
        "import os, numpy as np, pandas as pd\nfrom scipy import optimize\nimport sympy, matplotlib.pyplot as plt\nos.getcwd()",
        "x = np.linspace(0, 2, 201)\nroot = optimize.brentq(lambda t: t**2 - 2, 0, 2)\nprint(f'{root:.6f}')",
        "pd.DataFrame({'x': x, 'y': x**2}).tail(1)",
        "plt.plot(x, x**2); plt.show()",
        "sympy.integrate(sympy.Symbol('t')**2)",
    )
    outputs = [cell.outputs for cell in notebook.cells]
    assert outputs[0][-1].data["text/plain"] == "'/home/user'"
    assert outputs[1][0].text == "1.414214\n"
    assert "<table" in outputs[2][0].data["text/html"]
    assert "image/png" in outputs[3][0].data
    assert "t^{3}" in outputs[4][0].data["text/latex"]


@pytest.mark.usefixtures("kernels")
async def test_a_mistake_in_a_cell_is_told() -> None:
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        await run("1/0")


def test_nothing_runs_before_the_first_visit(client: Client, deployment: Deployment) -> None:
    project = client.running_project()
    unit = f"lyceum-jupyter@{project.replace('-', '')}.service"
    host = deployment.host(client.project(project)["host"])
    assert host.run("systemctl is-active %s", unit).stdout.strip() == "inactive"
    client.call("stop_project", project_id=project)


def test_people_are_named(
    jupyter: Jupyter, deployment: Deployment, shared_client: Client, new_client: ClientMaker
) -> None:
    friend = new_client()
    account = friend.create_account("Zoë", "Łukasz")
    shared_client.call("invite_collaborator", project_id=jupyter.project, account_id=account)
    theirs = Jupyter(friend, jupyter.project, deployment.project_domain).get("/api/me").json()["identity"]
    assert (theirs["username"], theirs["display_name"], theirs["initials"]) == (account, "Zoë Łukasz", "ZŁ")
    assert jupyter.get("/api/me").json()["identity"]["display_name"] == "Ada Example"
    forged = jupyter.get("/api/me", **{"X-Lyceum-Name": "Somebody", "X-Lyceum-Account": account})
    assert forged.json()["identity"]["display_name"] == "Ada Example"


def test_who_may_not(jupyter: Jupyter, deployment: Deployment, new_client: ClientMaker) -> None:
    stranger = new_client()
    stranger.create_account("Eve")
    assert Jupyter(stranger, jupyter.project, deployment.project_domain).get("/api/me").status_code in (403, 404)
    nobody = httpx.get(f"{jupyter.url}/api/me", verify=jupyter.client.tls, timeout=PATIENCE)
    assert nobody.status_code == httpx.codes.UNAUTHORIZED
    assert jupyter.get("/api/kernels", Origin="https://elsewhere.example").status_code == httpx.codes.FORBIDDEN


def test_what_lyceum_does_itself_is_not_there_twice(jupyter: Jupyter) -> None:
    page = jupyter.get("/lab").text
    settings = json.loads(page.partition('type="application/json">')[2].partition("</script>")[0])
    assert settings["terminalsAvailable"] is False
    assert settings["token"] == ""
    assert settings["baseUrl"] == f"/{jupyter.project}/port/jupyter/"
    assert "https://" not in json.dumps(settings)
    assert jupyter.get("/api/terminals").status_code == httpx.codes.NOT_FOUND


async def test_it_starts_again_after_its_end(jupyter: Jupyter, deployment: Deployment, shared_client: Client) -> None:
    unit = f"lyceum-jupyter@{jupyter.project.replace('-', '')}.service"
    host = deployment.host(shared_client.project(jupyter.project)["host"])
    assert jupyter.get("/api/me").status_code == httpx.codes.OK
    host.check_output("systemctl kill --signal=KILL %s", unit)
    async with asyncio.timeout(PATIENCE):
        assert (await asyncio.to_thread(jupyter.get, "/api/me")).status_code == httpx.codes.OK
