"""Where things are on the storage host's file system, and which names may stand there."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

#: Longest path that is looked up, in bytes (the kernel's own limit).
MAX_PATH = 4096

_PROJECT_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SNAPSHOT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_SNAPSHOT_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


class InvalidNameError(ValueError):
    """A project's id, a snapshot's name or a path that cannot be one."""


class Layout(NamedTuple):
    """The folders below the mounted file system."""

    data: Path

    @property
    def copies(self) -> Path:
        """Of each project the copy that is written to."""
        return self.data / "copies"

    @property
    def snapshots(self) -> Path:
        """Of each project a folder with its snapshots."""
        return self.data / "snapshots"

    @property
    def records(self) -> Path:
        """Of each project what the database said of it at the latest snapshot."""
        return self.data / "records"

    def copy(self, project_id: str) -> Path:
        """The subvolume of a project's copy: ``home`` and ``partial`` within are the receiver's, itself is root's."""
        return self.copies / project_id

    def home(self, project_id: str) -> Path:
        """The copy of a project's home."""
        return self.copy(project_id) / "home"

    def snapshots_of(self, project_id: str) -> Path:
        """The folder with a project's snapshots."""
        return self.snapshots / project_id

    def record(self, project_id: str) -> Path:
        """The file with a project's record."""
        return self.records / f"{project_id}.json"


def check_project_id(project_id: str) -> str:
    """Return the id. Raises ``InvalidNameError`` unless it is a UUID in its usual form."""
    if not _PROJECT_ID.fullmatch(project_id):
        raise InvalidNameError("project_id must be a UUID in lower case")
    return project_id


def snapshot_name(time: datetime) -> str:
    """Return the name of a snapshot taken at a time (in UTC)."""
    return time.astimezone(UTC).strftime(_SNAPSHOT_FORMAT)


def snapshot_time(name: str) -> datetime | None:
    """Return when a snapshot was taken, or None if the name is not a snapshot's."""
    if not _SNAPSHOT.fullmatch(name):
        return None
    try:
        return datetime.strptime(name, _SNAPSHOT_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def split_path(path: bytes) -> list[bytes]:
    """Return the names in a path relative to the home; none for the home itself.

    Raises ``InvalidNameError`` for a path that is absolute, climbs, holds a NUL or is too long.
    """
    if len(path) >= MAX_PATH:
        raise InvalidNameError(f"the path is longer than {MAX_PATH - 1} bytes")
    if b"\0" in path:
        raise InvalidNameError("the path holds a NUL")
    if path.startswith(b"/"):
        raise InvalidNameError("the path must be relative to the project's home")
    names = [name for name in path.split(b"/") if name not in (b"", b".")]
    if b".." in names:
        raise InvalidNameError("the path must not climb with ..")
    return names
