"""Filters for playbooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives import serialization


def packages(groups: Iterable[str], roles_of: Mapping[str, Sequence[str]], folder: str) -> list[str]:
    """The Debian packages that the roles of these groups declare (a list `__<role>__packages` in their vars/main.yml).

    A template in its place is left to the role itself.
    """
    roles = sorted({role for group in groups for role in roles_of.get(group, ())})
    return sorted({package for role in roles for package in _declared(Path(folder) / role / "vars" / "main.yml", role)})


def _declared(path: Path, role: str) -> list[str]:
    if not path.exists():
        return []
    found = (yaml.safe_load(path.read_text()) or {}).get(f"__{role}__packages")
    return found if isinstance(found, list) else []


def ssh_public_key(private: str) -> str:
    """The public half of a private SSH key, as it stands in a file: type and key."""
    key = serialization.load_ssh_private_key(private.encode(), password=None).public_key()
    return key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()


class FilterModule:
    """The filters, by the names that templates use."""

    def filters(self) -> dict[str, Any]:
        return {"lyceum_packages": packages, "lyceum_ssh_public_key": ssh_public_key}
