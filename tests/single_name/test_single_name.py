"""An instance with a single name (no ``lyceum__project_domain``): what projects serve is on the instance's own origin.

Run by hand: tests/README.md says how. Every other test of ports is for an instance that has the domain.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.deployment import Deployment
from tests.instance.client import Client
from tests.instance.origins import PORT, run_program


@pytest.fixture(scope="module")
def client(deployment: Deployment) -> Iterator[Client]:
    assert deployment.project_domain == "", "this instance has a project domain"
    client = Client(deployment.url, ssl.create_default_context(cafile=deployment.ca_file))
    client.create_account()
    yield client
    client.http.close()


@pytest.fixture(scope="module")
def project(client: Client) -> Iterator[str]:
    project_id = client.running_project()
    run_program(client, project_id)
    yield project_id
    client.call("stop_project", project_id=project_id)


def test_a_port_is_at_the_instance_s_name(client: Client, project: str) -> None:
    told = client.http.get(f"/{project}/port/{PORT}/a?b=c").json()
    assert told["target"] == "/a?b=c"
    assert "lyceum_session" not in json.dumps(told)
    moved = client.http.get(f"/{project}/port/{PORT}/moved")
    assert moved.headers["Location"] == f"/{project}/port/{PORT}/elsewhere"


def test_a_program_s_cookies_stay_below_its_project(client: Client, project: str) -> None:
    cookies = client.http.get(f"/{project}/port/{PORT}/cookies").headers.get_list("set-cookie")
    (mine,) = [cookie for cookie in cookies if not cookie.startswith("lyceum_backend=hub")]
    assert mine.startswith("mine=1")
    assert f"path=/{project}/" in mine.lower()


def test_a_page_of_a_project_is_nobody_s(client: Client, project: str) -> None:
    client.call("write_text_file", project_id=project, path="page/index.html", content="<script>1</script>")
    answer = client.http.get(f"/{project}/raw/page/")
    assert (answer.status_code, answer.text) == (httpx.codes.OK, "<script>1</script>")
    policy = answer.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "allow-same-origin" not in policy


async def test_a_websocket(client: Client, project: str) -> None:
    there = urlsplit(client.url)
    cookies = "; ".join(f"{name}={value}" for name, value in client.http.cookies.items())
    address = f"wss://{there.netloc}/{project}/port/{PORT}/socket"
    own, foreign = {"Cookie": cookies}, "https://elsewhere.example"
    async with connect(address, ssl=client.tls, origin=client.url, additional_headers=own) as websocket:
        await websocket.send(b"hello")
        assert await websocket.recv() == b"hello"
    with pytest.raises(Exception, match="403"):
        await connect(address, ssl=client.tls, origin=foreign, additional_headers=own)


def test_jupyter(client: Client, project: str) -> None:
    answer = client.http.get(f"/{project}/port/jupyter/lab", timeout=120)
    assert (answer.status_code, "JupyterLab" in answer.text) == (httpx.codes.OK, True)
    kernels = client.http.get(f"/{project}/port/jupyter/api/kernelspecs").json()
    assert kernels["default"] == "python3"


def test_strangers_are_kept_out(client: Client, project: str) -> None:
    with httpx.Client(base_url=client.url, verify=client.tls) as stranger:
        for place in (f"port/{PORT}/", "raw/page/", "port/jupyter/lab"):
            assert stranger.get(f"/{project}/{place}").status_code == httpx.codes.UNAUTHORIZED
