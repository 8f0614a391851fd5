"""How many calls one account may have under way in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

from lyceum_hub.errors import TooManyError


class Fairness:
    """Lets so many calls of one key go on at a time; more wait their turn, and far too many are refused."""

    def __init__(self, most: int, *, waiting: int = 256) -> None:
        self._most = most
        self._waiting = waiting
        self._lanes: dict[Hashable, _Lane] = {}

    @asynccontextmanager
    async def turn(self, key: Hashable) -> AsyncIterator[None]:
        """Wait for a turn, and hold it. Raises ``TooManyError``."""
        lane = self._lanes.setdefault(key, _Lane(asyncio.Semaphore(self._most)))
        if lane.holders >= self._most + self._waiting:
            raise TooManyError("Too many calls at once. Wait for some to be answered.", 1)
        lane.holders += 1
        try:
            async with lane.semaphore:
                yield
        finally:
            lane.holders -= 1
            if lane.holders == 0:
                self._lanes.pop(key, None)


class _Lane:
    def __init__(self, semaphore: asyncio.Semaphore) -> None:
        self.semaphore = semaphore
        self.holders = 0
