"""Moving a project that rests to another compute host: wholly, or not at all."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from uuid import UUID

from lyceum_compute.protocol import messages
from lyceum_compute.protocol.messages import State

from lyceum_hub.compute_client import ComputeHosts
from lyceum_hub.db import projects
from lyceum_hub.db.database import Database
from lyceum_hub.db.projects import Project
from lyceum_hub.errors import HubError, UnavailableError, unknown_project
from lyceum_hub.storage_client import StorageHosts

from .accounting import Accounting
from .placement import Placement
from .states import States

log = logging.getLogger(__name__)

#: Seconds that a host may take to save a project and remove it.
CLOSE_TIMEOUT = 3_600.0


def for_host(project: Project) -> messages.Project:
    """Return what a compute host must know of a placed project."""
    return messages.Project(
        project_id=str(project.project_id),
        uid=project.uid,
        storage_host=project.storage_host or "",
        quota=project.quota,
        quota_revision=project.quota_revision,
    )


class Moves:
    """Moves projects."""

    def __init__(
        self,
        database: Database,
        *,
        compute: ComputeHosts,
        storage: StorageHosts,
        placement: Placement,
        states: States,
        accounting: Accounting,
    ) -> None:
        self._database = database
        self._compute = compute
        self._storage = storage
        self._placement = placement
        self._states = states
        self._accounting = accounting
        self._under_way: set[UUID] = set()

    async def start_on(self, project: Project, target: str, start: Callable[[Project], Awaitable[None]]) -> None:
        """Move a project and start it there. If that fails it stays where it is, and says why."""
        key = project.project_id
        if key in self._under_way:
            return
        self._under_way.add(key)
        try:
            moved = await self._move(project, target)
            await start(moved)
        except HubError as error:
            async with self._database.connection() as connection:
                await projects.set_detail(connection, key, f"could not be started on {target}: {error.message}")
            raise
        finally:
            self._under_way.discard(key)

    async def _move(self, project: Project, target: str) -> Project:
        """Save, ask the storage host for the copy, remove from the old host, and place on the new one."""
        old = project.compute_host or ""
        if project.state != State.CLOSED:
            saved = await self._compute.save(old, for_host(project))
            await self._verify(project, saved.snapshot)
            begun = await self._compute.change(old, "close", for_host(project))
            await self._states.apply(old, begun)
            project = await self._states.wait(project.project_id, _closed_or_failed(begun), CLOSE_TIMEOUT)
            if project.state != State.CLOSED:
                raise UnavailableError(f"{old} did not give it away: {project.state_detail or project.state}")
        await self._accounting.read(old)
        if not await self._placement.replace(project, target):
            raise UnavailableError("it was changed by somebody else meanwhile; try again")
        log.info("moved from %s", old, extra={"action": "move", "project": str(project.project_id), "host": target})
        async with self._database.connection() as connection:
            found = await projects.find(connection, project.project_id)
        if found is None:
            raise unknown_project()
        return found

    async def _verify(self, project: Project, snapshot: str) -> None:
        """Raise ``HubError`` unless the storage host itself has the copy that the compute host says it made."""
        found = await self._storage.list_snapshots(project.storage_host or "", project.project_id, None)
        if snapshot not in {one.name for one in found}:
            raise UnavailableError(f"{project.storage_host} does not have the copy of it")


def _closed_or_failed(begun: messages.ProjectState) -> Callable[[Project], bool]:
    def reached(project: Project) -> bool:
        if project.state == State.CLOSED:
            return True
        return project.state == State.OPENED and project.state_changed > begun.changed and bool(project.state_detail)

    return reached
