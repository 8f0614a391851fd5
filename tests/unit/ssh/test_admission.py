"""How many strangers may knock at a time, and how often in vain."""

from __future__ import annotations

import pytest
from lyceum_ssh.admission import WINDOW, Admission, Most, Visit, network_of


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def admission(clock: Clock) -> Admission:
    return Admission(
        Most(connections=5, unauthenticated=4, unauthenticated_per_address=2, failures_per_address=3), clock=clock
    )


def entered(admission: Admission, address: str) -> Visit:
    visit = admission.enter(address)
    assert visit is not None
    return visit


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_one_caller(address: str, network: str) -> None:
    assert network_of(address) == network


def test_strangers_of_one_address_are_few(admission: Admission) -> None:
    first, _ = entered(admission, "192.0.2.1"), entered(admission, "192.0.2.1")
    assert admission.enter("192.0.2.1") is None
    assert admission.enter("192.0.2.2") is not None
    admission.recognise(first)
    assert admission.enter("192.0.2.1") is not None


def test_strangers_in_all_are_few_and_so_are_connections(admission: Admission) -> None:
    visits = [entered(admission, f"192.0.2.{number}") for number in range(4)]
    assert admission.enter("192.0.2.9") is None
    for visit in visits:
        admission.recognise(visit)
    assert admission.enter("192.0.2.9") is not None
    assert admission.enter("192.0.2.10") is None  # the sixth connection
    admission.leave(visits[0])
    admission.leave(visits[0])  # once is enough
    assert admission.enter("192.0.2.10") is not None
    assert admission.enter("192.0.2.11") is None


def test_failures_keep_an_address_out_for_a_while(admission: Admission, clock: Clock) -> None:
    for _ in range(3):
        admission.leave(entered(admission, "192.0.2.1"))
    assert admission.enter("192.0.2.1") is None
    assert admission.enter("192.0.2.2") is not None
    clock.now += WINDOW + 1
    assert admission.enter("192.0.2.1") is not None


def test_who_showed_a_key_has_not_failed(admission: Admission) -> None:
    for _ in range(9):
        visit = entered(admission, "192.0.2.1")
        admission.recognise(visit)
        admission.leave(visit)
