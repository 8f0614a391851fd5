"""Which hosts a project goes to: the compute host with the most memory left, the storage host with the most room."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import msgspec
from lyceum_compute.protocol.messages import HostStatus, StorageStatus

from lyceum_hub.compute_client import ComputeHosts
from lyceum_hub.db import projects
from lyceum_hub.db.database import Database
from lyceum_hub.db.projects import Committed, Project
from lyceum_hub.errors import HubError, UnavailableError, unknown_project
from lyceum_hub.storage_client import StorageHosts

log = logging.getLogger(__name__)

#: MB that must be left on a host's disk for it to take one more project.
LEAST_DISK = 1_000


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A compute host that answers."""

    status: HostStatus
    member: bool = False


def choose_compute(
    candidates: Sequence[Candidate], load: Sequence[Committed], *, memory: int, member: bool
) -> str | None:
    """Return the compute host for a project of so much ``memory`` (MB), or None if none may be used.

    The one with the most memory that no quota has a claim on; of equals, the one with the fewest projects. Hosts marked
    for members are for projects with ``member_host``, which go elsewhere only if there is none. A host that drains or
    whose disk is full is left out; one whose memory is all promised is not, for most projects need little of theirs.
    """
    by_host = {entry.host: entry for entry in load}
    usable = [
        candidate
        for candidate in candidates
        if not candidate.status.draining
        and candidate.status.disk_available >= LEAST_DISK
        and candidate.status.memory_total >= memory
    ]
    if any(candidate.member for candidate in usable):
        wanted = [candidate for candidate in usable if candidate.member == member]
        usable = wanted or (usable if member else [])

    def room(candidate: Candidate) -> tuple[int, int, str]:
        status = candidate.status
        known = by_host.get(status.name)
        promised = max(status.memory_committed, known.memory if known else 0)
        return (status.memory_total - promised, -(known.projects if known else 0), status.name)

    return max(usable, key=room).status.name if usable else None


def choose_storage(statuses: Sequence[StorageStatus]) -> str | None:
    """Return the storage host with the most room, or None."""
    usable = [status for status in statuses if status.disk_available >= LEAST_DISK]
    return max(usable, key=lambda status: (status.disk_available, status.name)).name if usable else None


class Placement:
    """Gives projects their hosts, when they are first needed."""

    def __init__(self, database: Database, compute: ComputeHosts, storage: StorageHosts) -> None:
        self._database = database
        self._compute = compute
        self._storage = storage

    async def placed(self, project: Project) -> Project:
        """Return the project with its hosts; it is given them if it has none.

        Two hubs at once decide one after the other, and the second finds what the first decided. Raises
        ``UnavailableError``.
        """
        if project.compute_host is not None:
            return project
        compute, storage = await asyncio.gather(self._compute_candidates(), self._storage_statuses())
        async with self._database.transaction() as connection:
            await projects.lock_placement(connection)
            load = await projects.committed(connection)
            quota = project.quota
            host = choose_compute(compute, load, memory=quota.memory, member=quota.member_host)
            store = choose_storage(storage)
            if host is None or store is None:
                lacking = "compute" if host is None else "storage"
                raise UnavailableError(f"No {lacking} host can take the project at the moment. Try again later.", 30)
            await projects.place(connection, project.project_id, host, store)
            found = await projects.find(connection, project.project_id)
        if found is None:
            raise unknown_project()
        log.info(
            "placed a project",
            extra={"action": "place", "project": str(project.project_id), "host": found.compute_host},
        )
        return found

    async def _compute_candidates(self) -> list[Candidate]:
        async def ask(name: str, *, member: bool) -> Candidate | None:
            try:
                return Candidate(status=await self._compute.status(name), member=member)
            except HubError:
                return None

        hosts = [host for host in self._compute if host.connected]
        found = await asyncio.gather(*(ask(host.name, member=host.settings.member) for host in hosts))
        return [candidate for candidate in found if candidate is not None]

    async def _storage_statuses(self) -> list[StorageStatus]:
        async def ask(name: str) -> StorageStatus | None:
            try:
                return await self._storage.status(name)
            except HubError:
                return None

        found = await asyncio.gather(*(ask(host.name) for host in self._storage if host.connected))
        return [status for status in found if status is not None]
