"""Synchronised tables: who subscribed to what, and what each must be told after a change.

A change is told by its key alone (``db.changes``). The rows of all changed keys are read once, in batches, and compared
with what each subscriber was shown; so a change that makes a row visible is an insert for one and a delete for another.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

import msgspec

from lyceum_hub.db.changes import AccountChanged, Change, EverythingChanged, ProjectChanged
from lyceum_hub.errors import ForbiddenError, InvalidError, NotFoundError, UnavailableError

from .caller import Caller
from .sources import Row, Source, Sources

log = logging.getLogger(__name__)

#: Keys read from the database at once.
BATCH = 500
#: Seconds to wait for more changes before reading, so that a burst is read once.
GATHER = 0.01


class RowChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a subscriber is told of one row."""

    operation: Literal["insert", "update", "delete"]
    key: UUID
    row: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


Deliver = Callable[[list[RowChange]], None]


@dataclass(eq=False)
class Subscription:
    """One subscriber's view of one table."""

    caller: Caller
    source: Source
    every: bool
    deliver: Deliver
    shown: dict[UUID, int] = field(default_factory=dict)
    """Key -> hash of the row as it was shown."""
    loading: bool = True
    missed: set[UUID] = field(default_factory=set)
    """What changed while the first rows were read."""

    def change_for(self, key: UUID, row: Row | None) -> RowChange | None:
        """Return what to tell of a row as it is now (None: it is gone), and remember that it was told."""
        known = self.shown.get(key)
        if row is None or not (self.every or self.caller.account_id in row.readers):
            if known is None:
                return None
            del self.shown[key]
            return RowChange(operation="delete", key=key)
        if known == row.hash:
            return None
        self.shown[key] = row.hash
        return RowChange(operation="insert" if known is None else "update", key=key, row=row.raw)


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a subscriber may ask of a table. ``every``: all rows, for administrators."""

    every: bool = False


class Tables:
    """All subscriptions of this process."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._subscriptions: dict[str, set[Subscription]] = defaultdict(set)
        self._by_account: dict[tuple[str, UUID], set[Subscription]] = defaultdict(set)
        self._dirty: dict[str, set[UUID]] = defaultdict(set)
        self._resync = False
        self._work = asyncio.Event()

    # Subscribing.

    async def subscribe(
        self,
        caller: Caller,
        table: str,
        query: object,
        *,
        answer: Callable[[Subscription, Sequence[msgspec.Raw]], None],
        deliver: Deliver,
    ) -> Subscription:
        """Begin a subscription: ``answer`` is given the rows, and from then on ``deliver`` each change.

        Raises ``NotFoundError`` for a table that is not declared, ``InvalidError`` or ``ForbiddenError`` for the query.
        """
        source = self._sources.by_name.get(table)
        if source is None:
            raise NotFoundError(f"There is no table {table[:64]!r}.")
        every = self._every(caller, source, query)
        subscription = Subscription(caller, source, every, deliver)
        self._add(subscription)
        try:
            rows = await source.visible_to(caller.account_id, every=every)
        except BaseException:
            self.unsubscribe(subscription)
            raise
        subscription.shown = {row.key: row.hash for row in rows}
        answer(subscription, [row.raw for row in rows])
        subscription.loading = False
        self.touch(source.name, subscription.missed)
        return subscription

    @staticmethod
    def _every(caller: Caller, source: Source, query: object) -> bool:
        try:
            wanted = msgspec.convert(query, Query)
        except msgspec.ValidationError as error:
            raise InvalidError(f"query: {error}", "query") from error
        if wanted.every and not (caller.administrator and source.every_for_administrators):
            raise ForbiddenError("Only administrators see the rows of others.")
        return wanted.every

    def _add(self, subscription: Subscription) -> None:
        name = subscription.source.name
        self._subscriptions[name].add(subscription)
        self._by_account[name, subscription.caller.account_id].add(subscription)

    def unsubscribe(self, subscription: Subscription) -> None:
        """End a subscription; one that has ended already is fine."""
        name = subscription.source.name
        key = (name, subscription.caller.account_id)
        self._subscriptions[name].discard(subscription)
        self._by_account[key].discard(subscription)
        if not self._by_account[key]:
            del self._by_account[key]

    # Changes.

    def heard(self, change: Change) -> None:
        """Take note of a change."""
        match change:
            case ProjectChanged(project_id):
                self.touch("projects", [project_id])
            case AccountChanged(account_id):
                self.touch("accounts", [account_id])
            case EverythingChanged():
                self._resync = True
                self._work.set()

    def touch(self, table: str, keys: Iterable[UUID]) -> None:
        """Have rows read anew, and subscribers told if they are not what was shown."""
        if self._subscriptions[table]:
            self._dirty[table].update(keys)
            if self._dirty[table]:
                self._work.set()

    def shown(self, table: str) -> set[UUID]:
        """Return the keys that any subscriber is shown."""
        return {key for subscription in self._subscriptions[table] for key in subscription.shown}

    async def run(self) -> None:
        """Tell subscribers of changes, until cancelled."""
        while True:
            await self._work.wait()
            await asyncio.sleep(GATHER)
            self._work.clear()
            dirty, self._dirty = self._dirty, defaultdict(set)
            resync, self._resync = self._resync, False
            try:
                if resync:
                    await self._tell_everything()
                else:
                    await self._tell(dirty)
            except Exception as error:  # the boundary of the loop: what was not told is told by the next comparison
                if not isinstance(error, UnavailableError):
                    log.exception("changes could not be told", extra={"action": "changes"})
                self._resync = True
                await asyncio.sleep(1)
                self._work.set()

    async def _tell(self, dirty: dict[str, set[UUID]]) -> None:
        for name, keys in dirty.items():
            ordered = list(keys)
            for begin in range(0, len(ordered), BATCH):
                batch = ordered[begin : begin + BATCH]
                rows = {row.key: row for row in await self._sources.by_name[name].rows(batch)}
                for subscription in self._concerned(name, batch, rows):
                    self._tell_one(subscription, batch, rows)

    def _concerned(self, name: str, keys: list[UUID], rows: dict[UUID, Row]) -> set[Subscription]:
        """Return the subscriptions that may see, or have seen, one of the rows."""
        readers = {reader for row in rows.values() for reader in row.readers}
        found = {s for reader in readers for s in self._by_account.get((name, reader), ())}
        wanted = set(keys)
        for subscription in self._subscriptions[name]:
            if subscription.every or subscription.loading or not wanted.isdisjoint(subscription.shown):
                found.add(subscription)
        return found

    @staticmethod
    def _tell_one(subscription: Subscription, keys: Iterable[UUID], rows: dict[UUID, Row]) -> None:
        if subscription.loading:
            subscription.missed.update(keys)
            return
        changes = [c for key in keys if (c := subscription.change_for(key, rows.get(key))) is not None]
        if changes:
            subscription.deliver(changes)

    async def _tell_everything(self) -> None:
        """Compare what each subscriber was shown with what is there now."""
        for subscription in [s for group in self._subscriptions.values() for s in group]:
            if subscription.loading:
                # its rows are being read; whether that was before or after what was missed, reading them again is right
                subscription.missed.update(subscription.shown)
                self._resync = True
                self._work.set()
                continue
            source = subscription.source
            found = await source.visible_to(subscription.caller.account_id, every=subscription.every)
            rows = {row.key: row for row in found}
            self._tell_one(subscription, {*subscription.shown, *rows}, rows)
