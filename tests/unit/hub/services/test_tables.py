"""What subscribers are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import msgspec
import pytest
from lyceum_hub.db.changes import EverythingChanged, ProjectChanged
from lyceum_hub.errors import ForbiddenError, InvalidError, NotFoundError, UnavailableError
from lyceum_hub.services.caller import Caller
from lyceum_hub.services.sources import Row, Source
from lyceum_hub.services.tables import RowChange, Subscription, Tables


class View(msgspec.Struct):
    """A row."""

    title: str


class Memory(Source):
    """A table made of a dictionary."""

    name = "projects"
    every_for_administrators = True

    def __init__(self) -> None:
        self.content: dict[UUID, tuple[str, set[UUID]]] = {}
        self.away = False
        self.reads = 0
        self.read = asyncio.Event()
        self.hold = asyncio.Event()
        self.hold.set()

    async def visible_to(self, account_id: UUID, *, every: bool) -> list[Row]:
        rows = [row for row in await self.rows(list(self.content)) if every or account_id in row.readers]
        await self.hold.wait()
        return rows

    async def rows(self, keys: Sequence[UUID]) -> list[Row]:
        self.reads += 1
        self.read.set()
        if self.away:
            raise UnavailableError("away")
        return [
            Row(key, View(title), people)
            for key in keys
            if key in self.content
            for title, people in [self.content[key]]
        ]


class Declared:
    """What the tables ask for their sources."""

    def __init__(self, source: Memory) -> None:
        self.by_name = {source.name: source}


def caller(*, administrator: bool = False) -> Caller:
    return Caller(account_id=uuid4(), email_address="a@b.c", administrator=administrator, token_hash=b"")


class Client:
    """A subscriber."""

    def __init__(self, tables: Tables, *, administrator: bool = False) -> None:
        self.tables = tables
        self.caller = caller(administrator=administrator)
        self.rows: list[bytes] | None = None
        self.changes: asyncio.Queue[RowChange] = asyncio.Queue()
        self.subscription: Subscription | None = None

    async def subscribe(self, query: object = None) -> None:
        def answer(_: Subscription, rows: Sequence[msgspec.Raw]) -> None:
            self.rows = [bytes(row) for row in rows]

        def deliver(changes: list[RowChange]) -> None:
            assert self.rows is not None, "told of a change before the rows"
            for change in changes:
                self.changes.put_nowait(change)

        self.subscription = await self.tables.subscribe(
            self.caller, "projects", query or {}, answer=answer, deliver=deliver
        )

    async def next(self) -> tuple[str, UUID]:
        async with asyncio.timeout(5):
            change = await self.changes.get()
        return change.operation, change.key


@asynccontextmanager
async def running(source: Memory) -> AsyncIterator[Tables]:
    tables = Tables(Declared(source))  # type: ignore[arg-type]
    loop = asyncio.create_task(tables.run())
    try:
        yield tables
    finally:
        loop.cancel()
        await asyncio.wait([loop])


async def test_each_is_told_what_the_change_means_to_them() -> None:
    source = Memory()
    async with running(source) as tables:
        ada, bob, boss = Client(tables), Client(tables), Client(tables, administrator=True)
        key = uuid4()
        source.content[key] = ("Work", {ada.caller.account_id})
        await ada.subscribe()
        await bob.subscribe()
        await boss.subscribe({"every": True})
        assert (ada.rows, bob.rows, boss.rows) == ([b'{"title":"Work"}'], [], [b'{"title":"Work"}'])
        source.content[key] = ("Work", {bob.caller.account_id})
        tables.heard(ProjectChanged(key))
        assert await ada.next() == ("delete", key)
        assert await bob.next() == ("insert", key)
        source.content[key] = ("Play", {bob.caller.account_id})
        tables.heard(ProjectChanged(key))
        assert await bob.next() == ("update", key)
        assert await boss.next() == ("update", key)
        del source.content[key]
        tables.heard(ProjectChanged(key))
        assert await bob.next() == ("delete", key)
        assert await boss.next() == ("delete", key)
        assert ada.changes.empty()


async def test_a_change_that_changes_nothing_visible_is_not_told() -> None:
    source = Memory()
    async with running(source) as tables:
        ada = Client(tables)
        first, second = uuid4(), uuid4()
        source.content = {key: ("Work", {ada.caller.account_id}) for key in (first, second)}
        await ada.subscribe()
        tables.heard(ProjectChanged(first))
        source.content[second] = ("Play", {ada.caller.account_id})
        tables.heard(ProjectChanged(second))
        assert await ada.next() == ("update", second)
        assert ada.changes.empty()


async def test_a_change_while_the_first_rows_are_read_is_told_after_them() -> None:
    source = Memory()
    async with running(source) as tables:
        ada = Client(tables)
        key = uuid4()
        source.hold.clear()
        subscribing = asyncio.create_task(ada.subscribe())
        await asyncio.sleep(0)
        source.content[key] = ("New", {ada.caller.account_id})
        source.read.clear()
        tables.heard(ProjectChanged(key))
        async with asyncio.timeout(5):
            await source.read.wait()
        source.hold.set()
        await subscribing
        assert ada.rows == []
        assert await ada.next() == ("insert", key)


async def test_after_a_gap_everything_is_compared() -> None:
    source = Memory()
    async with running(source) as tables:
        ada = Client(tables)
        kept, gone, new = uuid4(), uuid4(), uuid4()
        people = {ada.caller.account_id}
        source.content = {kept: ("Kept", people), gone: ("Gone", people)}
        await ada.subscribe()
        source.content = {kept: ("Kept", people), new: ("New", people)}
        tables.heard(EverythingChanged())
        assert {await ada.next(), await ada.next()} == {("delete", gone), ("insert", new)}
        assert ada.changes.empty()


async def test_after_unsubscribing_nothing_is_told_or_read() -> None:
    source = Memory()
    async with running(source) as tables:
        ada = Client(tables)
        await ada.subscribe()
        assert ada.subscription is not None
        tables.unsubscribe(ada.subscription)
        tables.unsubscribe(ada.subscription)
        reads = source.reads
        tables.heard(ProjectChanged(uuid4()))
        await asyncio.sleep(0)
        assert source.reads == reads


async def test_a_failed_first_read_leaves_no_subscription() -> None:
    source = Memory()
    async with running(source) as tables:
        source.away = True
        with pytest.raises(UnavailableError):
            await Client(tables).subscribe()
        assert tables.shown("projects") == set()


async def test_queries_are_checked() -> None:
    tables = Tables(Declared(Memory()))  # type: ignore[arg-type]
    with pytest.raises(ForbiddenError):
        await Client(tables).subscribe({"every": True})
    for query in ({"some": 1}, [1], "x"):
        with pytest.raises(InvalidError):
            await Client(tables).subscribe(query)
    with pytest.raises(NotFoundError):
        await tables.subscribe(caller(), "secrets", {}, answer=lambda *_: None, deliver=lambda _: None)
