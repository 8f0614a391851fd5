"""The gateway's settings, ``/etc/lyceum/ssh.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
from lyceum_compute.protocol.identity import TlsSettings

DEFAULT_PATH = Path("/etc/lyceum/ssh.toml")


class SettingsError(Exception):
    """The settings cannot be used; the message names the file and the entry."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``ssh.toml`` holds."""

    name: str
    listen: str
    host_key: str
    """The instance's SSH host key, in OpenSSH's format: the same on every edge."""
    hubs: list[str]
    """Hub processes as ``host:port``."""
    tls: TlsSettings
    gateway_port: int = 6001
    """Of the gateways on the compute hosts."""
    connections: int = 2_000
    """In all."""
    unauthenticated: int = 64
    """Connections that have not shown a key yet, in all."""
    unauthenticated_per_address: int = 12
    failures_per_address: int = 60
    """Connections from one address that may end without a key in ten minutes; then it is not let in for a while."""
    login_time: float = 30
    """Seconds in which a key must be shown."""
    linger: float = 7 * 86_400.0
    """Seconds for which connections may go on after a restart of the service."""

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if not self.hubs:
            raise ValueError("hubs: at least one is needed")
        for address in (self.listen, *self.hubs):
            split(address)

    @property
    def address(self) -> tuple[str | None, int]:
        """Host and port to listen on; None, for ``[::]``, is every address of either family."""
        host, port = split(self.listen)
        return None if host == "::" else host, port


def split(address: str) -> tuple[str, int]:
    """Return host and port of ``host:port``. Raises ``ValueError``."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError(f"{address!r} is not of the form host:port")
    return host.strip("[]"), int(port)


def load(path: Path) -> Settings:
    """Return the settings in a file. Raises ``SettingsError``."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text()), Settings)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError) as error:
        raise SettingsError(f"{path}: {error}") from error
