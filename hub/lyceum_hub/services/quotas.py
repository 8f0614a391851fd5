"""Quotas: what a site allows, what administrators give, and what owners ask for."""

from __future__ import annotations

import logging
from uuid import UUID

from lyceum_compute.protocol.messages import QUOTA_BOUNDS, Quota, State

from lyceum_hub.compute_client import ComputeHosts
from lyceum_hub.db import projects, usage
from lyceum_hub.db.database import Database
from lyceum_hub.db.projects import Project
from lyceum_hub.db.usage import QuotaRequest
from lyceum_hub.errors import ForbiddenError, HubError, InvalidError, NotFoundError, unknown_project
from lyceum_hub.settings import QuotaSettings

from . import texts
from .caller import Caller

log = logging.getLogger(__name__)


class Quotas:
    """What can be done with quotas. Whether the caller is one of the project's people is decided before."""

    def __init__(self, database: Database, settings: QuotaSettings, compute: ComputeHosts) -> None:
        self._database = database
        self._settings = settings
        self._compute = compute

    @property
    def maximum(self) -> Quota:
        """The most that can be given on this site."""
        return changed_quota(Quota(), {name: getattr(self._settings.maximum, name) for name in Quota.__struct_fields__})

    async def set(self, project_id: UUID, changes: dict[str, object]) -> tuple[Quota, bool]:
        """Change some of a project's quotas; return all of them, and whether the project's host has them by now.

        The host comes first, so that what it has no room for is refused and stays as it was. One that cannot be
        reached is told when it is back.
        """
        async with self._database.connection() as connection:
            project = await projects.find(connection, project_id)
            revision = await projects.next_quota_revision(connection)
        if project is None:
            raise unknown_project()
        quota = checked_quota(changed_quota(project.quota, changes), self._settings.maximum)
        applied = await self._apply(project, quota, revision)
        async with self._database.transaction() as connection:
            await projects.lock(connection, project_id)
            project = await projects.find(connection, project_id)
            if project is None:
                raise unknown_project()
            wanted = checked_quota(changed_quota(project.quota, changes), self._settings.maximum)
            overtaken = wanted != quota or project.quota_revision > revision
            if overtaken:
                revision = await projects.next_quota_revision(connection)
            await projects.set_quota(connection, project_id, wanted, revision)
            await usage.close_request(connection, project_id)
        if overtaken:
            applied = await self._apply(project, wanted, revision)
        return wanted, applied

    async def _apply(self, project: Project, quota: Quota, revision: int) -> bool:
        host, project_id = project.compute_host, project.project_id
        if host is None or project.state == State.CLOSED:
            return True
        try:
            await self._compute.set_quotas(host, project_id, quota, revision)
        except HubError as error:
            if error.code == "host_full":
                message = f"{host} cannot promise that: {error.message}. Stop the project first; it may move elsewhere."
                raise HubError("host_full", message) from error
            if error.code not in {"unavailable", "timed_out", "not_found"}:
                raise
            log.info("%s", error.message, extra={"action": "set_quotas", "host": host, "project": str(project_id)})
            return error.code == "not_found"  # it has nothing of the project: the next start brings the quotas along
        return True

    async def ask(
        self, caller: Caller, role: str, project_id: UUID, changes: dict[str, object], reason: str
    ) -> QuotaRequest:
        """Ask the administrators for other quotas."""
        if role == "collaborator":
            raise ForbiddenError("Only the project's owners ask for quotas.")
        if not changes:
            raise InvalidError("Say which quota shall be what, for instance memory.")
        reason = texts.paragraph(reason, "reason", most=2_000)
        async with self._database.transaction() as connection:
            project = await projects.find(connection, project_id)
            if project is None:
                raise unknown_project()
            checked_quota(changed_quota(project.quota, changes), self._settings.maximum)
            await usage.request(connection, project_id, caller.account_id, changes, reason)
            return (await usage.requests(connection, project_id))[0]

    async def requests(self) -> list[QuotaRequest]:
        """Return all that is asked for, oldest first."""
        async with self._database.connection() as connection:
            return await usage.requests(connection)

    async def decline(self, project_id: UUID) -> None:
        """Take what is asked for off the list. Raises ``NotFoundError``."""
        async with self._database.connection() as connection:
            if not await usage.close_request(connection, project_id):
                raise NotFoundError("Nothing is asked for, for this project.")


def changed_quota(quota: Quota, changes: dict[str, object]) -> Quota:
    """Return the quota with some of its values replaced."""
    values = {name: getattr(quota, name) for name in Quota.__struct_fields__}
    return Quota(**(values | changes))


def checked_quota(quota: Quota, maximum: Quota) -> Quota:
    """Return the quota. Raises ``InvalidError``, naming the value that is beyond the maximum or makes no sense."""
    for name in Quota.__struct_fields__:
        value, most = getattr(quota, name), getattr(maximum, name)
        if isinstance(value, bool):
            if value and not most:
                raise InvalidError(f"{name} is not to be had on this site.", name)
            continue
        least = QUOTA_BOUNDS[name][0]
        if value > most:
            raise InvalidError(f"{name} can be at most {most:.12g} on this site: the hub's settings say so.", name)
        if not value >= least:
            raise InvalidError(f"{name} must be at least {least:.12g}.", name)
    return quota
