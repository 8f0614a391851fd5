"""Sessions and API keys: how a request shows who makes it."""

from __future__ import annotations

import secrets
from uuid import UUID

import msgspec

from lyceum_hub.db import credentials, visits
from lyceum_hub.db.credentials import ApiKey
from lyceum_hub.db.database import Connection, Database
from lyceum_hub.errors import ConflictError, NotFoundError
from lyceum_hub.settings import SessionSettings

from . import texts
from .caller import Caller, hash_of

#: What an API key begins with, so that people and secret scanners recognise one.
API_KEY_PREFIX = "lyceum_"
MOST_API_KEYS = 100


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A new session for a browser to keep: ``max_age`` in seconds, or None for as long as the browser runs."""

    token: str
    max_age: int | None


class Sessions:
    """Begins, recognises and ends sessions and API keys."""

    def __init__(self, database: Database, settings: SessionSettings) -> None:
        self._database = database
        self._settings = settings

    async def begin(self, connection: Connection, account_id: UUID, *, remember: bool) -> Session:
        """Begin a session. The token is told once, here."""
        token = secrets.token_urlsafe(32)
        seconds = self._settings.remembered if remember else self._settings.unused
        await credentials.insert_session(connection, hash_of(token), account_id, remembered=remember, seconds=seconds)
        return Session(token=token, max_age=seconds if remember else None)

    async def of_session(self, token: str) -> Caller | None:
        """Return whom a session's token stands for, if it has not ended."""
        if not 20 <= len(token) <= 100:
            return None
        token_hash = hash_of(token)
        async with self._database.connection() as connection:
            holder = await credentials.session_holder(connection, token_hash)
            if holder is None:
                return None
            if holder.unnoted:
                await credentials.extend_sessions(connection, [token_hash], self._settings.unused)
        return _caller(holder, token_hash, api_key=False)

    async def of_api_key(self, token: str) -> Caller | None:
        """Return whom an API key stands for."""
        if not token.startswith(API_KEY_PREFIX) or len(token) > 100:
            return None
        token_hash = hash_of(token)
        async with self._database.connection() as connection:
            holder = await credentials.api_key_holder(connection, token_hash)
            if holder is None:
                return None
            if holder.unnoted:
                await credentials.note_api_key_used(connection, token_hash)
        return _caller(holder, token_hash, api_key=True)

    async def of_visitor(self, token: str, project_id: UUID) -> Caller | None:
        """Return whom a project's own cookie stands for, in that project alone."""
        if not 20 <= len(token) <= 100:
            return None
        async with self._database.connection() as connection:
            found = await visits.visitor(connection, hash_of(token), project_id)
            if found is None:
                return None
            if found.unnoted:
                await credentials.extend_sessions(connection, [found.credential_hash], self._settings.unused)
        return Caller(
            account_id=found.account_id,
            email_address=found.email_address,
            administrator=found.administrator,
            token_hash=found.credential_hash,
            api_key=found.api_key,
        )

    async def still_valid(self, token_hashes: set[bytes]) -> dict[bytes, bool]:
        """Return which of the sessions and API keys are valid, and whether each is an administrator's."""
        async with self._database.connection() as connection:
            return await credentials.valid(connection, list(token_hashes))

    async def keep(self, token_hashes: set[bytes]) -> None:
        """Note that sessions are in use."""
        async with self._database.connection() as connection:
            await credentials.extend_sessions(connection, list(token_hashes), self._settings.unused)

    async def end(self, caller: Caller, *, everywhere: bool) -> None:
        """End the caller's session, or all sessions of the account."""
        async with self._database.connection() as connection:
            if everywhere:
                await credentials.delete_sessions(connection, caller.account_id)
            else:
                await credentials.delete_session(connection, caller.token_hash)

    async def create_api_key(self, caller: Caller, name: str) -> tuple[ApiKey, str]:
        """Make an API key; the token is told once, here."""
        name = texts.line(name, "name", least=1, most=100)
        token = API_KEY_PREFIX + secrets.token_urlsafe(32)
        async with self._database.connection() as connection:
            if len(await credentials.api_keys(connection, caller.account_id)) >= MOST_API_KEYS:
                raise ConflictError(f"An account can have {MOST_API_KEYS} API keys. Delete one first.")
            return await credentials.insert_api_key(connection, hash_of(token), caller.account_id, name), token

    async def api_keys(self, caller: Caller) -> list[ApiKey]:
        """Return the caller's API keys."""
        async with self._database.connection() as connection:
            return await credentials.api_keys(connection, caller.account_id)

    async def delete_api_key(self, caller: Caller, api_key_id: UUID) -> None:
        """Take one of the caller's API keys away. Raises ``NotFoundError``."""
        async with self._database.connection() as connection:
            if not await credentials.delete_api_key(connection, caller.account_id, api_key_id):
                raise NotFoundError("There is no such API key.")


def _caller(holder: credentials.Holder, token_hash: bytes, *, api_key: bool) -> Caller:
    return Caller(
        account_id=holder.account_id,
        email_address=holder.email_address,
        administrator=holder.administrator,
        token_hash=token_hash,
        api_key=api_key,
    )
