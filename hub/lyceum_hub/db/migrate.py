"""Bringing the database to the state that this release needs."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import asyncpg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from lyceum_hub.errors import MigrationError
from lyceum_hub.settings import DatabaseSettings

Phase = Literal["before", "after"]

#: Key of the advisory lock that lets one migration run at a time (any number will do, if it is always the same).
LOCK = 7_140_001


class Outcome(NamedTuple):
    """Names of revisions, oldest first: those that were applied now, and those that wait for another phase."""

    applied: list[str]
    left: list[str]


async def migrate(
    database: DatabaseSettings,
    context: ssl.SSLContext | None,
    *,
    user: str,
    password: str,
    phases: Sequence[Phase] = ("before", "after"),
) -> Outcome:
    """Apply what is missing, as the tables' owner.

    Several at once are safe: one works, the others wait for it and find nothing to do. Raises ``MigrationError``.
    """
    url = sqlalchemy.URL.create("postgresql+asyncpg", user, password, database.host, database.port, database.name)
    connect_args = {
        "ssl": context or False,
        "timeout": 20,
        "server_settings": {"application_name": "lyceum-hub migrate"},
    }
    engine = create_async_engine(url, poolclass=NullPool, connect_args=connect_args)
    try:
        async with engine.connect() as connection:
            await connection.execute(sqlalchemy.text("select pg_advisory_lock(:key)"), {"key": LOCK})
            await connection.commit()
            return await connection.run_sync(_upgrade, phases)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, sqlalchemy.exc.DBAPIError) as error:
        cause = getattr(error, "orig", None) or error
        raise MigrationError(f"the database {database.name} on {database.host}: {cause}") from error
    finally:
        await engine.dispose()


def _upgrade(connection: sqlalchemy.Connection, phases: Sequence[Phase]) -> Outcome:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    script = ScriptDirectory.from_config(config)
    before = _applied(connection, script)
    for phase in phases:
        command.upgrade(config, f"{phase}@head")
    after = _applied(connection, script)
    return Outcome(
        applied=[name for name in after if name not in before],
        left=sorted(revision.revision for revision in script.walk_revisions() if revision.revision not in after),
    )


def _applied(connection: sqlalchemy.Connection, script: ScriptDirectory) -> list[str]:
    """Return every revision that the database has, oldest first."""
    heads = MigrationContext.configure(connection).get_current_heads()
    names = [revision.revision for revision in script.iterate_revisions(heads, "base")] if heads else []
    connection.commit()
    return sorted(names, key=lambda name: (name[:4], name.endswith("after")))
