"""Whether a session may reach a project, and where the project is: asked for each connection to one."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

import msgspec

from lyceum_hub.db.changes import AccountChanged, Change, CredentialEnded, EverythingChanged, PersonLeft, ProjectChanged
from lyceum_hub.errors import ConflictError, NotSignedInError

from .caller import Caller, hash_of
from .projects import LIVE, Projects
from .sessions import Sessions

#: Seconds for which a permission is remembered, if no change is heard that touches it.
REMEMBERED = 3.0
MOST_REMEMBERED = 10_000


#: What was shown (a session, an API key, a project's cookie), its hash, and the project.
_Key = tuple[str, bytes, UUID]


class Permission(msgspec.Struct, frozen=True, kw_only=True):
    """Leave to reach a project on its host."""

    host: str
    account_id: UUID
    name: str
    """What the others in the project may call the person."""
    token_hash: bytes
    """Of the session or API key that it hangs on, also where a project's cookie was shown."""
    until: float


class Permissions:
    """Remembers permissions for a moment, and forgets them on a change."""

    def __init__(self, sessions: Sessions, projects: Projects) -> None:
        self._sessions = sessions
        self._projects = projects
        self._remembered: dict[_Key, Permission] = {}
        self._generation = 0

    async def may_reach(
        self, project_id: UUID, *, session: str | None, api_key: str | None, visitor: str | None = None
    ) -> Permission:
        """Return the permission. Raises ``HubError``: not signed in, not found, not running, unavailable.

        ``visitor`` is the token of a project's own cookie, which is good for that project alone.
        """
        token = api_key or session or visitor
        if token is None:
            raise NotSignedInError
        kind = "api_key" if api_key else "session" if session else "visitor"  # one is never good as another
        key = (kind, hash_of(token), project_id)
        known = self._remembered.get(key)
        if known is not None and known.until > time.monotonic():
            return known
        generation = self._generation
        asked = time.monotonic()
        caller = await self._caller(kind, token, project_id)
        if caller is None:
            raise NotSignedInError
        permission = await self._permission(caller, project_id, asked)
        if generation == self._generation:  # nothing has changed while the database was asked
            self._remember(key, permission)
        return permission

    async def _caller(self, kind: str, token: str, project_id: UUID) -> Caller | None:
        if kind == "api_key":
            return await self._sessions.of_api_key(token)
        if kind == "session":
            return await self._sessions.of_session(token)
        return await self._sessions.of_visitor(token, project_id)

    async def _permission(self, caller: Caller, project_id: UUID, asked: float) -> Permission:
        await self._projects.role(caller, project_id)
        project = await self._projects.get(project_id)
        if project.compute_host is None or project.state not in LIVE:
            raise ConflictError("The project is not running.", code="not_running")
        # Whether its daemon answers does not matter: the gateway beside it does without.
        return Permission(
            host=project.compute_host,
            account_id=caller.account_id,
            name=project.name_of(caller.account_id) or "Administrator",
            token_hash=caller.token_hash,
            until=asked + REMEMBERED,
        )

    def _remember(self, key: _Key, permission: Permission) -> None:
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[key] = permission

    def heard(self, change: Change) -> None:
        """Forget what a change may have made wrong."""
        self._generation += 1
        match change:
            case ProjectChanged(project_id):
                self._forget(lambda key, _: key[2] == project_id)
            case PersonLeft(project_id, _):
                self._forget(lambda key, _: key[2] == project_id)
            case AccountChanged(account_id):
                self._forget(lambda _, permission: permission.account_id == account_id)
            case CredentialEnded(token_hash, _):
                self._forget(lambda _, permission: permission.token_hash == token_hash)
            case EverythingChanged():
                self._remembered.clear()

    def _forget(self, wrong: Callable[[_Key, Permission], bool]) -> None:
        for key in [key for key, permission in self._remembered.items() if wrong(key, permission)]:
            del self._remembered[key]
