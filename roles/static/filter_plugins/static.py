"""What names a release of the web client."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError


def static_release(folder: str) -> str:
    """Return 16 hexadecimal digits that change with the name or content of any file in a folder."""
    root = Path(folder)
    if not (root / "index.html").is_file():
        raise AnsibleFilterError(f"{root} holds no index.html: build the web client (playbooks/build.yml).")
    digest = hashlib.sha256()
    for file in sorted(path for path in root.rglob("*") if path.is_file()):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(root)}\0{content}\0".encode())
    return digest.hexdigest()[:16]


class FilterModule:
    """The filters of this role."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"static_release": static_release}
