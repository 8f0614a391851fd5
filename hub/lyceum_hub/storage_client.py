"""The hub's only way to storage hosts."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from lyceum_compute.protocol.identity import Identity
from lyceum_compute.protocol.messages import (
    Empty,
    ListDirectoryResult,
    ListSnapshotDirectory,
    ListSnapshots,
    ListSnapshotsResult,
    ReadSnapshotFile,
    ReadSnapshotFileResult,
    Snapshot,
    StorageStatus,
)

from .hosts import Host, Hosts
from .settings import HostSettings


class StorageHosts(Hosts):
    """Every storage host of the settings."""

    def __init__(self, settings: Sequence[HostSettings], identity: Identity) -> None:
        super().__init__("storage", [Host("storage", host, identity, workers=1) for host in settings])

    async def status(self, host: str) -> StorageStatus:
        """Return a host's room."""
        return await self.get(host).request("host_status", Empty(), StorageStatus, timeout=3)

    async def list_snapshots(self, host: str, project_id: UUID, path: str | None) -> list[Snapshot]:
        """Return a project's snapshots, oldest first; with a path, those that hold it."""
        arguments = ListSnapshots(project_id=str(project_id), path=path)
        result = await self.get(host).request("list_snapshots", arguments, ListSnapshotsResult, timeout=60, work=True)
        return result.snapshots

    async def list_directory(self, host: str, asked: ListSnapshotDirectory) -> ListDirectoryResult:
        """Return what a folder held when a snapshot was taken."""
        return await self.get(host).request(
            "list_snapshot_directory", asked, ListDirectoryResult, timeout=60, work=True
        )

    async def read_file(self, host: str, asked: ReadSnapshotFile) -> ReadSnapshotFileResult:
        """Return a file's content when a snapshot was taken."""
        return await self.get(host).request("read_snapshot_file", asked, ReadSnapshotFileResult, timeout=60, work=True)
