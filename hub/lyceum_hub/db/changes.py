"""Hearing of every change in the database, however it was made and by whichever hub: LISTEN on one connection."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from lyceum_hub.errors import UnavailableError

from .database import Database

log = logging.getLogger(__name__)

CHANNEL = "lyceum_changes"
#: Seconds between signs of life asked of the listening connection, which is silent for hours when nothing happens.
HEARTBEAT = 10.0


class ProjectChanged(msgspec.Struct, frozen=True):
    """A project's row or its people."""

    project_id: UUID


class AccountChanged(msgspec.Struct, frozen=True):
    """An account's row."""

    account_id: UUID


class PersonLeft(msgspec.Struct, frozen=True):
    """Somebody works in a project no more."""

    project_id: UUID
    account_id: UUID


class CredentialEnded(msgspec.Struct, frozen=True):
    """A session or an API key was taken away."""

    token_hash: bytes
    account_id: UUID


class SshKeyEnded(msgspec.Struct, frozen=True):
    """An SSH key was taken away: a project's, or if that is None, one for all projects of an account."""

    ssh_key_id: UUID
    project_id: UUID | None
    account_id: UUID | None


class EverythingChanged(msgspec.Struct, frozen=True):
    """Changes may have been missed, or a table was emptied: what is known must be read anew."""


Change = ProjectChanged | AccountChanged | PersonLeft | CredentialEnded | SshKeyEnded | EverythingChanged


def _known(key: str) -> UUID | None:
    return None if key == "-" else UUID(key)


#: Word of a notification and the number of keys that follow -> the change that they tell.
_WORDS: dict[tuple[str, int], Callable[..., Change]] = {
    ("project", 1): lambda project_id: ProjectChanged(UUID(project_id)),
    ("account", 1): lambda account_id: AccountChanged(UUID(account_id)),
    ("left", 2): lambda project_id, account_id: PersonLeft(UUID(project_id), UUID(account_id)),
    ("credential", 2): lambda token_hash, account_id: CredentialEnded(bytes.fromhex(token_hash), UUID(account_id)),
    ("ssh_key", 3): lambda key_id, project_id, account_id: SshKeyEnded(
        UUID(key_id), _known(project_id), _known(account_id)
    ),
    ("all", 0): EverythingChanged,
}


def parse(payload: str) -> Change | None:
    """Return the change that a notification tells, or None for one of another release."""
    word, *keys = payload.split(" ")
    read = _WORDS.get((word, len(keys)))
    try:
        if read is not None:
            return read(*keys)
    except ValueError:
        pass
    log.warning("a notification of another kind was heard", extra={"action": "notification"})
    return None


class ChangeFeed:
    """Tells every change to those who asked for it (``listeners``: plain functions that must not block)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.listeners: list[Callable[[Change], None]] = []
        self.connected = asyncio.Event()

    async def run(self) -> None:
        """Listen, and listen again after each loss, until cancelled. Each new connection begins with a resync."""
        pause = 0.1
        while True:
            try:
                connection = await self._database.dedicated()
            except UnavailableError:
                await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 not for secrets
                pause = min(pause * 2, 3)
                continue
            pause = 0.1
            try:
                await self._listen(connection)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("the database's changes are not heard: %s", error, extra={"action": "listen"})
            finally:
                self.connected.clear()
                connection.terminate()

    async def _listen(self, connection: asyncpg.Connection[Any]) -> None:
        ended = asyncio.Event()
        connection.add_termination_listener(lambda *_: ended.set())
        async with asyncio.timeout(5):
            await connection.add_listener(CHANNEL, self._heard)
        self.connected.set()
        self._tell(EverythingChanged())
        log.info("listening for the database's changes", extra={"action": "listen"})
        while not ended.is_set():
            try:
                async with asyncio.timeout(HEARTBEAT):
                    await ended.wait()
            except TimeoutError:
                await connection.execute("select 1", timeout=5)

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        change = parse(str(payload))
        if change is not None:
            self._tell(change)

    def _tell(self, change: Change) -> None:
        for listener in self.listeners:
            listener(change)
