"""The daemon's settings, ``/etc/lyceum/compute.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from lyceum_compute.network.settings import Network, NetworkError
from lyceum_compute.protocol.identity import TlsSettings

DEFAULT_PATH = Path("/etc/lyceum/compute.toml")


class SettingsError(Exception):
    """The settings cannot be used; the message names the file and the entry."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``compute.toml`` holds. Sizes in MB (10^6 bytes), times in seconds."""

    name: str
    listen: str
    tls: TlsSettings
    projects: str = "/projects"
    gateway_control: str = "/run/lyceum/gateway/control.sock"
    ssh_key: str = "/etc/lyceum/ssh/id_ed25519"
    ssh_known_hosts: str = "/etc/lyceum/ssh/known_hosts"
    automatic_save_interval: float = 300
    on_demand_save_interval: float = 60
    memory_reserve: int = 512
    memory_overcommit: float = 1.0
    """How much more memory running projects' quotas may promise than there is: 2 is twice as much."""
    disk_overcommit: float = 100.0
    """How much more disk the projects' quotas may promise than there is."""
    disk_reserve: int = 1000
    """With less than this left on the disk, no project is opened or started."""
    moved_kept: float = 7 * 86_400
    """For how long the files of a project that moved to another host are kept on this one, room permitting."""
    draining: bool = False
    """Whether to take no further projects, whatever hubs say (``set_draining``)."""
    storage_port: int = 6002
    network: Network = Network()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen on."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


def load(path: Path) -> Settings:
    """Return the settings in a file. Raises ``SettingsError``."""
    try:
        settings = msgspec.convert(tomllib.loads(path.read_text()), Settings)
        _ = settings.address
        settings.network.check()
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, NetworkError, ValueError) as error:
        raise SettingsError(f"{path}: {error}") from error
    return settings
