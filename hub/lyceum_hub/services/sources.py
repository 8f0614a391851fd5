"""Which tables are synchronised: for each, its rows as people see them, and who may see which."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec

from lyceum_hub.db import accounts, projects
from lyceum_hub.db.database import Database
from lyceum_hub.db.projects import Project

from .projects import Projects
from .views import own_account, view_of


class Row:
    """A row as it is shown, and who may see it."""

    __slots__ = ("hash", "key", "raw", "readers")

    def __init__(self, key: UUID, view: msgspec.Struct, readers: Collection[UUID]) -> None:
        encoded = msgspec.json.encode(view)
        self.key = key
        self.raw = msgspec.Raw(encoded)
        self.hash = hash(encoded)
        self.readers = readers


class Source(ABC):
    """The declaration of one synchronised table."""

    name: str
    every_for_administrators = False
    """Whether administrators may see all rows."""

    @abstractmethod
    async def visible_to(self, account_id: UUID, *, every: bool) -> list[Row]:
        """Return the rows that somebody may see."""

    @abstractmethod
    async def rows(self, keys: Sequence[UUID]) -> list[Row]:
        """Return the rows with these keys, of those that are there."""


class ProjectSource(Source):
    """``projects``: the rows of ``get_projects``; a project's people see it."""

    name = "projects"
    every_for_administrators = True

    def __init__(self, database: Database, service: Projects) -> None:
        self._database = database
        self._service = service

    async def visible_to(self, account_id: UUID, *, every: bool) -> list[Row]:
        """Return somebody's projects, or all."""
        async with self._database.connection() as connection:
            found = await (projects.every(connection) if every else projects.of_account(connection, account_id))
        return [self._row(project) for project in found]

    async def rows(self, keys: Sequence[UUID]) -> list[Row]:
        """Return projects by their ids."""
        async with self._database.connection() as connection:
            return [self._row(project) for project in await projects.find_many(connection, keys)]

    def _row(self, project: Project) -> Row:
        view = view_of(project, self._service.detail(project))
        return Row(project.project_id, view, frozenset(person.account_id for person in project.users))


class AccountSource(Source):
    """``accounts``: everybody sees the row of their own account."""

    name = "accounts"

    def __init__(self, database: Database) -> None:
        self._database = database

    async def visible_to(self, account_id: UUID, *, every: bool) -> list[Row]:  # noqa: ARG002 refused before
        """Return the own row."""
        return await self.rows([account_id])

    async def rows(self, keys: Sequence[UUID]) -> list[Row]:
        """Return accounts by their ids."""
        async with self._database.connection() as connection:
            found = await accounts.find_many(connection, keys)
        return [Row(account.account_id, own_account(account), (account.account_id,)) for account in found]


class Sources:
    """All declared tables."""

    def __init__(self, database: Database, service: Projects) -> None:
        declared: list[Source] = [ProjectSource(database, service), AccountSource(database)]
        self.by_name = {source.name: source for source in declared}
