"""What the daemon says when the database cannot be asked."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import asyncpg
import pytest
from lyceum_compute.protocol.errors import FaultError
from lyceum_storage.database import Database, DatabaseSettings, Placement

if TYPE_CHECKING:
    from pathlib import Path

ID = "11111111-2222-4333-8444-555555555555"


class Pool:
    """A pool that answers, or fails, as it is told."""

    def __init__(self, answer: dict[str, object] | Exception | None) -> None:
        self.answer = answer

    async def fetchrow(self, _query: str, _project_id: str) -> dict[str, object] | None:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr(ssl, "create_default_context", lambda cafile: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))  # noqa: ARG005
    (tmp_path / "password").write_text("secret\n")
    return Database(DatabaseSettings(host="db1", password_file=str(tmp_path / "password"), timeout=0.1), "ca")


async def test_a_placement(database: Database) -> None:
    row = {"compute_host": "compute1", "storage_host": None, "moving_to": "compute2"}
    database._pool = Pool(row)  # type: ignore[assignment]
    assert await database.placement(ID) == Placement("compute1", None, "compute2")


async def test_a_project_that_is_not_there(database: Database) -> None:
    database._pool = Pool(None)  # type: ignore[assignment]
    assert await database.placement(ID) is None
    assert await database.record(ID) is None


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        ConnectionRefusedError("refused"),
        asyncpg.InvalidPasswordError("password authentication failed"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.UndefinedTableError("relation does not exist"),
        ssl.SSLCertVerificationError("not the right host"),
    ],
)
async def test_a_database_that_cannot_be_asked_is_unavailable(database: Database, error: Exception) -> None:
    database._pool = Pool(error)  # type: ignore[assignment]
    with pytest.raises(FaultError) as caught:
        await database.placement(ID)
    assert caught.value.code == "unavailable"
    assert "secret" not in caught.value.message


async def test_nothing_answers_after_it_was_closed(database: Database) -> None:
    with pytest.raises(FaultError, match="stopping"):
        await database.placement(ID)


async def test_a_port_where_nobody_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssl, "create_default_context", lambda cafile: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))  # noqa: ARG005
    (tmp_path / "password").write_text("secret\n")
    settings = DatabaseSettings(host="127.0.0.1", port=1, password_file=str(tmp_path / "password"), timeout=2)
    async with Database(settings, "ca") as database:
        with pytest.raises(FaultError, match="cannot ask the database on 127"):
            await database.placement(ID)
