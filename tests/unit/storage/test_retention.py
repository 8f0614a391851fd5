"""Which snapshots are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from lyceum_storage.retention import Retention, to_keep

DEFAULT = Retention()
LATEST = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)

times = st.sets(
    st.integers(0, 5_000_000).map(lambda minutes: LATEST - timedelta(minutes=minutes, seconds=minutes % 60)),
    max_size=200,
)
retentions = st.builds(
    Retention,
    all_minutes=st.integers(0, 3000),
    five_minutely=st.integers(0, 100),
    hourly=st.integers(0, 100),
    daily=st.integers(0, 40),
    weekly=st.integers(0, 10),
    monthly=st.integers(0, 10),
)


def test_nothing_of_nothing_is_kept() -> None:
    assert to_keep([], DEFAULT) == set()


@given(times, retentions)
def test_only_what_is_there_is_kept_and_the_newest_always_is(there: set[datetime], retention: Retention) -> None:
    kept = to_keep(there, retention)
    assert kept <= there
    if there:
        assert max(there) in kept


@given(times, retentions)
def test_no_more_is_kept_than_the_settings_say(there: set[datetime], retention: Retention) -> None:
    limit = retention.five_minutely + retention.hourly + retention.daily + retention.weekly + retention.monthly
    recent = {time for time in there if max(there) - time <= timedelta(minutes=retention.all_minutes)}
    assert len(to_keep(there, retention) - recent) <= limit


@given(times, retentions)
def test_thinning_what_is_thinned_changes_nothing(there: set[datetime], retention: Retention) -> None:
    kept = to_keep(there, retention)
    assert to_keep(kept, retention) == kept


@given(times)
def test_every_month_of_the_latest_six_keeps_one(there: set[datetime]) -> None:
    def month(time: datetime) -> tuple[int, int]:
        return time.year, time.month

    latest = sorted({month(time) for time in there}, reverse=True)[:6]
    assert set(latest) <= {month(time) for time in to_keep(there, DEFAULT)}


def test_thinning_after_each_snapshot_ends_with_what_one_thinning_would_keep() -> None:
    """A project that is saved every five minutes keeps the promised ladder, however it got there."""
    kept: set[datetime] = set()
    everything = [LATEST - timedelta(minutes=5) * n for n in range(40 * 288)]
    for time in reversed(everything):
        kept.add(time)
        if time.minute == 10 and time.hour % 3 == 0:  # often enough to show it, and quicker
            kept = to_keep(kept, DEFAULT)
    assert to_keep(kept, DEFAULT) == to_keep(everything, DEFAULT)


def test_the_ladder_of_a_busy_half_year() -> None:
    kept = sorted(to_keep([LATEST - timedelta(minutes=5) * n for n in range(200 * 288)], DEFAULT))
    assert len([time for time in kept if time > LATEST - timedelta(minutes=5) * 72]) == 72
    assert len([time for time in kept if time > LATEST - timedelta(hours=168)]) >= 168
    assert {time.date() for time in kept} >= {(LATEST - timedelta(days=n)).date() for n in range(30)}
    assert len({(time.year, time.month) for time in kept}) == 6


def test_two_saves_in_a_row_are_two_snapshots() -> None:
    """What was saved, deleted and saved once more within five minutes can still be restored."""
    there = {LATEST - timedelta(seconds=20 * n) for n in range(10)}
    assert to_keep(there, DEFAULT) == there


def test_a_project_that_rests_loses_nothing() -> None:
    """Only what is newer pushes a snapshot out; time alone does not."""
    there = [LATEST - timedelta(days=300 * n) for n in range(5)]
    assert to_keep(there, DEFAULT) == set(there)
