"""Who works in a project."""

from __future__ import annotations

import asyncio
import logging
from uuid import UUID

from lyceum_hub.compute_client import ComputeHosts
from lyceum_hub.db import accounts, projects
from lyceum_hub.db.changes import AccountChanged, Change, CredentialEnded, PersonLeft, SshKeyEnded
from lyceum_hub.db.database import Connection, Database
from lyceum_hub.errors import ConflictError, ForbiddenError, HubError, InvalidError, NotFoundError, unknown_project
from lyceum_hub.settings import Settings

from . import texts
from .background import Background
from .caller import Caller, name_of

log = logging.getLogger(__name__)

MOST_PEOPLE = 500
#: Seconds until connections are dropped once more: by then no permission remembered from before lets anybody in.
DROP_AGAIN = 3.5


class People:
    """Inviting and removing. Whether the caller works in the project is decided before."""

    def __init__(self, database: Database, settings: Settings, compute: ComputeHosts, background: Background) -> None:
        self._database = database
        self._settings = settings
        self._compute = compute
        self._background = background

    async def invite(self, caller: Caller, role: str, project_id: UUID, *, who: UUID | str, new_role: str) -> bool:
        """Let somebody work in the project, by account id or address of e-mail; only an owner makes owners.

        Return False if there is no account with that address yet: then the invitation waits for one.
        """
        if new_role == "owner" and role == "collaborator":
            raise ForbiddenError("Only an owner of the project can make somebody else one.")
        email = texts.email_address(who) if isinstance(who, str) else None
        async with self._database.transaction() as connection:
            await projects.lock(connection, project_id)
            await self._check_room(connection, project_id)
            if email is not None:
                account = await accounts.find_by_email(connection, email)
                if account is None:
                    days = self._settings.invitation_days
                    await projects.invite(
                        connection, project_id, email, new_role, invited_by=caller.account_id, days=days
                    )
                    return False
            else:
                account = await accounts.find(connection, UUID(str(who)))
            if account is None or account.disabled:
                raise NotFoundError("There is no such account.")
            if (
                not await projects.add_person(connection, project_id, account.account_id, new_role)
                and new_role == "owner"
            ):
                await projects.set_role(connection, project_id, account.account_id, "owner")
        return True

    @staticmethod
    async def _check_room(connection: Connection, project_id: UUID) -> None:
        project = await projects.find(connection, project_id)
        if project is None:
            raise unknown_project()
        if len(project.users) >= MOST_PEOPLE:
            raise ConflictError(f"A project can have {MOST_PEOPLE} people.")

    async def remove(self, caller: Caller, role: str, project_id: UUID, *, who: UUID | str) -> None:
        """Take somebody out of the project: owners anyone but the only owner, others only themselves.

        The open connections of whoever is removed are ended by every hub that hears of it (``heard``).
        """
        async with self._database.transaction() as connection:
            await projects.lock(connection, project_id)
            project = await projects.find(connection, project_id)
            if project is None:
                raise unknown_project()
            email = texts.email_address(who) if isinstance(who, str) else None
            person = next((p for p in project.users if who == p.account_id or email == p.email_address), None)
            if role == "collaborator" and (person is None or person.account_id != caller.account_id):
                raise ForbiddenError("Only an owner of the project can remove others.")
            if person is None:
                if email is not None and await projects.withdraw_invitation(connection, project_id, email):
                    return
                raise NotFoundError("This person does not work in the project.")
            owners = [p for p in project.users if p.role == "owner"]
            if person.role == "owner" and len(owners) == 1:
                raise ConflictError("The project's only owner cannot be removed. Make somebody else an owner first.")
            await projects.remove_person(connection, project_id, person.account_id)

    # What follows from changes, whoever made them.

    def heard(self, change: Change) -> None:
        """End the connections of who may have them no more."""
        match change:
            case PersonLeft(project_id, account_id):
                self._background.start(self._drop_from(project_id, account_id), f"drop from {project_id}")
            case CredentialEnded(token_hash, account_id):
                drop = self._drop_everywhere(account_id, name_of(token_hash))
                self._background.start(drop, "drop after the end of a session")
            case SshKeyEnded():
                self._background.start(self._drop_of_key(change), "drop after the end of an SSH key")
            case AccountChanged(account_id):
                self._background.start(self._drop_if_disabled(account_id), "drop if disabled")

    async def _drop_from(self, project_id: UUID, holder: UUID) -> None:
        async with self._database.connection() as connection:
            project = await projects.find(connection, project_id)
        if project is not None and project.compute_host is not None:
            await self._drop([(project_id, project.compute_host)], holder)

    async def _drop_of_key(self, key: SshKeyEnded) -> None:
        if key.project_id is not None:
            await self._drop_from(key.project_id, key.ssh_key_id)
        elif key.account_id is not None:
            async with self._database.connection() as connection:
                places = await projects.hosts_of_account(connection, key.account_id)
            await self._drop(places, key.ssh_key_id)

    async def _drop_everywhere(self, account_id: UUID, credential: str | None = None) -> None:
        async with self._database.connection() as connection:
            places = await projects.hosts_of_account(connection, account_id)
        await self._drop(places, account_id, credential)

    async def _drop_if_disabled(self, account_id: UUID) -> None:
        async with self._database.connection() as connection:
            account = await accounts.find(connection, account_id)
        if account is None or account.disabled:
            await self._drop_everywhere(account_id)

    async def _drop(self, places: list[tuple[UUID, str]], holder: UUID, credential: str | None = None) -> None:
        """End the connections of an account (perhaps of one session alone), or of an SSH key."""
        for again in (DROP_AGAIN, None):
            for project_id, host in places:
                try:
                    await self._compute.drop_connections(host, project_id, holder, credential)
                except HubError as error:
                    log.warning(
                        "connections could not be dropped: %s",
                        error.message,
                        extra={"action": "drop_connections", "project": str(project_id), "host": host},
                    )
            if again is not None:
                await asyncio.sleep(again)


def one_of(account_id: UUID | None, email_address: str | None) -> UUID | str:
    """Return the one of the two that is given. Raises ``InvalidError`` unless it is exactly one."""
    if account_id is not None and email_address is None:
        return account_id
    if email_address is not None and account_id is None:
        return email_address
    raise InvalidError("Say who by either account_id or email_address.", "email_address")
