"""What is left of projects that moved to another host: kept for a while, should the move turn out to be a mistake."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from . import btrfs, host
from .layout import ASIDE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .layout import Layout

log = logging.getLogger(__name__)

_STAMP = "%Y%m%dT%H%M%SZ"


def put(layout: Layout, now: datetime | None = None) -> None:
    """Put a project's files aside; that they are not there is fine."""
    if btrfs.is_subvolume(layout.subvolume):
        stamp = (now or datetime.now(UTC)).strftime(_STAMP)
        layout.subvolume.rename(layout.root / ASIDE / f"{layout.project_id}.{stamp}")


def uncount(layout: Layout, qgroup: int) -> None:
    """Let what is aside of a project count against no quota: the project may come back, with its quota whole."""
    for path in (layout.root / ASIDE).glob(f"{layout.project_id}.*"):
        for number in _numbers(path):
            btrfs.leave_qgroup(layout.root, number, qgroup)


def sweep(root: Path, *, kept: float, reserve: int, now: datetime | None = None) -> int:
    """Delete what is aside for longer than ``kept`` seconds, and the oldest while the disk has less MB than
    ``reserve``; return how many. Raises ``OSError``.
    """
    limit = (now or datetime.now(UTC)) - timedelta(seconds=kept)
    deleted = 0
    for since, path in sorted(_all(root)):
        if since > limit and host.disk(str(root))[1] >= reserve:
            break
        discard(path)
        deleted += 1
        log.info("what was left of a moved project is deleted: %s", path.name, extra={"action": "sweep"})
    return deleted


def _all(root: Path) -> Iterator[tuple[datetime, Path]]:
    for path in (root / ASIDE).iterdir():
        try:
            yield datetime.strptime(path.name.rpartition(".")[2], _STAMP).replace(tzinfo=UTC), path
        except ValueError:
            log.warning("%s is none of the daemon's, and stays", path, extra={"action": "sweep"})


def _numbers(path: Path) -> list[int]:
    """Return the numbers of a subvolume and of those inside it."""
    with btrfs.opened(path) as fd:
        left = [btrfs.number(fd)]
        found = []
        while left:
            found.append(left.pop())
            left += [inner.id for inner in btrfs.inner(fd, found[-1])]
    return found


def discard(path: Path) -> None:
    """Delete a subvolume with the subvolumes inside it; that there is none is fine."""
    if not btrfs.is_subvolume(path):
        return
    with btrfs.opened(path) as fd:
        found = btrfs.inner(fd, btrfs.number(fd))
    for inner in found:
        discard(path / os.fsdecode(inner.path))
    btrfs.delete(path)
