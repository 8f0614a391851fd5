"""SSH: public keys of people and projects, and who may come in with one."""

from __future__ import annotations

import secrets
from uuid import UUID

import msgspec

from lyceum_hub.compute_client import ComputeHosts
from lyceum_hub.db import ssh_keys
from lyceum_hub.db.database import Connection, Database
from lyceum_hub.db.ssh_keys import Entrance, SshKey
from lyceum_hub.errors import ConflictError, ForbiddenError, NotFoundError

from . import ssh_format, texts
from .caller import Caller
from .projects import LIVE, Projects

MOST_KEYS = 100
#: Seconds for a project to start that somebody comes to.
START_WAIT = 300.0


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """The way to a project that runs: its host, and what its gateway expects to be shown, once and soon."""

    host: str
    ticket: str


class Ssh:
    """Keys, and what they open."""

    def __init__(self, database: Database, service: Projects, compute: ComputeHosts) -> None:
        self._database = database
        self._projects = service
        self._compute = compute

    # Keys.

    async def add(self, caller: Caller, *, title: str, key: str, project_id: UUID | None) -> SshKey:
        """Add a key to the caller's account, or to a project of which the caller is one of the people."""
        parsed = ssh_format.read(key)
        title = texts.line(title or parsed.comment[:100] or "SSH key", "title", least=1, most=100)
        account_id: UUID | None = caller.account_id
        if project_id is not None and await self._projects.role(caller, project_id) == "administrator":
            account_id = None
        async with self._database.transaction() as connection:
            await ssh_keys.lock_owner(connection, project_id or caller.account_id)
            present = await self._of(connection, caller, project_id)
            if len(present) >= MOST_KEYS:
                raise ConflictError(f"There can be {MOST_KEYS} SSH keys here. Delete one first.")
            added = await ssh_keys.insert(
                connection,
                account_id=account_id,
                project_id=project_id,
                title=title,
                algorithm=parsed.algorithm,
                blob=parsed.blob,
            )
        if added is None:
            same = next((one.title for one in present if one.blob == parsed.blob), "")
            raise ConflictError(f"This key is here already, as “{same}”.")
        return added

    async def listed(self, caller: Caller, project_id: UUID | None) -> list[SshKey]:
        """Return the caller's own keys, or a project's to one of its people."""
        if project_id is not None:
            await self._projects.role(caller, project_id)
        async with self._database.connection() as connection:
            return await self._of(connection, caller, project_id)

    @staticmethod
    async def _of(connection: Connection, caller: Caller, project_id: UUID | None) -> list[SshKey]:
        if project_id is not None:
            return await ssh_keys.of_project(connection, project_id)
        return await ssh_keys.of_account(connection, caller.account_id)

    async def delete(self, caller: Caller, ssh_key_id: UUID) -> None:
        """Take one of the caller's own keys away, or one of a project of which the caller is one of the people.

        The connections that were opened with it are ended by every hub that hears of it (``People.heard``).
        """
        async with self._database.connection() as connection:
            key = await ssh_keys.find(connection, ssh_key_id)
        if key is None:
            raise _unknown_key()
        if key.project_id is None:
            if key.account_id != caller.account_id:
                raise _unknown_key()
        else:
            try:
                await self._projects.role(caller, key.project_id)
            except NotFoundError:
                raise _unknown_key() from None
        async with self._database.connection() as connection:
            if not await ssh_keys.delete(connection, ssh_key_id):
                raise _unknown_key()

    # Coming in.

    async def entrance(self, project_id: UUID, blob: bytes) -> Entrance:
        """Return how a key opens a project. Raises ``ForbiddenError``, the same for whatever is wrong or not there."""
        async with self._database.connection() as connection:
            found = await ssh_keys.entrance(connection, project_id, blob)
        if found is None:
            raise ForbiddenError("This key does not open this project.")
        return found

    async def way(self, project_id: UUID, blob: bytes) -> Way:
        """Return the way to a project for somebody who proved to have a key; the project is started if it does not run.

        Raises ``HubError``.
        """
        await self.entrance(project_id, blob)
        project = await self._projects.get(project_id)
        if project.state not in LIVE:
            project = await self._projects.start(project_id, START_WAIT)
        if project.compute_host is None or project.state not in LIVE:
            reason = self._projects.detail(project) or f"it is {project.state}"
            raise ConflictError(f"The project could not be started: {reason}.", code="not_running")
        found = await self.entrance(project_id, blob)  # once more: a start may take minutes
        if found.unnoted:
            async with self._database.connection() as connection:
                await ssh_keys.note_used(connection, found.ssh_key_id)
        way = Way(host=project.compute_host, ticket=secrets.token_urlsafe(32))
        holders = [str(holder) for holder in (found.account_id, found.ssh_key_id) if holder is not None]
        await self._compute.admit_connection(way.host, project_id, way.ticket, holders)
        return way


def _unknown_key() -> NotFoundError:
    return NotFoundError("There is no such SSH key.")
