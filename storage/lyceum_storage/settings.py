"""The daemon's settings: ``/etc/lyceum/storage.toml``."""

from __future__ import annotations

from pathlib import Path

import msgspec
from lyceum_compute.protocol.identity import TlsSettings

from .database import DatabaseSettings
from .retention import Retention


class SettingsError(Exception):
    """The settings cannot be used; the message names the file."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    name: str
    """The storage host's own name, as the database has it in placements."""
    listen: str = "0.0.0.0:6002"
    data: str = "/storage"
    control: str = "/run/lyceum/storage/control.sock"
    """Where the receiver asks who may send."""
    receive_user: str = "lyceum-receive"
    minimum_free: int = 1000
    """MB that must be free before a copy is let in."""
    sweep_interval: float = 3600
    """Seconds between sweeps that thin the snapshots of all projects."""
    retention: Retention = Retention()
    database: DatabaseSettings
    tls: TlsSettings

    @property
    def address(self) -> tuple[str, int]:
        """Where to listen."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


def load(path: Path) -> Settings:
    """Read the settings. Raises ``SettingsError``."""
    try:
        settings = msgspec.toml.decode(path.read_bytes(), type=Settings)
        _ = settings.address
    except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors
        raise SettingsError(f"{path} cannot be used: {error}") from error
    return settings
