"""Visits to what a project serves: on which origin, as whom, and how a browser gets from one origin to the other."""

from __future__ import annotations

import secrets
from urllib.parse import quote
from uuid import UUID

import msgspec

from lyceum_hub.db import visits
from lyceum_hub.db.database import Database
from lyceum_hub.errors import NotFoundError, NotSignedInError
from lyceum_hub.settings import Settings

from .caller import hash_of
from .permissions import Permission, Permissions

#: What can be reached in a project: on the hub's origin, or on the project's own if it has one.
OURS = frozenset(["terminal", "files"])
STRANGERS = frozenset(["port", "raw"])
KINDS = OURS | STRANGERS

#: Seconds in which a browser must follow the redirection that carries a ticket.
TICKET_SECONDS = 30.0
#: Seconds after which a browser is sent for a new cookie, if its session has not ended before.
COOKIE_SECONDS = 30 * 86_400.0
#: Where in a query the ticket stands.
TICKET = "lyceum_ticket"


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One request to a project."""

    project_id: UUID
    kind: str
    target: str
    """Path and query, as the browser wrote them."""
    own_origin: bool
    """Whether the browser asked the project's own origin."""
    page: bool
    """Whether a person wants to read the answer: a redirection is followed."""
    session: str | None = None
    api_key: str | None = None
    cookie: str | None = None
    """The project's cookie."""


class Elsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """The browser is to ask there."""

    location: str
    cookie: str | None = None
    """The project's cookie, to be set before."""


class Visits:
    """Decides on each request to a project."""

    def __init__(self, database: Database, settings: Settings, permissions: Permissions) -> None:
        self._database = database
        self._settings = settings
        self._permissions = permissions

    async def decide(self, visit: Visit) -> Permission | Elsewhere:
        """Return leave to reach the project, or where the browser is to go instead. Raises ``HubError``."""
        if visit.own_origin:
            if visit.kind not in STRANGERS:
                raise NotFoundError("Projects have this on the site's own origin alone.")
            return await self._on_own_origin(visit)
        try:
            permission = await self._permissions.may_reach(
                visit.project_id, session=visit.session, api_key=visit.api_key
            )
        except NotSignedInError:
            if not visit.page or visit.api_key is not None:
                raise
            return Elsewhere(location=f"/sign-in?next={quote(visit.target.encode('latin-1'), safe='/')}")
        origin = self._settings.project_origin(visit.project_id)
        if origin is None or visit.kind in OURS:
            return permission
        ticket = await self._ticket(permission, visit.project_id)
        return Elsewhere(location=f"{origin}{_with_ticket(visit.target, ticket)}")

    async def _on_own_origin(self, visit: Visit) -> Permission | Elsewhere:
        target, ticket = _without_ticket(visit.target)
        if ticket is not None and (token := await self._cookie_for(ticket, visit.project_id)) is not None:
            return Elsewhere(location=target, cookie=token)
        try:
            permission = await self._permissions.may_reach(
                visit.project_id, session=None, api_key=visit.api_key, visitor=visit.cookie
            )
        except NotSignedInError:
            if not visit.page or visit.api_key is not None:
                raise
            return Elsewhere(location=f"{self._settings.main_origin()}{target}")
        return permission if ticket is None else Elsewhere(location=target)

    async def _ticket(self, permission: Permission, project_id: UUID) -> str:
        ticket = secrets.token_urlsafe(32)
        async with self._database.connection() as connection:
            await visits.insert_ticket(
                connection, hash_of(ticket), permission.token_hash, project_id, seconds=TICKET_SECONDS
            )
        return ticket

    async def _cookie_for(self, ticket: str, project_id: UUID) -> str | None:
        """Change a ticket for a cookie; None if it was used, is too old, or never was one for this project."""
        token = secrets.token_urlsafe(32)
        async with self._database.transaction() as connection:
            credential = await visits.take_ticket(connection, hash_of(ticket), project_id)
            if credential is None:
                return None
            await visits.insert_cookie(connection, hash_of(token), credential, project_id, seconds=COOKIE_SECONDS)
        return token


def _with_ticket(target: str, ticket: str) -> str:
    target, _ = _without_ticket(target)
    return f"{target}{'&' if '?' in target else '?'}{TICKET}={ticket}"


def _without_ticket(target: str) -> tuple[str, str | None]:
    """Return a target without the ticket in its query, and the ticket."""
    path, _, query = target.partition("?")
    parts = query.split("&") if query else []
    ticket = next((part.partition("=")[2] for part in parts if part.startswith(f"{TICKET}=")), None)
    rest = "&".join(part for part in parts if not part.startswith(f"{TICKET}="))
    return (f"{path}?{rest}" if rest else path), ticket
