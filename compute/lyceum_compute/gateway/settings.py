"""The gateway's settings, ``/etc/lyceum/gateway.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from lyceum_compute.protocol.identity import TlsSettings

DEFAULT_PATH = Path("/etc/lyceum/gateway.toml")


class SettingsError(Exception):
    """The settings cannot be used; the message names the file and the entry."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``gateway.toml`` holds."""

    name: str
    listen: str
    tls: TlsSettings
    projects: str = "/run/lyceum/projects"
    """Where each running project has its folder of sockets."""
    dialler: str = "/run/lyceum/dialler.sock"
    """Where sockets in a project's network are to be had."""
    control: str = "/run/lyceum/gateway/control.sock"
    connections: int = 20_000
    """In all."""
    connections_per_project: int = 512
    linger: float = 7 * 86_400.0
    """Seconds for which connections may go on after a restart of the service."""

    @property
    def address(self) -> tuple[str | None, int]:
        """Host and port to listen on; None, for ``[::]``, is every address of either family."""
        host, _, port = self.listen.rpartition(":")
        return None if host == "[::]" else host.strip("[]"), int(port)


def load(path: Path) -> Settings:
    """Return the settings in a file. Raises ``SettingsError``."""
    try:
        settings = msgspec.convert(tomllib.loads(path.read_text()), Settings)
        _ = settings.address
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError) as error:
        raise SettingsError(f"{path}: {error}") from error
    return settings
