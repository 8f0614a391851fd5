"""What a service that has fallen can do with its certificate: to nobody more than it was trusted with."""

from __future__ import annotations

import http.client
import json
import ssl
from contextlib import closing
from typing import Any

import httpx
import pytest

from tests.deployment import Deployment
from tests.instance.attacker import ATTACKS, unharmed
from tests.instance.client import Client

pytestmark = [pytest.mark.lab, pytest.mark.thorough]

#: Who is served where: every other certificate of the instance's own authority is refused, and so is none.
SERVED = {
    "hub": {"edge", "hub-proxy", "ssh"},
    "hub-proxy": {"edge"},
    "compute": {"hub"},
    "gateway": {"hub-proxy", "ssh"},
    "storage": {"hub", "compute"},
}
KINDS = {"hub": "http", "hub-proxy": "proxy", "compute": "lines", "gateway": "gateway", "storage": "lines"}
PORTS = {"hub": 5000, "hub-proxy": 5001, "compute": 6000, "gateway": 6001, "storage": 6002}
GROUPS = {"hub": "hub", "hub-proxy": "hub", "compute": "compute", "gateway": "compute", "storage": "storage"}
#: How the same refusal looks through TLS, nginx and the hub. A project that does not exist is an answer.
REFUSALS = (
    "closed",
    "SSLError",
    "ConnectionResetError",
    "BrokenPipeError",
    "SSLEOFError",
    "HTTP/1.1 400",
    "HTTP/1.1 403",
)

SAID = {"http": "431", "proxy": "414", "gateway": '"too_large"', "lines": '"too_large"'}


def wire(deployment: Deployment, machine: str, **given: Any) -> dict[str, Any]:
    """Run ``attacks/wire.py`` on a machine."""
    program = (ATTACKS / "wire.py").read_text()
    ran = deployment.host(machine).run(
        "python3 - %s <<'EOF'\n%%s\nEOF".replace("%%s", program.replace("%", "%%")), json.dumps(given)
    )
    assert ran.rc == 0, ran.stderr[-3000:]
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def listeners(deployment: Deployment) -> dict[str, tuple[str, str, int]]:
    """One listener of each service."""
    return {service: (KINDS[service], deployment.groups[GROUPS[service]][0], PORTS[service]) for service in SERVED}


def test_each_certificate_opens_what_its_service_is_trusted_with(deployment: Deployment) -> None:
    tried: set[tuple[str, str]] = set()
    wrong = {}
    with unharmed(*(deployment.host(name) for name in deployment.hosts)):
        for machine in deployment.hosts:
            found = wire(deployment, machine, do="certificates", listeners=listeners(deployment))
            for listener, answers in found.items():
                for certificate, answer in answers.items():
                    tried.add((listener, certificate))
                    if (certificate in SERVED[listener]) == answer.startswith(REFUSALS):
                        wrong[machine, listener, certificate or "none"] = answer[:200]
    assert wrong == {}
    assert {(listener, each) for listener, served in SERVED.items() for each in (*served, "")} <= tried
    assert len({certificate for _, certificate in tried}) >= 8


@pytest.fixture
def trusted(deployment: Deployment) -> dict[str, dict[str, tuple[str, str, int, str]]]:
    """The listeners, each with a certificate that it serves, by the machine that has it."""
    machines = {"edge": "edge", "hub-proxy": "hub", "hub": "hub", "compute": "compute"}
    sorted_by: dict[str, dict[str, tuple[str, str, int, str]]] = {}
    for service, listener in listeners(deployment).items():
        certificate = min(SERVED[service])
        machine = deployment.groups[machines[certificate]][0]
        sorted_by.setdefault(machine, {})[service] = (*listener, certificate)
    return sorted_by


def test_a_message_of_one_gibibyte(deployment: Deployment, trusted: dict[str, dict[str, Any]]) -> None:
    """Each service ends the connection before its end, saying why, and holds no more of it than one message may be.

    While it says so, it reads on for at most a second, and forgets it: else its answer would be lost.
    """
    with unharmed(*(deployment.host(name) for name in deployment.hosts)):
        for machine, targets in trusted.items():
            found = wire(deployment, machine, do="flood", listeners=targets)
            for service, outcome in found.items():
                assert SAID[KINDS[service]] in outcome["said"], (service, outcome)
                assert outcome["sent"] < 2**30 or KINDS[service] != "lines", (service, outcome)


def test_half_a_message(deployment: Deployment, trusted: dict[str, dict[str, Any]], shared_client: Client) -> None:
    with unharmed(*(deployment.host(name) for name in deployment.hosts)):
        for machine, targets in trusted.items():
            assert set(wire(deployment, machine, do="half", listeners=targets).values()) == {40}
        assert shared_client.call("get_projects")["projects"] == []


def test_a_gibibyte_for_the_instance(deployment: Deployment) -> None:
    """Said to be so long, it is refused before it is sent."""
    address = httpx.URL(deployment.url)
    context = ssl.create_default_context(cafile=deployment.ca_file)
    connection = http.client.HTTPSConnection(address.host, address.port or 443, context=context, timeout=20)
    connection.putrequest("POST", "/api/v1/get_projects")
    for name, value in (
        ("Content-Type", "application/json"),
        ("Content-Length", str(2**30)),
        ("Origin", deployment.url),
    ):
        connection.putheader(name, value)
    connection.endheaders()
    with closing(connection), connection.getresponse() as response:
        assert response.status == 413
