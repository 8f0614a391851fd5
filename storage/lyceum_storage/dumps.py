"""``lyceum-storage-receive-dumps``: the command to which each database host's ssh key is bound.

It takes dumps of the database and gives them back. There is no command that deletes one: what is old goes by itself, by
this host's clock, so that whoever takes over a database host cannot destroy the dumps of the days before.

| command | answer (one line of JSON) |
|---|---|
| `store` | reads a dump from standard input; `{"incoming": id, "size", "sha256"}`, read again from the disk |
| `commit <id> <sha256>` | the dump is whole and was verified; `{"name", "size", "sha256"}` |
| `list` | `[{"name", "size", "sha256"}]`, oldest first |
| `fetch <name>` | the dump itself |
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import secrets
import shlex
import shutil
import sys
import syslog
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from .layout import snapshot_name, snapshot_time

CHUNK = 1 << 20
#: MB that a dump must leave free on the file system: copies of projects need room too.
MINIMUM_FREE = 500
#: An upload that was not committed by then has been given up.
ABANDONED = timedelta(hours=12)
#: The last dump of each of the latest days that have one is kept, and the latest few whenever they were made.
DAYS = 14
LATEST = 6

_INCOMING = re.compile(r"[0-9a-f]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class RefusedError(Exception):
    """The command cannot be done; the message says why."""


def to_keep(times: list[datetime], *, days: int = DAYS, latest: int = LATEST) -> set[datetime]:
    """Return the times of the dumps to keep."""
    newest_first = sorted(times, reverse=True)
    kept = set(newest_first[: max(latest, 1)])
    by_day: dict[Any, datetime] = {}
    for time in newest_first:
        by_day.setdefault(time.date(), time)
    return kept | set(list(by_day.values())[:days])


class Dumps:
    """The dumps in one folder: each a file ``<time>.dump`` with its checksum in ``<time>.sha256``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def store(self, source: IO[bytes]) -> dict[str, Any]:
        """Take a dump in. It is not listed before it is committed."""
        self._forget_abandoned()
        incoming = secrets.token_hex(16)
        path = self._incoming(incoming)
        try:
            with path.open("xb") as file:
                while chunk := source.read(CHUNK):
                    self._check_room()
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            return {"incoming": incoming, "size": path.stat().st_size, "sha256": _digest(path)}
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def commit(self, incoming: str, sha256: str) -> dict[str, Any]:
        """Give a dump its name, and let go of those that are too old."""
        if not _INCOMING.fullmatch(incoming) or not _SHA256.fullmatch(sha256):
            raise RefusedError("commit needs the id that store answered, and a SHA-256 checksum")
        path = self._incoming(incoming)
        if not path.exists():
            raise RefusedError("there is no such upload")
        if _digest(path) != sha256:
            raise RefusedError("the dump that arrived has another checksum than the one that was sent")
        times = self._times()
        time = datetime.now(UTC).replace(microsecond=0)
        if times:
            time = max(time, times[-1] + timedelta(seconds=1))
        name = snapshot_name(time)
        self._checksum(name).write_text(f"{sha256}  {name}.dump\n", encoding="ascii")
        path.rename(self._dump(name))
        _sync(self.folder)
        self._thin([*times, time])
        return self._describe(name)

    def describe_all(self) -> list[dict[str, Any]]:
        """Return the dumps, oldest first."""
        return [self._describe(snapshot_name(time)) for time in self._times()]

    def fetch(self, name: str, target: IO[bytes]) -> None:
        """Send a dump."""
        if snapshot_time(name) is None or not self._dump(name).exists():
            raise RefusedError("there is no dump of that name")
        with self._dump(name).open("rb") as file:
            shutil.copyfileobj(file, target, CHUNK)

    def _thin(self, times: list[datetime]) -> None:
        kept = to_keep(times)
        for time in times:
            if time not in kept:
                name = snapshot_name(time)
                self._dump(name).unlink()
                self._checksum(name).unlink(missing_ok=True)

    def _times(self) -> list[datetime]:
        times = (snapshot_time(path.stem) for path in self.folder.glob("*.dump"))
        return sorted(time for time in times if time is not None)

    def _describe(self, name: str) -> dict[str, Any]:
        sha256 = self._checksum(name).read_text(encoding="ascii").split()[0]
        return {"name": name, "size": self._dump(name).stat().st_size, "sha256": sha256}

    def _check_room(self) -> None:
        disk = os.statvfs(self.folder)
        if disk.f_bavail * disk.f_frsize < MINIMUM_FREE * 1_000_000:
            raise RefusedError(f"the storage host has less than {MINIMUM_FREE} MB left; make room there")

    def _forget_abandoned(self) -> None:
        oldest = (datetime.now(UTC) - ABANDONED).timestamp()
        for path in self.folder.glob("*.incoming"):
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)

    def _incoming(self, incoming: str) -> Path:
        return self.folder / f"{incoming}.incoming"

    def _dump(self, name: str) -> Path:
        return self.folder / f"{name}.dump"

    def _checksum(self, name: str) -> Path:
        return self.folder / f"{name}.sha256"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def run(command: str, dumps: Dumps, source: IO[bytes], target: IO[bytes]) -> None:
    """Do what a command asks. Raises ``RefusedError``."""
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    answer: Any
    match words:
        case ["store"]:
            answer = dumps.store(source)
        case ["commit", incoming, sha256]:
            answer = dumps.commit(incoming, sha256)
        case ["list"]:
            answer = dumps.describe_all()
        case ["fetch", name]:
            return dumps.fetch(name, target)
        case _:
            raise RefusedError("this key is for dumps of the database: store, commit, list and fetch")
    target.write(json.dumps(answer).encode() + b"\n")
    return None


def main() -> None:
    """Do what the command in ``SSH_ORIGINAL_COMMAND`` asks, or refuse it with one line on standard error."""
    parser = argparse.ArgumentParser(
        prog="lyceum-storage-receive-dumps", description="Take dumps of the database in and give them back."
    )
    parser.add_argument("--folder", type=Path, default=Path("/storage/dumps"), help="where the dumps are")
    parser.add_argument("--host", required=True, help="the database host whose key this is")
    arguments = parser.parse_args()
    command = os.environ.get("SSH_ORIGINAL_COMMAND", "")
    os.umask(0o077)
    syslog.openlog("lyceum-storage-receive-dumps", syslog.LOG_PID)
    try:
        run(command, Dumps(arguments.folder), sys.stdin.buffer, sys.stdout.buffer)
        syslog.syslog(f"{arguments.host}: done: {command}")
    except BrokenPipeError:
        os._exit(1)  # who asked has gone; there is nobody to tell
    except RefusedError as error:
        syslog.syslog(syslog.LOG_WARNING, f"{arguments.host}: refused: {error}")
        sys.exit(f"lyceum-storage: {error}")
    except OSError as error:
        sys.exit(f"lyceum-storage: the storage host cannot do this: {error.strerror or error}")


if __name__ == "__main__":
    main()
