"""Commands and files in a running project."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from lyceum_compute.protocol import messages
from lyceum_compute.protocol.messages import (
    ListDirectoryResult,
    ListSnapshotDirectory,
    Message,
    ReadSnapshotFile,
    ReadSnapshotFileResult,
    RestoreResult,
    Snapshot,
)
from lyceum_compute.protocol.names import bytes_of

from lyceum_hub.compute_client import ComputeHosts
from lyceum_hub.db.projects import Project
from lyceum_hub.errors import ConflictError, InvalidError, NotFoundError
from lyceum_hub.storage_client import StorageHosts

from .moves import for_host
from .projects import Projects

T = TypeVar("T", bound=Message)

#: Seconds that a restore waits for a closed project's files to come to its host.
OPEN_TIMEOUT = 300.0


def relative(path: str, field: str) -> str:
    """Return a path that stays below the home by its text; where its links lead is the project's host to judge.

    Raises ``InvalidError`` for one that is absolute or climbs, with the name of the field.
    """
    if path.startswith("/"):
        raise InvalidError("Paths are relative to the project's home.", field)
    if ".." in path.split("/"):
        raise InvalidError('A path must not have ".." in it.', field)
    if len(bytes_of(path)) > 4_096:
        raise InvalidError("The path is too long.", field)
    return path


class Files:
    """Commands, files and snapshots of projects. Whether the caller may is decided before."""

    def __init__(self, projects: Projects, compute: ComputeHosts, storage: StorageHosts) -> None:
        self._projects = projects
        self._compute = compute
        self._storage = storage

    async def call(
        self, project_id: UUID, operation: str, arguments: Message, result_type: type[T], *, timeout: float = 60
    ) -> T:
        """Return the result of one operation in the project. Raises ``ConflictError`` (``not_running``)."""
        project = await self._projects.get(project_id)
        host = project.compute_host
        if host is None:
            raise ConflictError("The project is not running. Start it first.", code="not_running")
        return await self._compute.in_project(host, project_id, operation, arguments, result_type, timeout=timeout)

    async def snapshots(self, project_id: UUID, path: str | None) -> list[Snapshot]:
        """Return a project's snapshots, oldest first; with a path, those that hold it."""
        if path is not None:
            path = relative(path, "path")
        project = await self._projects.get(project_id)
        if project.storage_host is None:
            return []
        return await self._storage.list_snapshots(project.storage_host, project_id, path)

    async def list_snapshot_directory(
        self, project_id: UUID, snapshot: str, path: str, *, hidden: bool
    ) -> ListDirectoryResult:
        """Return what a folder held when a snapshot was taken, whether the project runs or not."""
        asked = ListSnapshotDirectory(
            project_id=str(project_id), snapshot=snapshot, path=relative(path, "path"), hidden=hidden
        )
        return await self._storage.list_directory(await self._storage_host(project_id), asked)

    async def read_snapshot_file(self, project_id: UUID, snapshot: str, path: str) -> ReadSnapshotFileResult:
        """Return a file's content when a snapshot was taken, whether the project runs or not."""
        asked = ReadSnapshotFile(project_id=str(project_id), snapshot=snapshot, path=relative(path, "path"))
        return await self._storage.read_file(await self._storage_host(project_id), asked)

    async def _storage_host(self, project_id: UUID) -> str:
        host = (await self._projects.get(project_id)).storage_host
        if host is None:
            raise NotFoundError("The project has no snapshots yet.")
        return host

    async def restore(self, project_id: UUID, snapshot: str, path: str) -> RestoreResult:
        """Bring a path back as it was in a snapshot."""
        path = relative(path, "path")
        project = await self._projects.get(project_id)
        if project.compute_host is None:
            raise NotFoundError("The project has no snapshots yet.")
        project = await self._opened(project)
        return await self._compute.restore_path(project.compute_host or "", for_host(project), snapshot, path)

    async def _opened(self, project: Project) -> Project:
        opened = await self._projects.open(project, OPEN_TIMEOUT)
        if opened.state in {messages.State.CLOSED, messages.State.OPENING}:
            raise ConflictError(f"The project's files are not on its host yet. {self._projects.detail(opened)}".strip())
        return opened
