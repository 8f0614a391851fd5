"""One person's visit: whose project, which key, and the end."""

from __future__ import annotations

import base64
import hashlib
import logging
from uuid import UUID

import asyncssh
from asyncssh.connection import SSHConnection

from .admission import Admission, Visit
from .hubs import Hubs, UnavailableError

log = logging.getLogger(__name__)

#: Different keys (and projects) that one connection may try: agents hold many.
MOST_TRIES = 20


def project_of(username: str) -> UUID | None:
    """Return the project that somebody logs in to, by its id with or without dashes."""
    try:
        project_id = UUID(username)
    except ValueError:
        return None
    return project_id if username.lower() in {str(project_id), project_id.hex} else None


def fingerprint(key: bytes) -> str:
    """Return a key's fingerprint as OpenSSH writes it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


class Login(asyncssh.SSHServer):
    """What AsyncSSH asks of a server about one connection."""

    def __init__(self, hubs: Hubs, admission: Admission, visit: Visit, people: set[SSHConnection]) -> None:
        self._hubs = hubs
        self._people = people
        self._admission = admission
        self._visit = visit
        self._connection: asyncssh.SSHServerConnection | None = None
        self._answers: dict[tuple[UUID, bytes], bool] = {}
        self._shown: tuple[UUID, bytes] | None = None
        self.project: SSHConnection | None = None

    @property
    def shown(self) -> tuple[UUID, bytes]:
        """The project and the key with which the person logged in."""
        if self._shown is None or not self._visit.known:
            raise RuntimeError("nobody has logged in")
        return self._shown

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Begin."""
        self._connection = conn
        self._people.add(conn)

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 nobody gets in without a key
        """Ask for a key."""
        return True

    def public_key_auth_supported(self) -> bool:
        """Keys are the one way in."""
        return True

    async def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Return whether a key opens the project. Called to ask, and again with the proof of having the key."""
        project_id = project_of(username)
        if project_id is None or self._connection is None:
            return False
        asked = project_id, key.public_data
        if asked not in self._answers:
            if len(self._answers) >= MOST_TRIES:
                reason = f"Lyceum: {MOST_TRIES} keys were tried. Name the right one: ssh -o IdentitiesOnly=yes -i FILE"
                raise asyncssh.DisconnectError(asyncssh.DISC_BY_APPLICATION, reason)
            try:
                self._answers[asked] = await self._hubs.may_enter(*asked)
            except UnavailableError as error:
                raise asyncssh.DisconnectError(asyncssh.DISC_SERVICE_NOT_AVAILABLE, f"Lyceum: {error}") from error
        if self._answers[asked]:
            self._shown = asked
        return self._answers[asked]

    def auth_completed(self) -> None:
        """Note that the person is known."""
        self._admission.recognise(self._visit)
        project_id, key = self.shown
        log.info(
            "somebody logged in",
            extra={"action": "login", "project": str(project_id), "key": fingerprint(key)},
        )

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 why does not matter
        """End what goes on in the project for this person."""
        self._admission.leave(self._visit)
        if self._connection is not None:
            self._people.discard(self._connection)
        if self.project is not None:
            self.project.abort()


class Visitor(asyncssh.SSHClient):
    """What AsyncSSH tells about the connection to a project."""

    def __init__(self, person: SSHConnection) -> None:
        self._person = person

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 the project's reasons are a stranger's
        """Say goodbye to the person."""
        self._person.disconnect(
            asyncssh.DISC_BY_APPLICATION,
            "Lyceum: the connection to the project has ended: it was stopped, or you or your key were removed from it.",
        )
