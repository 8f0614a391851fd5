"""What the storage host asks the database: two views, read-only. All of its SQL stands here."""

from __future__ import annotations

import asyncio
import logging
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import asyncpg
import msgspec
from lyceum_compute.protocol.errors import FaultError

log = logging.getLogger(__name__)

#: Which compute host and storage host a project is placed on.
#: During an upgrade the view may be one that knows of no moves yet.
_PLACEMENT = """
    SELECT compute_host, storage_host, to_jsonb(placed) ->> 'moving_to' AS moving_to
    FROM project_placement AS placed WHERE project_id = $1
"""
#: Everything that is needed to give a project back to its people.
_RECORD = "SELECT record FROM project_records WHERE project_id = $1"


class DatabaseSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ``[database]`` table."""

    host: str
    port: int = 5432
    name: str = "lyceum"
    user: str = "lyceum_storage"
    password_file: str
    timeout: float = 5
    """Seconds for connecting, and again for the answer."""


@dataclass(frozen=True)
class Placement:
    """Where a project is; either may not be decided yet. ``moving_to``: the compute host that it is being moved to."""

    compute_host: str | None
    storage_host: str | None
    moving_to: str | None = None


class Database:
    """A few connections to the database, verified in full. Use as an asynchronous context manager."""

    def __init__(self, settings: DatabaseSettings, ca: str) -> None:
        self.settings = settings
        self._ssl = ssl.create_default_context(cafile=ca)
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def __aenter__(self) -> Self:
        self._pool = asyncpg.create_pool(
            host=self.settings.host,
            port=self.settings.port,
            database=self.settings.name,
            user=self.settings.user,
            password=self._password,
            ssl=self._ssl,
            min_size=0,
            max_size=4,
            timeout=self.settings.timeout,
            command_timeout=self.settings.timeout,
            statement_cache_size=16,
            server_settings={"application_name": "lyceum-storage"},
        )
        await self._pool
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.terminate()

    def _password(self) -> str:
        return Path(self.settings.password_file).read_text(encoding="utf-8").strip()

    async def placement(self, project_id: str) -> Placement | None:
        """Return where a project is, or None if there is no such project. Raises ``FaultError`` (``unavailable``)."""
        row = await self._fetch(_PLACEMENT, project_id)
        return None if row is None else Placement(row["compute_host"], row["storage_host"], row["moving_to"])

    async def record(self, project_id: str) -> str | None:
        """Return the JSON of a project's record, or None. Raises ``FaultError`` (``unavailable``)."""
        row = await self._fetch(_RECORD, project_id)
        return None if row is None else str(row["record"])

    async def _fetch(self, query: str, project_id: str) -> Any:
        if self._pool is None:
            raise FaultError("unavailable", "the storage daemon is stopping")
        try:
            async with asyncio.timeout(2 * self.settings.timeout):
                return await self._pool.fetchrow(query, project_id)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:  # TimeoutError is an OSError
            why = str(error) or type(error).__name__
            log.error("the database cannot be asked: %s", why, extra={"action": "database"})  # noqa: TRY400 no traceback
            message = f"the storage host cannot ask the database on {self.settings.host}; try again later"
            raise FaultError("unavailable", message) from error
