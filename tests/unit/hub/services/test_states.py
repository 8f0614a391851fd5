"""Writing states down."""

from __future__ import annotations

from datetime import UTC, datetime

from lyceum_compute.protocol.messages import Edited, State, StateChanged
from lyceum_hub.services.states import States

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_of_several_events_of_a_kind_only_the_last_is_kept() -> None:
    states = States(None)  # type: ignore[arg-type]
    for state in (State.STARTING, State.RUNNING):
        states.note("a", StateChanged(project_id="p", state=state, changed=NOW))
    states.note("a", Edited(project_id="p", time=NOW))
    states.note("b", StateChanged(project_id="p", state=State.CLOSED, changed=NOW))
    kept = [event for event in states._pending.values() if isinstance(event, StateChanged)]
    assert [event.state for event in kept] == [State.RUNNING, State.CLOSED]
    assert len(states._pending) == 3
