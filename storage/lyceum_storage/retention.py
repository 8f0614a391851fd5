"""Which snapshots are kept: a pure function of their times."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import msgspec


class Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ``[retention]`` table: of how many of the latest periods that hold a snapshot the last one is kept."""

    all_minutes: int = 60
    """Whatever was taken in the minutes before the newest one is kept: two saves in a row are two snapshots."""
    five_minutely: int = 72
    hourly: int = 168
    daily: int = 30
    weekly: int = 8
    monthly: int = 6


def _five_minutes(time: datetime) -> tuple[int, ...]:
    return (*_hour(time), time.minute // 5)


def _hour(time: datetime) -> tuple[int, ...]:
    return (*_day(time), time.hour)


def _day(time: datetime) -> tuple[int, ...]:
    return (time.year, time.month, time.day)


def _week(time: datetime) -> tuple[int, ...]:
    return time.isocalendar()[:2]


def _month(time: datetime) -> tuple[int, ...]:
    return (time.year, time.month)


def to_keep(times: Iterable[datetime], retention: Retention) -> set[datetime]:
    """Return the times of the snapshots to keep: of each kind of period the last one in each of the latest periods.

    The newest is always among them. Periods without a snapshot do not count, so a project that rests loses nothing.
    """
    newest_first = sorted(set(times), reverse=True)
    kept = {time for time in newest_first if newest_first[0] - time <= timedelta(minutes=retention.all_minutes)}
    for period, count in _periods(retention):
        seen: set[tuple[int, ...]] = set()
        for time in newest_first:
            key = period(time)
            if key in seen:
                continue
            if len(seen) >= count:
                break
            seen.add(key)
            kept.add(time)
    return kept


def _periods(retention: Retention) -> list[tuple[Callable[[datetime], tuple[int, ...]], int]]:
    return [
        (_five_minutes, retention.five_minutely),
        (_hour, retention.hourly),
        (_day, retention.daily),
        (_week, retention.weekly),
        (_month, retention.monthly),
    ]
