"""How many strangers may knock at a time, and how often in vain."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

#: Seconds for which a connection that ended without a key counts against its address.
WINDOW = 600.0
MOST_ADDRESSES = 100_000


@dataclass(frozen=True)
class Most:
    """How many there may be."""

    connections: int
    unauthenticated: int
    unauthenticated_per_address: int
    failures_per_address: int


@dataclass
class Visit:
    """One connection, from its first byte to its last."""

    network: str
    known: bool = False
    ended: bool = field(default=False)


def network_of(address: str) -> str:
    """Return what counts as one caller: an IPv4 address, or the /64 of an IPv6 address (one customer has all of it)."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


class Admission:
    """Counts connections, those of strangers by address, and the failures of each address."""

    def __init__(self, most: Most, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._connections = 0
        self.empty = asyncio.Event()
        self.empty.set()
        self._strangers: Counter[str] = Counter()
        self._failures: dict[str, deque[float]] = {}

    @property
    def present(self) -> int:
        """How many connections there are."""
        return self._connections

    def enter(self, address: str) -> Visit | None:
        """Let a connection in, or return None if there are too many."""
        network = network_of(address)
        most = self._most
        refused = (
            self._connections >= most.connections
            or self._strangers.total() >= most.unauthenticated
            or self._strangers[network] >= most.unauthenticated_per_address
            or self._recent_failures(network) >= most.failures_per_address
        )
        if refused:
            return None
        self._connections += 1
        self.empty.clear()
        self._strangers[network] += 1
        return Visit(network)

    def recognise(self, visit: Visit) -> None:
        """Note that a connection has shown a key."""
        if not visit.known and not visit.ended:
            visit.known = True
            self._forget(visit.network)

    def leave(self, visit: Visit) -> None:
        """Note that a connection has ended."""
        if visit.ended:
            return
        visit.ended = True
        self._connections -= 1
        if not self._connections:
            self.empty.set()
        if not visit.known:
            self._forget(visit.network)
            self._fail(visit.network)

    def _forget(self, network: str) -> None:
        self._strangers[network] -= 1
        if not self._strangers[network]:
            del self._strangers[network]

    def _fail(self, network: str) -> None:
        if len(self._failures) >= MOST_ADDRESSES:
            self._failures.clear()
        self._failures.setdefault(network, deque(maxlen=self._most.failures_per_address)).append(self._clock())

    def _recent_failures(self, network: str) -> int:
        times = self._failures.get(network)
        if times is None:
            return 0
        while times and times[0] < self._clock() - WINDOW:
            times.popleft()
        if not times:
            del self._failures[network]
        return len(times)
