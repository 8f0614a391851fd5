"""Errors of other hosts, in the hub's own terms."""

from __future__ import annotations

import pytest
from lyceum_compute.protocol.errors import FaultError
from lyceum_hub.errors import UnavailableError
from lyceum_hub.hosts import Host, Hosts
from lyceum_hub.settings import HostSettings


@pytest.fixture
def host() -> Host:
    """A host that was never reached."""
    return Host("compute", HostSettings(name="compute1", port=6000), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "status"),
    [("not_running", 409), ("disk_quota", 507), ("invalid", 422), ("not_found", 404), ("timed_out", 504)],
)
def test_what_a_host_says_to_people_is_passed_on(host: Host, code: str, status: int) -> None:
    own = host._own(FaultError(code, "the sentence"), "x")
    assert (own.code, own.status, own.message) == (code, status, "the sentence")


@pytest.mark.parametrize("code", ["internal", "malformed", "unknown_operation"])
def test_mistakes_between_services_are_not(host: Host, code: str) -> None:
    own = host._own(FaultError(code, "/secret/path"), "x")
    assert own.status == 500
    assert "secret" not in own.message


def test_an_address_is_not_shown_for_a_host_that_is_away(host: Host) -> None:
    own = host._own(FaultError("unavailable", "connect call failed 10.1.2.3"), "x")
    assert own.status == 503
    assert "10.1.2.3" not in own.message
    assert "compute1" in own.message


def test_a_host_that_is_none_of_ours(host: Host) -> None:
    hosts = Hosts("compute", [host])
    assert hosts.get("compute1") is host
    with pytest.raises(UnavailableError):
        hosts.get("compute9")
    assert hosts.unreachable("compute9")
    assert not hosts.unreachable(None)
    assert not hosts.unreachable("compute1")  # only just begun
