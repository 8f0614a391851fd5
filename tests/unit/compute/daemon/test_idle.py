"""Which projects are idle, and that nothing at work is stopped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lyceum_compute.daemon import gateway, idle
from lyceum_compute.daemon.entry import Entry
from lyceum_compute.daemon.idle import Idle, span
from lyceum_compute.daemon.layout import Layout
from lyceum_compute.daemon.ledger import Life
from lyceum_compute.daemon.local_hub import LocalHub
from lyceum_compute.daemon.record import Record
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import Project, Quota, State

ID = "c2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"


class Host:
    """Projects, meter and gateway in one."""

    def __init__(self, entry: Entry) -> None:
        self.entries = {ID: entry}
        self.stopped: list[str] = []
        self.computes = False
        self.traffic: dict[str, float] | Exception = {}

    async def stop_for(self, _entry: Entry, reason: str) -> None:
        self.stopped.append(reason)

    async def look(self, entry: Entry) -> None:
        if self.computes:
            entry.touch(datetime.now(UTC))

    async def activity(self, _path: str) -> dict[str, float]:
        if isinstance(self.traffic, Exception):
            raise self.traffic
        return self.traffic


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    layout = Layout(Path("/projects"), ID)
    project = Project(project_id=ID, uid=200001, storage_host="storage1", quota=Quota(idle_timeout=3600))
    now = datetime.now(UTC)
    entry = Entry(layout, Record(project=project), State.RUNNING, now, LocalHub(layout.local_hub))
    entry.life = Life(started=now - timedelta(hours=2), active=now - timedelta(minutes=61))
    made = Host(entry)
    monkeypatch.setattr(idle.gateway, "activity", made.activity)
    return made


def watching(host: Host) -> Idle:
    projects: Any = host
    return Idle(projects, projects, "/control.sock")


async def test_a_project_without_activity_is_stopped_and_says_why(host: Host) -> None:
    await watching(host).round()
    (reason,) = host.stopped
    assert reason.startswith(f"stopped at {datetime.now(UTC):%Y-%m-%d}")
    assert reason.endswith("UTC: nothing was done for 1 hour")


async def test_a_computation_is_never_stopped(host: Host) -> None:
    host.computes = True
    await watching(host).round()
    assert host.stopped == []


async def test_bytes_through_the_gateway_are_activity(host: Host) -> None:
    host.traffic = {ID: 100.0, "d2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11": 1.0}
    await watching(host).round()
    assert host.stopped == []


async def test_without_the_gateway_s_word_nothing_is_stopped(host: Host) -> None:
    host.traffic = FaultError("unavailable", "the gateway does not answer")
    await watching(host).round()
    assert host.stopped == []


async def test_a_project_of_which_no_activity_is_known_is_idle_from_when_it_is_known(host: Host) -> None:
    entry = host.entries[ID]
    entry.life = Life()
    await watching(host).round()
    assert host.stopped == []
    entry.changed -= timedelta(hours=2)
    await watching(host).round()
    assert len(host.stopped) == 1


@pytest.mark.parametrize("change", ["calls", "young", "resting", "longer"])
async def test_what_is_not_idle(host: Host, change: str) -> None:
    entry = host.entries[ID]
    if change == "calls":
        entry.calls = 1
    elif change == "young":
        entry.life.started = datetime.now(UTC)
    elif change == "resting":
        entry.state = State.OPENED
    else:
        entry.record.project = Project(project_id=ID, uid=200001, storage_host="s", quota=Quota(idle_timeout=7200))
    await watching(host).round()
    assert host.stopped == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"),
        (90, "90 seconds"),
        (60, "1 minute"),
        (7200, "2 hours"),
        (90 * 86_400, "90 days"),
        (5400, "90 minutes"),
    ],
)
def test_lengths_of_time_in_words(seconds: int, words: str) -> None:
    assert span(seconds) == words


async def test_no_gateway_means_no_traffic(tmp_path: Path) -> None:
    assert await gateway.activity(str(tmp_path / "none.sock")) == {}
