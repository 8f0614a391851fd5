"""Operations of the storage daemon (served to: hub; ``snapshot`` and ``prepare`` to the project's compute host)."""

from __future__ import annotations

from datetime import datetime

from .files import ListDirectoryResult
from .projects import SaveResult
from .wire import Empty, Message


class StoredProject(Message, frozen=True, kw_only=True):
    """Arguments of ``prepare`` (makes the copy's subvolume) and ``snapshot``."""

    project_id: str


class Prepared(Message, frozen=True, kw_only=True):
    exists: bool
    """Whether a complete copy is there already."""


class ListSnapshots(Message, frozen=True, kw_only=True):
    """With a path, only the snapshots that hold it."""

    project_id: str
    path: str | None = None


class Snapshot(Message, frozen=True, kw_only=True):
    name: str
    time: datetime


class ListSnapshotsResult(Message, frozen=True, kw_only=True):
    """Oldest first."""

    snapshots: list[Snapshot]


class ListSnapshotDirectory(Message, frozen=True, kw_only=True):
    """A folder as it was in a snapshot that ``list_snapshots`` names. ``hidden``: names that begin with a dot, too."""

    project_id: str
    snapshot: str
    path: str = ""
    hidden: bool = False


class ReadSnapshotFile(Message, frozen=True, kw_only=True):
    """A file as it was, of at most 10 MB, text or not; a link is not followed."""

    project_id: str
    snapshot: str
    path: str


class ReadSnapshotFileResult(Message, frozen=True, kw_only=True):
    content: bytes
    """In base64."""
    modified: datetime
    size: int


class StorageStatus(Message, frozen=True, kw_only=True):
    """Result of ``host_status`` at the storage daemon."""

    name: str
    version: str
    disk_total: int
    """MB."""
    disk_available: int
    """MB."""
    projects: int
    snapshots: int


STORAGE_OPERATIONS: dict[str, tuple[type[Message], type[Message]]] = {
    "host_status": (Empty, StorageStatus),
    "prepare": (StoredProject, Prepared),
    "snapshot": (StoredProject, SaveResult),
    "list_snapshots": (ListSnapshots, ListSnapshotsResult),
    "list_snapshot_directory": (ListSnapshotDirectory, ListDirectoryResult),
    "read_snapshot_file": (ReadSnapshotFile, ReadSnapshotFileResult),
}
