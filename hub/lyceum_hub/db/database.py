"""The pool of connections, and what happens while the database cannot be reached."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Self, TypeAlias

import asyncpg

from lyceum_hub.errors import UnavailableError
from lyceum_hub.settings import DatabaseSettings

Connection: TypeAlias = "asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]"

#: What asyncpg raises when the database is away, restarting, in recovery, or answers too late.
_AWAY = (
    OSError,  # TimeoutError is one
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)


@contextmanager
def unavailable_if_away() -> Iterator[None]:
    """Turn the driver's errors for a database that cannot be reached into ``UnavailableError``."""
    try:
        yield
    except _AWAY as error:
        raise UnavailableError("The database cannot be reached at the moment. Try again shortly.") from error


class Database:
    """A pool that makes its connections when they are needed, so that it outlives a restart of the database."""

    def __init__(self, settings: DatabaseSettings, password: str, context: ssl.SSLContext) -> None:
        self._settings = settings
        self._arguments: dict[str, Any] = {
            "host": settings.host,
            "port": settings.port,
            "database": settings.name,
            "user": settings.user,
            "password": password,
            "ssl": context,
            "timeout": 5,
        }
        self._pool: asyncpg.Pool[Any] | None = None

    async def __aenter__(self) -> Self:
        timeout = int(self._settings.statement_timeout * 1000)
        self._pool = await asyncpg.create_pool(
            **self._arguments,
            min_size=0,
            max_size=self._settings.pool,
            max_inactive_connection_lifetime=300,
            command_timeout=self._settings.statement_timeout + 2,
            server_settings={
                "application_name": "lyceum-hub",
                "statement_timeout": str(timeout),
                "lock_timeout": str(timeout // 2),
                "idle_in_transaction_session_timeout": "30000",
            },
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._pool is not None:
            try:
                async with asyncio.timeout(3):
                    await self._pool.close()
            except TimeoutError:
                self._pool.terminate()

    @asynccontextmanager
    async def connection(self, *, timeout: float = 5) -> AsyncIterator[Connection]:
        """Lend a connection. Raises ``UnavailableError`` if there is none in time, or if it is lost in use."""
        if self._pool is None:
            raise RuntimeError("the database was not entered")
        with unavailable_if_away():
            async with self._pool.acquire(timeout=timeout) as connection:
                yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection within a transaction: committed at the end, rolled back on any exception."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def dedicated(self) -> asyncpg.Connection[Any]:
        """Open a connection outside the pool (to listen on). Raises ``UnavailableError``."""
        with unavailable_if_away():
            connection: asyncpg.Connection[Any] = await asyncpg.connect(
                **self._arguments, server_settings={"application_name": "lyceum-hub changes"}
            )
            return connection

    async def ping(self) -> None:
        """Ask the database for an answer. Raises ``UnavailableError``."""
        with unavailable_if_away():
            async with asyncio.timeout(1.5):
                async with self.connection(timeout=1.5) as connection:
                    await connection.execute("select 1")
