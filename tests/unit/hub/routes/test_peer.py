"""Cookies, origins, addresses."""

from __future__ import annotations

import pytest
from lyceum_hub.errors import HubError
from lyceum_hub.routes.peer import address_of, check_origin, check_peer, shown_by
from starlette.requests import HTTPConnection

ORIGINS = frozenset({"https://localhost:8443"})


def connection(service: str = "edge", **headers: str) -> HTTPConnection:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection(
        {"type": "http", "headers": raw, "state": {"peer_service": service}, "client": ("10.0.0.1", 5), "path": "/"}
    )


def test_the_session_is_found_among_other_cookies() -> None:
    assert shown_by(connection(cookie="a=b; __Host-lyceum_session=token; c")).session == "token"
    assert shown_by(connection(cookie="x__Host-lyceum_session=token")).session is None
    assert shown_by(connection(cookie="__Host-lyceum_session=")).session is None
    assert shown_by(connection()).session is None


def test_an_api_key_is_a_bearer_token() -> None:
    assert shown_by(connection(authorization="bearer  lyceum_x ")).api_key == "lyceum_x"
    assert shown_by(connection(authorization="Basic abc")).api_key is None
    assert shown_by(connection(authorization="Bearer ")).api_key is None


@pytest.mark.parametrize("origin", ["https://localhost:8443", "https://LOCALHOST:8443"])
def test_the_sites_own_origin_passes(origin: str) -> None:
    own = connection(origin=origin)
    check_origin(own, ORIGINS, shown_by(own))


@pytest.mark.parametrize(
    "origin", ["null", "", "http://localhost:8443", "https://localhost", "https://x.localhost:8443"]
)
def test_another_origin_does_not_unless_an_api_key_is_shown(origin: str) -> None:
    foreign = connection(origin=origin)
    with pytest.raises(HubError) as refused:
        check_origin(foreign, ORIGINS, shown_by(foreign))
    assert refused.value.code == "foreign_origin"
    program = connection(origin=origin, authorization="Bearer lyceum_x")
    check_origin(program, ORIGINS, shown_by(program))


def test_the_peer_is_who_its_certificate_says() -> None:
    check_peer(connection(), "edge")
    for service in ("hub-proxy", "", "compute"):
        with pytest.raises(HubError):
            check_peer(connection(service), "edge")


def test_the_address_is_the_one_that_the_edge_saw() -> None:
    assert address_of(connection(x_forwarded_for="192.0.2.1")) == "192.0.2.1"
    assert address_of(connection(x_forwarded_for="forged, 192.0.2.1")) == "192.0.2.1"
    assert address_of(connection()) == "10.0.0.1"
