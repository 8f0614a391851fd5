"""What the table ``[network]`` of ``compute.toml`` holds: where projects with the quota ``network`` may go."""

from __future__ import annotations

import tomllib
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from pathlib import Path

import msgspec


class NetworkError(Exception):
    """The settings cannot be used, or the network cannot be made; the message says why."""


class Network(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Networks are IPv4 (``192.0.2.0/24``) or single addresses; projects have no IPv6."""

    addresses: str = "198.18.0.0/15"
    """Where projects' own addresses are taken from; seen by nobody outside the host."""
    instance: list[str] = []
    """The machines of the instance."""
    denied: list[str] = []
    allowed: list[str] = []
    """Exceptions from the private ranges; never from ``instance``, the host's own networks and ``denied``."""
    denied_ports: list[int] = msgspec.field(default_factory=lambda: [25])
    resolvers: list[str] = []
    """Name servers that projects' questions are passed to; empty: the host's own."""
    bandwidth: float = 100
    """Mbit/s of each project, each way."""
    connections: int = 1000
    """Connections that each project may have open at once."""

    def check(self) -> None:
        """Raise ``NetworkError`` for what is no network, address, port or quantity."""
        for name in ("instance", "denied", "allowed", "resolvers"):
            for text in getattr(self, name):
                network(text, f"network.{name}")
        if network(self.addresses, "network.addresses").prefixlen > 24:
            raise NetworkError(f"network.addresses: {self.addresses} is too small; a /24 at least is needed")
        if any(not 0 < port < 2**16 for port in self.denied_ports):
            raise NetworkError("network.denied_ports: a port is a number from 1 to 65535")
        if self.bandwidth < 0.1 or self.connections < 1:
            raise NetworkError("network: bandwidth is 0.1 Mbit/s at least, and connections 1")


class _File(msgspec.Struct):
    network: Network = Network()


def network(text: str, where: str) -> IPv4Network:
    """Return a network. Raises ``NetworkError``, naming where the text stands."""
    try:
        return IPv4Network(text)
    except (AddressValueError, NetmaskValueError, ValueError) as error:
        raise NetworkError(f"{where}: {text!r} is no IPv4 network or address") from error


def load(path: Path) -> Network:
    """Return the table in a file. Raises ``NetworkError``."""
    try:
        settings = msgspec.convert(tomllib.loads(path.read_text()), _File).network
    except OSError as error:
        raise NetworkError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise NetworkError(f"{path}: {error}") from error
    settings.check()
    return settings


def host_resolvers(*candidates: Path) -> list[str]:
    """Return the name servers of the first of some ``resolv.conf`` that names any which another machine could ask."""
    for path in candidates or (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf")):
        found = []
        for line in path.read_text(errors="replace").splitlines() if path.is_file() else []:
            words = line.split()
            if words[:1] == ["nameserver"] and len(words) > 1 and _is_reachable(words[1]):
                found.append(words[1])
        if found:
            return found
    return []


def _is_reachable(text: str) -> bool:
    try:
        return not IPv4Address(text).is_loopback
    except AddressValueError:
        return False
