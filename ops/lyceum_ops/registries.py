"""Refuses files that name the host of a package registry: which one is used is each user's own setting."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from lyceum_ops import checkout, programs

# Written in parts, so that this file passes its own check.
HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("ftp", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("galaxy", "ansible", "com"),
        ("crates", "io"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("quay", "io"),
    )
)
PATTERN = re.compile(r"(?<![\w-])(?:[\w-]+\.)*(?:" + "|".join(re.escape(host) for host in HOSTS) + r")(?![\w.-]*\w)")
LARGEST = 20_000_000


def find(root: Path) -> list[str]:
    """Find mentions of a registry's host in the files of a checkout, as `file:line: host`."""
    found = []
    for path in files(root):
        if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
            continue
        text = path.read_bytes().decode("utf-8", errors="replace")
        found += [
            f"{path.relative_to(root)}:{number}: {match.group()}"
            for number, line in enumerate(text.splitlines(), start=1)
            for match in PATTERN.finditer(line)
        ]
    return found


def files(root: Path) -> Iterator[Path]:
    """The files that are, or may be, committed."""
    listed = programs.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"], check=False
    )
    if listed.code == 0:
        yield from (root / name for name in listed.stdout.split("\0") if name)
        return
    left_out = {".git", ".venv", "node_modules", "build", "dist", "__pycache__"}
    for folder, below, names in os.walk(root):
        below[:] = [name for name in below if name not in left_out]
        yield from (Path(folder, name) for name in names)


def main() -> int:
    """Check this checkout."""
    found = find(checkout.ROOT)
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
