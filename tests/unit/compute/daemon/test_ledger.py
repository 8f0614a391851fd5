"""What is counted, and that nothing of it is counted twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lyceum_compute.daemon.ledger import KEPT, MOST_HOURS, Ledger, Life, spread
from lyceum_compute.protocol.messages import State

ID = "c2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"
HOUR = datetime(2026, 11, 22, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_span_is_spread_over_its_hours() -> None:
    parts = list(spread(HOUR + 50 * MINUTE, HOUR + 130 * MINUTE))
    assert parts == [(HOUR, 600), (HOUR + 60 * MINUTE, 3600), (HOUR + 120 * MINUTE, 600)]
    assert list(spread(HOUR, HOUR)) == []


def test_hours_add_up() -> None:
    ledger = Ledger(":memory:")
    ledger.add(ID, Life(disk=100), (HOUR, HOUR + 30 * MINUTE), cpu=60, memory=500)
    ledger.add(ID, Life(disk=50), (HOUR + 30 * MINUTE, HOUR + 90 * MINUTE), cpu=100, memory=1000)
    first, second = ledger.hours("", 0)
    assert (first.hour, first.cpu_seconds, first.memory_gb_hours, first.disk) == (HOUR, 110, 0.75, 100)
    assert (second.cpu_seconds, second.memory_gb_hours, second.running_seconds) == (50, 0.5, 1800)
    assert first.sequence < second.sequence


def test_only_what_changed_is_told_again() -> None:
    ledger = Ledger(":memory:")
    ledger.add(ID, Life(), (HOUR, HOUR + MINUTE), cpu=1, memory=1)
    (seen,) = ledger.hours("", 0)
    assert ledger.hours(ledger.name, seen.sequence) == []
    assert ledger.hours("of a host that is no more", seen.sequence) == [seen]
    ledger.add(ID, Life(), (HOUR + MINUTE, HOUR + 2 * MINUTE), cpu=1, memory=1)
    (again,) = ledger.hours(ledger.name, seen.sequence)
    assert again.cpu_seconds == 2


def test_everything_outlives_the_daemon(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    life = Life(started=HOUR, goal="stop", state=State.RUNNING, detail="why", memory_kills=2)
    ledger.add(ID, life, (HOUR, HOUR + MINUTE), cpu=1, memory=1)
    ledger.draining = True
    (told,) = ledger.hours("", 0)
    again = Ledger(path)  # the first is not closed: it was killed
    assert (again.name, again.draining, again.life(ID)) == (ledger.name, True, life)
    again.rest(ID, 5, HOUR + 90 * MINUTE)
    assert [hour.sequence > told.sequence for hour in again.hours(again.name, told.sequence)] == [True]
    for one in (ledger, again):
        one.close()


def test_old_hours_are_forgotten_and_their_numbers_not_used_again(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.rest(ID, 1, HOUR)
    (old,) = ledger.hours("", 0)
    ledger.thin(HOUR + KEPT + 90 * MINUTE)
    assert ledger.hours("", 0) == []
    ledger.close()
    again = Ledger(tmp_path / "ledger.sqlite")
    again.rest(ID, 1, HOUR)
    assert again.hours("", 0)[0].sequence > old.sequence
    again.close()


def test_an_answer_holds_so_many_hours_and_the_next_goes_on() -> None:
    ledger = Ledger(":memory:")
    for number in range(MOST_HOURS + 5):
        ledger.rest(ID, 1, HOUR + number * timedelta(hours=1))
    first = ledger.hours("", 0)
    assert len(first) == MOST_HOURS
    assert len(ledger.hours(ledger.name, first[-1].sequence)) == 5


def test_a_resting_project_counts_its_largest_disk() -> None:
    ledger = Ledger(":memory:")
    for disk in (5, 9, 7):
        ledger.rest(ID, disk, HOUR)
    assert [(hour.disk, hour.cpu_seconds) for hour in ledger.hours("", 0)] == [(9, 0)]


def test_a_damaged_life_is_a_new_one() -> None:
    ledger = Ledger(":memory:")
    ledger._database.execute("insert into lives values (?, '{')", (ID,))
    assert ledger.life(ID) == Life()


def test_a_start_counts_anew_and_keeps_what_is_being_done() -> None:
    life = Life(goal="start", memory_kills=3, cpu_seconds=9, counted_cpu=4, disk=7)
    life.begin(HOUR)
    assert life == Life(goal="start", disk=7, started=HOUR, active=HOUR, looked=HOUR)


def test_a_file_that_is_none_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(Exception, match="not a database"):
        Ledger(path)
