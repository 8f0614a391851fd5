"""Tickets: a hub has said whom an SSH gateway is about to bring. Each is good for one connection, and not for long."""

from __future__ import annotations

import time
from collections.abc import Callable

from lyceum_compute.protocol.messages import AdmitConnection

#: Seconds for which a ticket is good.
GOOD_FOR = 10.0
MOST = 10_000


class Tickets:
    """The tickets that were not shown yet."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: dict[str, tuple[float, AdmitConnection]] = {}

    def admit(self, admitted: AdmitConnection) -> None:
        """Expect a ticket; the oldest are forgotten if there are too many."""
        self._let_go()
        while len(self._waiting) >= MOST:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[admitted.ticket] = self._clock() + GOOD_FOR, admitted

    def redeem(self, project: str, ticket: str) -> frozenset[str] | None:
        """Return whom the connection belongs to, or None for a ticket that is not good (any more) for this project."""
        self._let_go()
        _, admitted = self._waiting.pop(ticket, (0.0, None))
        if admitted is None or admitted.project_id != project:
            return None
        return frozenset(admitted.holders)

    def _let_go(self) -> None:
        now = self._clock()
        while self._waiting and next(iter(self._waiting.values()))[0] <= now:
            del self._waiting[next(iter(self._waiting))]
