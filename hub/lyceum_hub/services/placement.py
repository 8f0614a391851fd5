"""Which hosts a project goes to: the compute host with the most memory left, the storage host with the most room."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import msgspec
from lyceum_compute.protocol.messages import HostStatus, StorageStatus

from lyceum_hub.compute_client import ComputeHosts
from lyceum_hub.db import moves, projects
from lyceum_hub.db.database import Connection, Database
from lyceum_hub.db.projects import Committed, Project
from lyceum_hub.errors import HubError, UnavailableError, unknown_project
from lyceum_hub.storage_client import StorageHosts

log = logging.getLogger(__name__)

#: MB that must be left on a host's disk for it to take one more project.
LEAST_DISK = 1_000
WHAT_TO_DO = "Stop a project that you do not need at the moment, or try again later."


def full() -> HubError:
    """The answer when every host is full or takes nothing."""
    return HubError(
        "host_full", f"No compute host has room for the project at the moment. {WHAT_TO_DO}", retry_after=60
    )


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A compute host that answers."""

    status: HostStatus
    member: bool = False


def choose_compute(
    candidates: Sequence[Candidate], load: Sequence[Committed], *, memory: int, member: bool, disk: int = 0
) -> str | None:
    """Return the compute host for a project of so much ``memory`` and ``disk`` (MB), or None if none may be used.

    The one with the most memory that may still be promised; of equals, the one with the fewest projects. Hosts marked
    for members are for projects with ``member_host``, which go elsewhere only if none of these can take it. A host that
    drains, or lacks the memory or disk that the quota promises, is left out.
    """
    by_host = {entry.host: entry for entry in load}

    def room(candidate: Candidate) -> int:
        """MB, counting also what was placed there just now and the host does not know of yet."""
        status = candidate.status
        known = by_host.get(status.name)
        coming = max((known.memory if known else 0) - status.memory_committed, 0)
        left = status.memory_total - status.memory_committed if status.memory_room is None else status.memory_room
        return left - coming

    usable = [
        candidate
        for candidate in candidates
        if not candidate.status.draining
        and candidate.status.disk_available >= LEAST_DISK
        and (candidate.status.disk_room is None or candidate.status.disk_room >= disk)
        and room(candidate) >= memory
    ]
    if any(candidate.member for candidate in candidates):
        wanted = [candidate for candidate in usable if candidate.member == member]
        usable = wanted or (usable if member else [])

    def rank(candidate: Candidate) -> tuple[int, int, str]:
        known = by_host.get(candidate.status.name)
        return (room(candidate), -(known.projects if known else 0), candidate.status.name)

    return max(usable, key=rank).status.name if usable else None


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
            host = choose_compute(compute, load, memory=quota.memory, member=quota.member_host, disk=quota.disk)
            store = choose_storage(storage)
            if host is None and compute:
                raise full()
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

    async def elsewhere(self, project: Project) -> str | None:
        """Return another compute host that could take a project now, or None."""
        candidates = [host for host in await self._compute_candidates() if host.status.name != project.compute_host]
        async with self._database.connection() as connection:
            return await self._choose(connection, candidates, project)

    @staticmethod
    async def _choose(connection: Connection, candidates: Sequence[Candidate], project: Project) -> str | None:
        quota, load = project.quota, await projects.committed(connection)
        return choose_compute(candidates, load, memory=quota.memory, member=quota.member_host, disk=quota.disk)

    async def draining(self) -> list[str]:
        """Return the compute hosts that are to be empty."""
        return [host.status.name for host in await self._compute_candidates() if host.status.draining]

    async def begin_move(self, project: Project, target: str) -> bool:
        """Keep room for a project where it goes to; return whether there is, it rests, and nobody else moves it."""
        candidates = [host for host in await self._compute_candidates() if host.status.name == target]
        async with self._database.transaction() as connection:
            await projects.lock_placement(connection)
            if await self._choose(connection, candidates, project) is None:
                return False
            return await moves.begin(connection, project.project_id, project.compute_host or "", target)

    def misplaced(self, project: Project) -> bool:
        """Whether a project is on a host for members without being one, or the other way round."""
        members = {host.name for host in self._compute if host.settings.member}
        return bool(members) and (project.compute_host in members) != project.quota.member_host

    def fitting(self, project: Project, host: str) -> bool:
        """Whether a host is of the kind that a project is to be on."""
        return self._compute.get(host).settings.member == project.quota.member_host

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
