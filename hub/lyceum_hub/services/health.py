"""Whether this process can do its work, answered quickly and seldom asked of the database."""

from __future__ import annotations

import asyncio
import time

from lyceum_hub.db.database import Database
from lyceum_hub.errors import UnavailableError

#: Seconds for which an answer holds.
HOLDS = 1.0


class Health:
    """Answers health checks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._checked = -HOLDS
        self._good = False
        self._lock = asyncio.Lock()

    async def good(self) -> bool:
        """Return whether the database answers."""
        async with self._lock:
            if time.monotonic() - self._checked >= HOLDS:
                try:
                    await self._database.ping()
                    self._good = True
                except UnavailableError:
                    self._good = False
                self._checked = time.monotonic()
            return self._good
