"""Which connections are open, and ending them."""

from __future__ import annotations

import json

import pytest
from lyceum_compute.gateway.control import obey
from lyceum_compute.gateway.head import Head
from lyceum_compute.gateway.links import HOLD, REMEMBERED, TRICKLE, Links
from lyceum_compute.gateway.refusal import RefusedError
from lyceum_compute.gateway.tickets import Tickets

ID = "c2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"
OTHER = "00000000-0000-4000-8000-000000000000"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Ended:
    def __init__(self) -> None:
        self.ended = 0

    def end(self) -> None:
        self.ended += 1


def head(project: str = ID, account: str = "anna", credential: str = "") -> Head:
    return Head(project, "terminal", account, "GET", b"", [], upgrade=True, own_origin=False, credential=credential)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def links(clock: Clock) -> Links:
    return Links(limit=4, per_project=3, clock=clock)


def opened(links: Links, found: Head) -> Ended:
    link = Ended()
    links.add(link, found)
    return link


def test_ending_those_of_one_session(links: Links, clock: Clock) -> None:
    first, second = opened(links, head(credential="one")), opened(links, head(credential="two"))
    assert links.drop(ID, "anna", "one") == 1
    assert (first.ended, second.ended) == (1, 0)
    opened(links, head(credential="two"))
    with pytest.raises(RefusedError):
        links.add(Ended(), head(credential="one"))
    clock.now += HOLD + 0.1
    links.remove(first, head(credential="one"))
    opened(links, head(credential="one"))


def test_ending_those_of_one_account(links: Links) -> None:
    anna, ben, elsewhere = opened(links, head()), opened(links, head(account="ben")), opened(links, head(OTHER))
    assert links.drop(ID, "anna") == 1
    assert (anna.ended, ben.ended, elsewhere.ended) == (1, 0, 0)
    assert links.drop(ID, None) == 2
    assert (ben.ended, elsewhere.ended) == (1, 0)
    assert links.drop("none", None) == 0


def test_who_was_sent_away_waits_a_moment(links: Links, clock: Clock) -> None:
    links.drop(ID, "anna")
    with pytest.raises(RefusedError) as raised:
        opened(links, head())
    assert raised.value.status == 503
    opened(links, head(account="ben"))
    opened(links, head(OTHER))
    clock.now += HOLD
    opened(links, head())


def test_all_of_a_project_wait_a_moment(links: Links) -> None:
    links.drop(ID, None)
    with pytest.raises(RefusedError):
        opened(links, head(account="ben"))


def test_limits(links: Links) -> None:
    for _ in range(3):
        opened(links, head())
    with pytest.raises(RefusedError) as raised:
        opened(links, head(account="ben"))
    assert raised.value.status == 429
    opened(links, head(OTHER))
    with pytest.raises(RefusedError) as raised:
        opened(links, head(OTHER))
    assert raised.value.status == 503


def test_forgetting(links: Links) -> None:
    link = opened(links, head())
    for _ in range(2):
        links.remove(link, head())
        assert len(links) == 0
    assert links.drop(ID, None) == 0
    links.end_all()
    assert link.ended == 0


def test_orders(links: Links) -> None:
    link = opened(links, head())
    line = json.dumps({"drop": {"project_id": ID, "account_id": None}}).encode()
    assert json.loads(obey(links, Tickets(), line)) == {"dropped": 1}
    assert link.ended == 1


@pytest.mark.parametrize(
    "line", [b"", b"x", b"{}", b'{"drop": 1}', b'{"drop": {"account_id": "a"}}', b'{"stop": 1}', b"[" * 3000]
)
def test_orders_that_make_no_sense(links: Links, line: bytes) -> None:
    assert json.loads(obey(links, Tickets(), line))["error"]["code"] == "invalid"


def test_bytes_beyond_what_keeps_a_connection_alive_are_activity(links: Links, clock: Clock) -> None:
    traffic = links.traffic(ID)
    for _ in range(100):  # a terminal that only sends and answers pings
        clock.now += 20
        traffic.moved(60)
    assert links.activity() == {}
    traffic.moved(TRICKLE)
    clock.now += 90
    assert json.loads(obey(links, Tickets(), b'{"activity": true}')) == {"activity": {ID: 90.0}}
    clock.now += REMEMBERED
    assert links.activity() == {}


def test_an_order_that_says_nothing_is_refused(links: Links) -> None:
    assert json.loads(obey(links, Tickets(), b"{}"))["error"]["code"] == "invalid"
