"""Tells whether something was built from what lies there now."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

LEFT_OUT = frozenset({"__pycache__", "node_modules", "dist", "coverage", ".vite", ".mypy_cache", ".pytest_cache"})


def of(sources: Iterable[Path], *words: str) -> str:
    """Hash files and whole folders, names and contents, and further words that the result depends on."""
    digest = hashlib.sha256()
    for word in words:
        digest.update(f"{word}\0".encode())
    for source in sources:
        for path in _files(source):
            digest.update(f"{path.relative_to(source.parent)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def matches(stamp: Path, fingerprint: str) -> bool:
    """Tell whether a stamp holds this fingerprint."""
    return stamp.is_file() and stamp.read_text(encoding="utf-8").strip() == fingerprint


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Let one build at a time work in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _files(source: Path) -> Iterator[Path]:
    if source.is_file():
        yield source
        return
    for folder, below, names in os.walk(source):
        below[:] = sorted(name for name in below if name not in LEFT_OUT and not name.endswith(".egg-info"))
        yield from (Path(folder, name) for name in sorted(names) if not name.endswith(".pyc"))
