"""Fixtures of the tests that look at an instance from outside."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator

import pytest

from tests.deployment import Deployment
from tests.instance.client import Client
from tests.instance.origins import Own

ClientMaker = Callable[..., Client]
AtOrigin = Callable[..., Own]


@pytest.fixture
def tls(deployment: Deployment) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=deployment.ca_file)


@pytest.fixture
def new_client(deployment: Deployment, tls: ssl.SSLContext) -> Iterator[ClientMaker]:
    """Makes clients that are not signed in; closes them afterwards."""
    made: list[Client] = []

    def make(*, backend: str | None = None) -> Client:
        made.append(Client(deployment.url, tls, backend=backend))
        return made[-1]

    yield make
    for client in made:
        client.http.close()


@pytest.fixture
def client(new_client: ClientMaker) -> Client:
    """A person with an account of their own, signed in."""
    client = new_client()
    client.create_account()
    return client


@pytest.fixture
def administrator(deployment: Deployment, new_client: ClientMaker) -> Client:
    client = new_client()
    client.call("sign_in", email_address=deployment.administrator_email, password=deployment.administrator_password)
    return client


@pytest.fixture
def project(client: Client) -> Iterator[str]:
    """A running project of ``client``, stopped afterwards."""
    project_id = client.running_project()
    yield project_id
    client.call("stop_project", project_id=project_id)


@pytest.fixture(scope="module")
def shared_client(deployment: Deployment) -> Iterator[Client]:
    """One account for all tests of a module that do nothing to it: sign-ups are limited, and take a moment."""
    client = Client(deployment.url, ssl.create_default_context(cafile=deployment.ca_file))
    client.create_account()
    yield client
    client.http.close()


@pytest.fixture(scope="module")
def shared_project(shared_client: Client) -> Iterator[str]:
    """A running project of ``shared_client`` for all tests of a module, stopped afterwards."""
    project_id = shared_client.running_project()
    yield project_id
    shared_client.call("stop_project", project_id=project_id)


@pytest.fixture(scope="module")
def at_origin(deployment: Deployment) -> Iterator[AtOrigin]:
    """Makes clients at projects' own origins; closes them afterwards."""
    made: list[Own] = []

    def make(client: Client, project: str, **headers: str) -> Own:
        made.append(Own(client, project, deployment.project_domain, **headers))
        return made[-1]

    yield make
    for own in made:
        own.http.close()
