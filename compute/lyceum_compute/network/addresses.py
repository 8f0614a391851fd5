"""Who has which address: pairs, of which the first is the gate's end of a link and the second the other end."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from .settings import Network, NetworkError, network

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Pairs that no project gets: the link between gate and host, and the name servers as projects see them.
RESERVED = 8
RESOLVERS = 3
"""As many as a C library asks (``MAXNS`` in ``resolv.h``)."""


@dataclass(frozen=True)
class Pool:
    """All addresses that are in use between projects, gate and host."""

    network: IPv4Network

    @classmethod
    def of(cls, settings: Network) -> Pool:
        """Return the pool that the settings name."""
        return cls(network(settings.addresses, "network.addresses"))

    @property
    def pairs(self) -> int:
        """How many links there can be."""
        return int(self.network.num_addresses // 2)

    def pair(self, number: int) -> tuple[IPv4Address, IPv4Address]:
        """Return both ends of a link."""
        return self.network[2 * number], self.network[2 * number + 1]

    @property
    def resolvers(self) -> list[IPv4Address]:
        """Addresses at which projects find name servers. No machine has them: the gate passes on what goes there."""
        return [self.network[2 * number] for number in range(1, 1 + RESOLVERS)]

    def free(self, uid: int, taken: Iterable[IPv4Address]) -> tuple[IPv4Address, IPv4Address]:
        """Return the link of a project: always the same on a host, unless another project has it.

        Raises ``NetworkError`` if all are taken.
        """
        known = set(taken)
        places = self.pairs - RESERVED
        for step in range(places):
            pair = self.pair(RESERVED + (uid + step) % places)
            if pair[0] not in known:
                return pair
        raise NetworkError(f"all {places} addresses for projects are taken")


def resolv_conf(settings: Network, found: list[str]) -> str:
    """Return ``/etc/resolv.conf`` as projects see it, for the name servers that there are."""
    count = min(len(settings.resolvers or found), RESOLVERS) or 1
    lines = [f"nameserver {address}\n" for address in Pool.of(settings).resolvers[:count]]
    return "".join(lines) + "options timeout:2\n"
