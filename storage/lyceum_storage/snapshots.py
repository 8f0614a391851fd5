"""The snapshots of one project: which there are, which hold a path, taking one and thinning them."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
from datetime import UTC, datetime, timedelta

from . import btrfs
from .layout import Layout, snapshot_name, snapshot_time
from .retention import Retention, to_keep
from .walk import open_home, open_parent

log = logging.getLogger(__name__)

#: What looking up a path says if it is not there: no such name, a file or a link on the way, a name that is too long.
_NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}


class Snapshots:
    """The snapshots on this host. Methods block for as long as the file system takes."""

    def __init__(self, layout: Layout, retention: Retention) -> None:
        self.layout = layout
        self.retention = retention

    def times(self, project_id: str) -> list[datetime]:
        """Return when the project's snapshots were taken, oldest first."""
        try:
            names = [path.name for path in self.layout.snapshots_of(project_id).iterdir()]
        except FileNotFoundError:
            return []
        return sorted(time for time in map(snapshot_time, names) if time is not None)

    def latest(self, project_id: str) -> datetime | None:
        """Return when the newest snapshot was taken, if there is one."""
        times = self.times(project_id)
        return times[-1] if times else None

    def holding(self, project_id: str, names: list[bytes]) -> list[datetime]:
        """Return when the snapshots were taken that hold the path of these names, oldest first."""
        return [time for time in self.times(project_id) if self._holds(project_id, time, names)]

    def _holds(self, project_id: str, time: datetime, names: list[bytes]) -> bool:
        try:
            with (
                open_home(self.layout, project_id, snapshot_name(time)) as home,
                open_parent(home, names) as (parent, last),
            ):
                os.stat(last, dir_fd=parent, follow_symlinks=False)
        except OSError as error:
            if error.errno in _NOT_THERE:
                return False
            raise
        return True

    def take(self, project_id: str) -> datetime:
        """Take a snapshot of the project's copy, later by at least a second than every other, and return its time."""
        folder = self.layout.snapshots_of(project_id)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)  # the folder above lets in root and the receiver alone
        time = datetime.now(UTC).replace(microsecond=0)
        latest = self.latest(project_id)
        if latest is not None:
            time = max(time, latest + timedelta(seconds=1))
        btrfs.create_snapshot(self.layout.copy(project_id), folder / snapshot_name(time))
        return time

    def prune(self, project_id: str) -> int:
        """Delete the snapshots that the retention does not keep, but for one that is being read; return how many."""
        times = self.times(project_id)
        kept = to_keep(times, self.retention)
        return sum(self._delete(project_id, time) for time in times if time not in kept)

    def _delete(self, project_id: str, time: datetime) -> bool:
        path = self.layout.snapshots_of(project_id) / snapshot_name(time)
        try:
            with open_home(self.layout, project_id, path.name) as home:
                fcntl.flock(home, fcntl.LOCK_EX | fcntl.LOCK_NB)
                btrfs.delete_subvolume(path)
        except BlockingIOError:
            return False  # being read: the next time
        except OSError as error:
            log.error("%s cannot be deleted: %s", path, error, extra={"action": "prune", "project_id": project_id})  # noqa: TRY400 no traceback
            return False
        return True

    def projects(self) -> list[str]:
        """Return the ids of the projects that have snapshots here."""
        return sorted(path.name for path in self.layout.snapshots.iterdir())
