"""What everybody may know of the site."""

from __future__ import annotations

from lyceum_hub import VERSION
from lyceum_hub.services import ssh_format
from lyceum_hub.settings import SshSettings

from .registry import Call, Nothing, Output, Who, operation


class SshSite(Output, frozen=True):
    """Where people's SSH is taken, and the host key by which their clients know it."""

    port: int
    host_key: str
    """Type and key, as in a file of known hosts."""
    fingerprint: str
    """As OpenSSH shows it (``SHA256:...``)."""


class Site(Output, frozen=True):
    """The site, for the page that people see before they sign in."""

    site_name: str
    sign_up: str
    """``open``, ``token`` (the administrators give it out) or ``closed``."""
    version: str
    ssh: SshSite | None
    """Null if projects are not reached by SSH."""


@operation(Who.ANYBODY)
async def get_site(call: Call, asked: Nothing) -> Site:  # noqa: ARG001
    """Return the site's name, who may sign up, Lyceum's version, and where SSH is taken."""
    settings = call.services.settings
    return Site(site_name=settings.site_name, sign_up=settings.sign_up, version=VERSION, ssh=_ssh(settings.ssh))


def _ssh(settings: SshSettings | None) -> SshSite | None:
    if settings is None:
        return None
    key = ssh_format.read(settings.host_key)
    return SshSite(
        port=settings.port,
        host_key=ssh_format.line_of(key.algorithm, key.blob),
        fingerprint=ssh_format.spoken(key.fingerprint),
    )
