"""The hub's settings, from ``hub.toml``."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Literal
from uuid import UUID

import msgspec
from lyceum_compute.protocol.identity import TlsSettings
from lyceum_compute.protocol.messages import Quota


class SettingsError(Exception):
    """The settings cannot be used; the message names the file and what is wrong."""


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every table of the settings shares: no key but those declared."""


class DatabaseSettings(Table, frozen=True):
    """``[database]``: how the hub reaches PostgreSQL, always with TLS that names the host."""

    host: str
    password_file: str
    port: int = 5432
    name: str = "lyceum"
    user: str = "lyceum_hub"
    pool: int = 10
    """Connections per process, at most."""
    statement_timeout: float = 15
    """Seconds."""


class HostSettings(Table, frozen=True):
    """One of ``[[compute]]`` or ``[[storage]]``."""

    name: str
    port: int
    member: bool = False
    """Whether the host is for projects whose quota says ``member_host``."""


class MaximumQuota(Quota, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The most that an administrator can give to a project; for a yes or no, whether yes may be given."""

    disk: int = 50_000
    memory: int = 8_000
    cores: float = 4.0
    cpu_shares: int = 2_048
    idle_timeout: int = 90 * 86_400
    network: bool = True
    member_host: bool = True


class QuotaSettings(Table, frozen=True):
    """``[quotas.defaults]`` and ``[quotas.maximum]``."""

    defaults: Quota = Quota()
    maximum: MaximumQuota = MaximumQuota()


class LimitSettings(Table, frozen=True):
    """``[limits]``: how much of something is allowed before the answer is 429."""

    sign_in_per_minute: int = 3
    sign_in_per_hour: int = 30
    sign_in_address_per_minute: int = 10
    sign_in_address_per_hour: int = 50
    sign_up_per_half_hour: int = 150
    projects_per_account: int = 1_000
    calls_per_account: int = 32
    """Calls of one account to compute hosts that one hub process carries at a time."""
    subscriptions: int = 400
    """Subscriptions per client."""
    message: int = 16 * 1024 * 1024
    """Bytes of a request's body or an Engine.IO message."""


class SshSettings(Table, frozen=True):
    """``[ssh]``: where people's SSH is taken, and the host key by which they know it."""

    port: int
    host_key: str
    """The public half, as it stands in a file of known hosts: type and key."""


class SessionSettings(Table, frozen=True):
    """``[sessions]``: how long a sign-in lasts, in seconds."""

    remembered: int = 30 * 86_400
    unused: int = 24 * 3_600
    """A session that is not to be remembered ends when it was not used for so long."""


class Settings(Table, frozen=True):
    """The whole of ``hub.toml``."""

    name: str
    names: list[str]
    database: DatabaseSettings
    tls: TlsSettings
    site_name: str = "Lyceum"
    https_port: int = 443
    project_domain: str = ""
    """Domain under which each project has an origin of its own; empty: what projects serve has the hub's origin."""
    listen: str = "0.0.0.0"  # noqa: S104 peers must show a certificate
    first_port: int = 5000
    sign_up: Literal["open", "token", "closed"] = "token"
    sign_up_token_file: str | None = None
    administrator_email: str | None = None
    invitation_days: int = 14
    compute: list[HostSettings] = msgspec.field(default_factory=list)
    storage: list[HostSettings] = msgspec.field(default_factory=list)
    quotas: QuotaSettings = QuotaSettings()
    limits: LimitSettings = LimitSettings()
    sessions: SessionSettings = SessionSettings()
    ssh: SshSettings | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot work, with the key that is wrong."""
        if not self.names:
            raise ValueError("names: at least one name under which browsers reach the site is needed")
        if self.sign_up == "token" and not self.sign_up_token_file:
            raise ValueError('sign_up_token_file: is needed with sign_up = "token"')
        for kind, hosts in (("compute", self.compute), ("storage", self.storage)):
            if len({host.name for host in hosts}) != len(hosts):
                raise ValueError(f"{kind}: a host is named twice")

    def port(self, instance: int) -> int:
        """The port of one of the hub's processes."""
        return self.first_port + 2 * instance

    def origins(self) -> frozenset[str]:
        """The origins of the site's own pages, as a browser writes them."""
        return frozenset(self._origin(name) for name in self.names)

    def main_origin(self) -> str:
        """The origin of the site's main name."""
        return self._origin(self.names[0])

    def project_origin(self, project_id: UUID) -> str | None:
        """The origin of what a project serves, if projects have one of their own."""
        return self._origin(f"{project_id}.{self.project_domain}") if self.project_domain else None

    def _origin(self, name: str) -> str:
        host = f"[{name}]" if ":" in name else name
        return f"https://{host.lower()}{'' if self.https_port == 443 else f':{self.https_port}'}"


def load(path: str | os.PathLike[str]) -> Settings:
    """Read the settings. Raises ``SettingsError``."""
    try:
        data = tomllib.loads(Path(path).read_text())
        return msgspec.convert(data, Settings)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error


def read_secret(path: str) -> str:
    """Return the secret in a file, without the newline at its end. Raises ``SettingsError``."""
    try:
        secret = Path(path).read_text().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingsError(f"the secret in {path} cannot be read: {reason}") from error
    if not secret:
        raise SettingsError(f"{path} is empty, but must hold a secret")
    return secret
