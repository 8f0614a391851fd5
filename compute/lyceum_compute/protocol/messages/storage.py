"""Operations of the storage daemon (served to: hub; ``snapshot`` and ``prepare`` to the project's compute host)."""

from __future__ import annotations

from datetime import datetime

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
}
