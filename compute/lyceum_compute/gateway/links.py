"""The connections that are open, by project, and how to end those of one account."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Protocol

from .refusal import RefusedError

#: Seconds in which an account whose connections were ended is not let in again: a request may have been authorised
#: just before, and be on its way.
HOLD = 5.0
#: Bytes that a connection carries within a minute, in both directions, to be kept alive and for nothing else.
TRICKLE = 400
MINUTE = 60.0
#: Seconds for which a project's last activity is remembered.
REMEMBERED = 86_400.0


class Claim(Protocol):
    """Whose connection it is, and to which project."""

    @property
    def project(self) -> str:
        """The project's id."""

    @property
    def holders(self) -> frozenset[str]:
        """The ids of the account, and for SSH of the key, that it ends with."""

    @property
    def credential(self) -> str:
        """The session or API key that it was opened with; empty for SSH."""


class Link(Protocol):
    """One connection to a project, a browser's or an SSH client's."""

    def end(self) -> None:
        """End both sides now."""


class Links:
    """All open connections, and how many there may be."""

    def __init__(self, *, limit: int, per_project: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._per_project = per_project
        self._clock = clock
        self._open: defaultdict[str, dict[Link, Claim]] = defaultdict(dict)
        self._count = 0
        self.empty = asyncio.Event()
        self.empty.set()
        self._held: dict[tuple[str, str | None, str | None], float] = {}
        self._active: dict[str, float] = {}

    def __len__(self) -> int:
        return self._count

    def add(self, link: Link, claim: Claim) -> None:
        """Note a connection. Raises ``RefusedError`` if there are too many, or its account was just sent away."""
        self._let_go()
        if any(
            _meant(claim, holder, credential) for project, holder, credential in self._held if project == claim.project
        ):
            raise RefusedError(503, "unavailable", "connections to this project were just ended; try again")
        if self._count >= self._limit:
            raise RefusedError(503, "unavailable", "the host has as many connections as it can serve")
        if len(self._open.get(claim.project, ())) >= self._per_project:
            raise RefusedError(429, "too_many", f"the project has {self._per_project} connections already")
        self._open[claim.project][link] = claim
        self._count += 1
        self.empty.clear()

    def traffic(self, project: str) -> Traffic:
        """Return what is to be told of the bytes that a new connection carries."""
        return Traffic(self._active, project, self._clock)

    def activity(self) -> dict[str, float]:
        """Return how many seconds ago each project's connections last carried more than what keeps them alive."""
        now = self._clock()
        for project in [project for project, when in self._active.items() if now - when >= REMEMBERED]:
            del self._active[project]
        return {project: round(now - when, 1) for project, when in self._active.items()}

    def remove(self, link: Link, claim: Claim) -> None:
        """Forget a connection that has ended."""
        links = self._open.get(claim.project, {})
        if links.pop(link, None) is not None:
            self._count -= 1
            if not self._count:
                self.empty.set()
        if not links:
            self._open.pop(claim.project, None)

    def drop(self, project: str, holder: str | None, credential: str | None = None) -> int:
        """End the connections of an account or an SSH key (all, if None) to a project; return how many.

        ``credential``: only those that were opened with this session or API key.
        """
        found = [link for link, claim in self._open.get(project, {}).items() if _meant(claim, holder, credential)]
        for link in found:
            link.end()
        self._let_go()
        self._held[project, holder, credential] = self._clock() + HOLD
        return len(found)

    def end_all(self) -> None:
        """End every connection."""
        for links in list(self._open.values()):
            for link in list(links):
                link.end()

    def _let_go(self) -> None:
        now = self._clock()
        self._held = {who: until for who, until in self._held.items() if until > now}


def _meant(claim: Claim, holder: str | None, credential: str | None) -> bool:
    return holder in {None, *claim.holders} and credential in {None, claim.credential}


class Traffic:
    """Notices when one connection carries more within a minute than what keeps it alive."""

    def __init__(self, active: dict[str, float], project: str, clock: Callable[[], float]) -> None:
        self._active = active
        self._project = project
        self._clock = clock
        self._since = clock()
        self._bytes = 0

    def moved(self, count: int) -> None:
        """Note that so many bytes went one way or the other."""
        now = self._clock()
        if now - self._since > MINUTE:
            self._since, self._bytes = now, 0
        self._bytes += count
        if self._bytes > TRICKLE:
            self._active[self._project] = now
