"""What a project used, from the kernel's counters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lyceum_compute.daemon import limits, usage
from lyceum_compute.daemon.cgroups import Counters
from lyceum_compute.daemon.entry import Entry
from lyceum_compute.daemon.layout import Layout
from lyceum_compute.daemon.ledger import Ledger
from lyceum_compute.daemon.local_hub import LocalHub
from lyceum_compute.daemon.record import Record
from lyceum_compute.daemon.usage import Meter, computing
from lyceum_compute.protocol.messages import Project, Quota, State

ID = "c2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"
START = datetime(2026, 11, 22, 10, tzinfo=UTC)


def counters(cpu: float = 0.0, **values: int) -> Counters:
    found = {"memory": 0, "tasks": 1, "tasks_peak": 0, "tasks_refused": 0, "memory_kills": 0}
    return Counters(cpu_seconds=cpu, **(found | values))


@pytest.fixture
def entry(monkeypatch: pytest.MonkeyPatch) -> Entry:
    monkeypatch.setattr("os.getloadavg", lambda: (0.5, 0.5, 0.5))
    layout = Layout(Path("/projects"), ID)
    project = Project(project_id=ID, uid=200001, storage_host="storage1", quota=Quota())
    found = Entry(layout, Record(project=project), State.RUNNING, START, LocalHub(layout.local_hub))
    found.life.begin(START)
    return found


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(":memory:")


def later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_use_is_added_up(entry: Entry, ledger: Ledger) -> None:
    meter = Meter(ledger)
    meter.count(entry, counters(3.0, memory=400_000_000, tasks=5), 12.5, later(30))
    meter.count(entry, counters(4.5, memory=200_000_000, tasks=4), 10, later(60))
    life = entry.life
    assert (life.cpu_seconds, life.memory, life.memory_peak, life.tasks_peak) == (4.5, 200, 400, 5)
    assert life.cores == pytest.approx(0.05)
    (hour,) = ledger.hours("", 0)
    assert (hour.cpu_seconds, hour.disk, hour.running_seconds) == (4.5, 12.5, 60)
    assert ledger.life(ID) == life


def test_a_computation_is_activity_and_an_idle_program_is_not(entry: Entry, ledger: Ledger) -> None:
    meter = Meter(ledger)
    meter.count(entry, counters(0.2), 0, later(30))
    assert entry.life.active == START
    meter.count(entry, counters(0.6), 0, later(60))
    assert entry.life.active == later(60)


def test_a_computation_that_gets_little_is_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr("os.getloadavg", lambda: (300.0, 300.0, 300.0))
    assert computing(1) < 2 / 300 / 2
    monkeypatch.setattr("os.getloadavg", lambda: (0.0, 0.0, 0.0))
    assert computing(1) == usage.COMPUTING
    assert computing(0.01) == 0.005


def test_a_restarted_daemon_goes_on_counting_where_it_stopped(entry: Entry, ledger: Ledger) -> None:
    Meter(ledger).count(entry, counters(100.0), 0, later(30))
    entry.life = ledger.life(ID)
    Meter(ledger).count(entry, counters(101.0), 0, later(630))
    assert sum(hour.cpu_seconds for hour in ledger.hours("", 0)) == pytest.approx(101)
    assert entry.life.cpu_seconds == 101


def test_counters_that_begin_anew_are_not_taken_for_less(entry: Entry, ledger: Ledger) -> None:
    meter = Meter(ledger)
    meter.count(entry, counters(100.0), 0, later(30))
    meter.count(entry, counters(2.0), 0, later(60))
    assert entry.life.cpu_seconds == 102


def test_limits_that_were_reached_are_told(entry: Entry, ledger: Ledger) -> None:
    meter = Meter(ledger)
    meter.count(entry, counters(memory_kills=2, tasks_refused=7), 0, later(30))
    meter.count(entry, counters(memory_kills=2, tasks_refused=8), 0, later(60))
    life = entry.life
    assert (life.memory_kills, life.memory_killed, life.memory_peak) == (2, later(30), 1000)
    assert (life.tasks_refused, life.tasks_refused_last, life.tasks_peak) == (8, later(60), limits.TASKS)


def test_a_clock_that_was_set_back_takes_nothing_away(entry: Entry, ledger: Ledger) -> None:
    meter = Meter(ledger)
    meter.count(entry, counters(1.0), 0, later(30))
    meter.count(entry, counters(2.0), 0, later(-3600))
    assert entry.life.cpu_seconds == 2
    assert len(ledger.hours("", 0)) == 1


async def test_usage_of_a_project_that_rests(entry: Entry, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage.btrfs, "used", lambda _root, _group: 7_000_000)
    entry.state = State.OPENED
    told = await Meter(ledger).usage(entry)
    assert (told.state, told.disk, told.disk_limit, told.tasks_limit) == (State.OPENED, 7, 3000, limits.TASKS)
