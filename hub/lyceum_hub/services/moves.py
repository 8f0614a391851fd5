"""Moving a project that rests to another compute host: wholly, or not at all.

The new host gets the copy while the project is still where it was. Both hosts then say what they hold. If that is the
same, the old host sets its files aside (it keeps them for some days), and only then is the project placed on the new
one. Whatever falls on the way, the project is whole on one of the two, or closed with all of it on the storage host.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from lyceum_compute.protocol import messages
from lyceum_compute.protocol.messages import State

from lyceum_hub.compute_client import ComputeHosts
from lyceum_hub.db import moves, projects
from lyceum_hub.db.database import Database
from lyceum_hub.db.projects import Project
from lyceum_hub.errors import ConflictError, HubError, UnavailableError, unknown_project

from .accounting import Accounting
from .placement import Placement
from .states import States

log = logging.getLogger(__name__)

#: Seconds between two looks at hosts that are to be empty.
EVERY = 15.0
BUSY = "it is being moved already, or was changed meanwhile; try again"


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
        placement: Placement,
        states: States,
        accounting: Accounting,
    ) -> None:
        self._database = database
        self._compute = compute
        self._placement = placement
        self._states = states
        self._accounting = accounting

    async def run(self) -> None:
        """Empty the hosts that drain, one project after the other, until cancelled."""
        while True:
            await asyncio.sleep(EVERY * random.uniform(0.7, 1.3))  # noqa: S311 not for secrets
            try:
                for host in await self._placement.draining():
                    await self._empty(host)
            except HubError as error:
                log.info("%s", error.message, extra={"action": "move"})
            except Exception:  # the boundary of the loop
                log.exception("a round failed", extra={"action": "move"})

    async def _empty(self, host: str) -> None:
        """Move what rests on a host, as long as others have room."""
        async with self._database.connection() as connection:
            resting = await moves.resting_on(connection, host)
        for project_id in resting:
            project = await self._find(project_id)
            target = await self._placement.elsewhere(project)
            if target is None or project.compute_host != host:
                continue
            try:
                await self.move(project, target)
            except HubError as error:  # it stays where it is, and the next round tries again
                log.warning("%s", error.message, extra={"action": "move", "project": str(project_id)})

    async def move(self, project: Project, target: str) -> Project:
        """Move a project that rests; return it as it is then. If that fails it stays where it is."""
        async with self._moving(project, target):
            if project.state == State.CLOSED:
                await self._place(project, target)
            else:
                snapshot = await self._bring(project, target)
                await self._place(project, target)
                await self._accept(project, target, snapshot)
        log.info(
            "moved from %s",
            project.compute_host,
            extra={"action": "move", "project": str(project.project_id), "host": target},
        )
        return await self._find(project.project_id)

    async def _bring(self, project: Project, target: str) -> str:
        """Have a copy received, compared, and the original set aside; return the copy's snapshot."""
        old, asked = project.compute_host or "", for_host(project)
        saved = await self._compute.save(old, asked)
        here = await self._compute.manifest(old, asked)
        there = await self._compute.receive_copy(target, asked, saved.snapshot)
        if there.digest != here.digest:
            log.error(
                "%s has %s, %s has %s", old, here, target, there, extra={"action": "move", "project": asked.project_id}
            )
            raise UnavailableError(f"the copy on {target} is not the same as the files on {old}")
        state = await self._compute.set_aside(old, asked, here.changed)
        await self._states.apply(old, state)
        if state.state != State.CLOSED:
            raise UnavailableError(f"{old} did not give it away: {state.detail or state.state}")
        return saved.snapshot

    async def _place(self, project: Project, target: str) -> None:
        old = project.compute_host or ""
        try:
            await self._accounting.read(old)
        except HubError as error:  # what is not read now is read later
            log.info("%s", error.message, extra={"action": "accounting", "host": old})
        async with self._database.transaction() as connection:
            if not await moves.finish(connection, project.project_id, old, target):
                raise ConflictError(BUSY)

    async def _accept(self, project: Project, target: str, snapshot: str) -> None:
        """Have what was received taken for the project. Without that the project is closed, and fetched as it opens."""
        try:
            await self._states.apply(target, await self._compute.accept_copy(target, for_host(project), snapshot))
        except HubError as error:
            log.info("%s", error.message, extra={"action": "move", "project": str(project.project_id)})

    @asynccontextmanager
    async def _moving(self, project: Project, target: str) -> AsyncIterator[None]:
        """Let nobody else move the project meanwhile. Raises ``ConflictError``."""
        if not await self._placement.begin_move(project, target):
            raise ConflictError(BUSY)
        going_on = asyncio.create_task(self._go_on(project.project_id, target))
        try:
            yield
        finally:
            going_on.cancel()
            async with self._database.connection() as connection:
                await moves.end(connection, project.project_id, target)

    async def _go_on(self, project_id: UUID, target: str) -> None:
        while True:
            await asyncio.sleep(moves.LEASE / 4)
            try:
                async with self._database.connection() as connection:
                    await moves.go_on(connection, project_id, target)
            except HubError as error:
                log.info("%s", error.message, extra={"action": "move", "project": str(project_id)})

    async def _find(self, project_id: UUID) -> Project:
        async with self._database.connection() as connection:
            found = await projects.find(connection, project_id)
        if found is None:
            raise unknown_project()
        return found
