"""Where Debian's packages come from: the mirror that the host itself is set up with, never one that we name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from lyceum_ops import programs
from lyceum_ops.errors import die

VARIABLE = "LYCEUM_DEBIAN_MIRROR"
SECURITY_VARIABLE = "LYCEUM_DEBIAN_SECURITY_MIRROR"


@dataclass(frozen=True)
class Mirror:
    """Addresses of the archive and, where the host has one, of its security updates."""

    main: str
    security: str | None

    def sources(self, suite: str) -> list[str]:
        """Lines of apt's sources for a release."""
        lines = [f"deb {self.main} {suite} main", f"deb {self.main} {suite}-updates main"]
        if self.security:
            lines.append(f"deb {self.security} {suite}-security main")
        return lines

    @property
    def hosts(self) -> list[str]:
        """Names of the hosts that packages come from."""
        return sorted({urlsplit(address).hostname or "" for address in (self.main, self.security) if address})


def find() -> Mirror:
    """Find the mirror in apt's settings, or in the environment."""
    if chosen := os.environ.get(VARIABLE):
        return Mirror(chosen, os.environ.get(SECURITY_VARIABLE))
    found = _from_apt()
    if "main" not in found:
        programs.run(["apt-get", "update"], timeout=300)
        found = _from_apt()
    if "main" not in found:
        die(
            "No Debian mirror was found in this host's apt settings.",
            hint=f"Name one: {VARIABLE}=http://<mirror>/debian ./lyceum up",
        )
    return Mirror(found["main"], found.get("security"))


def upstream_proxy() -> str | None:
    """The proxy that this host itself needs to reach its mirror, as host:port; None for none."""
    listed = programs.run(["apt-config", "dump", "--format", "%f=%v%n", "Acquire::http::Proxy"], check=False).stdout
    values = dict(line.partition("=")[::2] for line in listed.splitlines())
    address = values.get("Acquire::http::Proxy", "").strip().rstrip(";") or os.environ.get("http_proxy", "")
    parts = urlsplit(address if "//" in address else f"//{address}")
    return f"{parts.hostname}:{parts.port or 3128}" if parts.hostname and address != "DIRECT" else None


def _from_apt() -> dict[str, str]:
    """Addresses by label, from what apt has fetched."""
    listed = programs.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)|$(ORIGIN)|$(LABEL)", "Created-By: Packages"], check=False
    )
    found: dict[str, str] = {}
    for line in listed.stdout.splitlines():
        address, origin, label = line.split("|")
        kind = {"Debian": "main", "Debian-Security": "security"}.get(label)
        plain = _plain(address)
        if origin == "Debian" and kind and plain:
            found.setdefault(kind, plain)
    return found


def _plain(address: str) -> str | None:
    """Turn an address as apt knows it into one of http or https: `mirror+file:` names a file that lists them."""
    if address.startswith(("http://", "https://")):
        return address.rstrip("/")
    if address.startswith("mirror+file:"):
        file = Path(address.removeprefix("mirror+file:").rstrip("/"))
        lines = file.read_text(encoding="utf-8").split("\n") if file.is_file() else []
        for line in lines:
            word = line.split("#")[0].split("\t")[0].strip()
            if word.startswith(("http://", "https://")):
                return word.rstrip("/")
    return None
