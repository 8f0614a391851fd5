"""Flow control, without a terminal."""

from __future__ import annotations

import pytest
from lyceum_compute.console.flow import MAX_BEHIND, PATIENCE, WINDOW, Flow
from lyceum_compute.console.messages import NonsenseError


def test_window() -> None:
    flow = Flow()
    flow.send(WINDOW - 1, 0)
    assert flow.has_room
    flow.send(1, 0)
    assert not flow.has_room
    flow.acknowledge(1, 1)
    assert flow.has_room
    assert flow.outstanding == WINDOW - 1


def test_acknowledging_what_was_not_sent() -> None:
    flow = Flow()
    flow.send(10, 0)
    with pytest.raises(NonsenseError):
        flow.acknowledge(11, 0)
    flow.acknowledge(10, 0)
    flow.acknowledge(3, 0)  # late: means nothing
    assert flow.outstanding == 0


def test_viewer_that_acknowledges_nothing() -> None:
    flow = Flow()
    flow.send(WINDOW, 100)
    assert not flow.is_stuck(100 + PATIENCE)
    assert flow.is_stuck(101 + PATIENCE)


def test_slow_viewer_that_goes_on_is_not_stuck() -> None:
    flow = Flow()
    flow.send(2 * WINDOW, 0)
    for round_ in range(1, 20):
        flow.acknowledge(round_, round_ * PATIENCE)
        assert not flow.is_stuck((round_ + 1) * PATIENCE)


def test_viewer_with_room_is_never_stuck() -> None:
    flow = Flow()
    flow.send(WINDOW, 0)
    flow.acknowledge(WINDOW, 1)
    assert not flow.is_stuck(10**9)


def test_viewer_far_behind_the_others() -> None:
    flow = Flow()
    flow.send(MAX_BEHIND, 0)
    assert not flow.is_stuck(0)
    flow.send(1, 0)
    assert flow.is_stuck(0)
