"""What the daemon counts: each project's life since its last start, what was used in each hour, and the host's mark.

An SQLite file, so that a daemon that is killed in the middle of a round has counted all of it or nothing of it. Nothing
waits for the disk: after a power cut the last seconds may be missing.
"""

from __future__ import annotations

import secrets
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from lyceum_compute.protocol.messages import AccountedHour, State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Hours are kept for as long as hubs may have been away.
KEPT = timedelta(days=14)
#: Hours that one answer holds.
MOST_HOURS = 1000
_HOUR = timedelta(hours=1)
_TABLES = """
create table if not exists lives (project_id text primary key, life text not null) without rowid;
create table if not exists hours (
    project_id text, hour text, sequence integer not null unique, cpu_seconds real not null default 0,
    memory_gb_hours real not null default 0, disk real not null default 0, running_seconds real not null default 0,
    primary key (project_id, hour)
) without rowid;
create table if not exists host (name text primary key, value text not null) without rowid;
"""


class Life(msgspec.Struct, kw_only=True):
    """What is known of a project since its last start. Memory and disk in MB.

    ``counted_*`` are the kernel's counters when they were last looked at: they begin at 0 with each start.
    """

    started: datetime | None = None
    active: datetime | None = None
    looked: datetime | None = None
    memory: float = 0
    memory_peak: float = 0
    memory_kills: int = 0
    memory_killed: datetime | None = None
    disk: float = 0
    cores: float = 0
    cpu_seconds: float = 0
    tasks: int = 0
    tasks_peak: int = 0
    tasks_refused: int = 0
    tasks_refused_last: datetime | None = None
    counted_cpu: float = 0
    counted_kills: int = 0
    counted_refused: int = 0
    counted_shortages: int = 0
    told_kills: int = 0
    """How many of ``memory_kills`` were told: whoever looks at the usage counts them too, and may do so first."""
    goal: str = ""
    """What is being done with it; after a restart it is gone on with."""
    state: State | None = None
    changed: datetime | None = None
    detail: str = ""

    def begin(self, now: datetime) -> None:
        """Count anew, from a start on."""
        kept = {"goal", "state", "changed", "detail", "disk"}
        for field in msgspec.structs.fields(self):
            if field.name not in kept:
                setattr(self, field.name, field.default)
        self.started = self.active = self.looked = now


class Ledger:
    """The file. Raises ``sqlite3.Error`` if it cannot be used."""

    def __init__(self, path: Path | str) -> None:
        self._database = sqlite3.connect(path, isolation_level=None, timeout=5)
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = normal")
        self._database.executescript(_TABLES)
        self.name = self._get("ledger") or self._put("ledger", secrets.token_hex(16))
        self._sequence = int(self._database.execute("select coalesce(max(sequence), 0) from hours").fetchone()[0])
        self._sequence = max(self._sequence, int(self._get("sequence") or 0))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    # The host.

    @property
    def draining(self) -> bool:
        """Whether the host was told to take no further projects."""
        return self._get("draining") == "yes"

    @draining.setter
    def draining(self, draining: bool) -> None:
        self._put("draining", "yes" if draining else "no")

    def _get(self, name: str) -> str | None:
        row = self._database.execute("select value from host where name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def _put(self, name: str, value: str) -> str:
        self._database.execute("insert or replace into host (name, value) values (?, ?)", (name, value))
        return value

    # Projects.

    def life(self, project_id: str) -> Life:
        """Return what is known of a project; of one that is new, or whose entry is damaged, nothing."""
        row = self._database.execute("select life from lives where project_id = ?", (project_id,)).fetchone()
        try:
            return Life() if row is None else msgspec.json.decode(row[0], type=Life)
        except msgspec.DecodeError:
            return Life()

    def keep(self, project_id: str, life: Life) -> None:
        """Write down what is known of a project."""
        encoded = msgspec.json.encode(life).decode()
        self._database.execute("insert or replace into lives (project_id, life) values (?, ?)", (project_id, encoded))

    def forget(self, project_id: str) -> None:
        """Drop what is known of a project; its hours stay."""
        self._database.execute("delete from lives where project_id = ?", (project_id,))

    # Hours.

    def add(self, project_id: str, life: Life, span: tuple[datetime, datetime], *, cpu: float, memory: float) -> None:
        """Add what a project used in a span of time: seconds of a core, and MB of memory on the average.

        The project's life is written down with it, so that nothing is counted twice or lost, however the daemon ends.
        """
        begin, end = span
        whole = max((end - begin).total_seconds(), 0.001)
        self._database.execute("begin")
        try:
            for hour, seconds in spread(begin, end):
                self._sequence += 1
                self._database.execute(
                    """
                    insert into hours (project_id, hour, sequence, cpu_seconds, memory_gb_hours, disk, running_seconds)
                    values (?, ?, ?, ?, ?, ?, ?)
                    on conflict (project_id, hour) do update set sequence = excluded.sequence,
                        cpu_seconds = cpu_seconds + excluded.cpu_seconds,
                        memory_gb_hours = memory_gb_hours + excluded.memory_gb_hours,
                        disk = max(disk, excluded.disk),
                        running_seconds = running_seconds + excluded.running_seconds
                    """,
                    (
                        *(project_id, hour.isoformat(), self._sequence, cpu * seconds / whole),
                        *(memory / 1000 * seconds / 3600, life.disk, seconds),
                    ),
                )
            self.keep(project_id, life)
            self._database.execute("commit")
        except BaseException:
            self._database.execute("rollback")
            raise

    def rest(self, project_id: str, disk: float, now: datetime) -> None:
        """Note the disk that a project takes while it does not run."""
        self._sequence += 1
        self._database.execute(
            """
            insert into hours (project_id, hour, sequence, disk) values (?, ?, ?, ?)
            on conflict (project_id, hour) do update set sequence = excluded.sequence, disk = excluded.disk
            where disk < excluded.disk
            """,
            (project_id, _hour(now).isoformat(), self._sequence, disk),
        )

    def hours(self, ledger: str, sequence: int) -> list[AccountedHour]:
        """Return what changed after a sequence number of the ledger of that name; of another one, all there is."""
        rows = self._database.execute(
            """
            select project_id, hour, sequence, cpu_seconds, memory_gb_hours, disk, running_seconds from hours
            where sequence > ? order by sequence limit ?
            """,
            (sequence if ledger == self.name else 0, MOST_HOURS),
        )
        names = AccountedHour.__struct_fields__
        return [
            AccountedHour(**dict(zip(names, (row[0], datetime.fromisoformat(row[1]), *row[2:]), strict=True)))
            for row in rows
        ]

    def thin(self, now: datetime) -> None:
        """Forget the hours that are over for long."""
        self._put("sequence", str(self._sequence))
        self._database.execute("delete from hours where hour < ?", (_hour(now - KEPT).isoformat(),))


def spread(begin: datetime, end: datetime) -> Iterator[tuple[datetime, float]]:
    """Yield each hour that a span of time touches, with its seconds of the span."""
    while begin < end:
        hour = _hour(begin)
        until = min(end, hour + _HOUR)
        yield hour, (until - begin).total_seconds()
        begin = until


def _hour(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
