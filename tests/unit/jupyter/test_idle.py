"""When Jupyter ends by itself."""

from __future__ import annotations

from lyceum_jupyter.idle import Idle


def test_it_ends_after_its_time_without_anybody() -> None:
    idle = Idle(60, now=1000)
    assert not idle.over(1050, since_activity=50, needed=False)
    assert idle.over(1061, since_activity=61, needed=False)


def test_requests_keep_it() -> None:
    idle = Idle(60, now=1000)
    assert not idle.over(1200, since_activity=30, needed=False)
    assert idle.over(1240, since_activity=70, needed=False)


def test_a_computation_or_an_open_page_keeps_it_and_its_end_begins_the_time() -> None:
    idle = Idle(60, now=1000)
    assert not idle.over(5000, since_activity=4000, needed=True)
    assert not idle.over(5059, since_activity=4059, needed=False)
    assert idle.over(5061, since_activity=4061, needed=False)
