"""What the storage daemon does for those who call it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import (
    Empty,
    ListDirectoryResult,
    ListSnapshotDirectory,
    ListSnapshots,
    ListSnapshotsResult,
    Message,
    Prepared,
    ReadSnapshotFile,
    ReadSnapshotFileResult,
    SaveResult,
    Snapshot,
    StorageStatus,
    StoredProject,
)
from lyceum_compute.protocol.names import bytes_of
from lyceum_compute.protocol.server import Operation

from . import __version__, look
from .layout import InvalidNameError, check_project_id, snapshot_name, snapshot_time, split_path

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from lyceum_compute.protocol.identity import Peer

    from .copies import Copies
    from .database import Placement
    from .snapshots import Snapshots

log = logging.getLogger(__name__)

MB = 1_000_000

T = TypeVar("T")


class Projects(Protocol):
    """Who is asked where a project is: the database."""

    async def placement(self, project_id: str) -> Placement | None:
        """Return where a project is."""

    async def record(self, project_id: str) -> str | None:
        """Return the JSON of a project's record."""


class Begin(Message, frozen=True, kw_only=True):
    """Arguments of ``begin``: a compute host wants to send a copy, or to ``fetch`` what a snapshot holds."""

    project_id: str
    host: str
    fetch: bool = False


class Begun(Message, frozen=True, kw_only=True):
    token: str = ""


class Finish(Message, frozen=True, kw_only=True):
    """Arguments of ``finish``: rsync ended."""

    project_id: str
    token: str
    success: bool


class Service:
    """The operations, on the copies and snapshots of one host."""

    def __init__(
        self, name: str, copies: Copies, snapshots: Snapshots, projects: Projects, *, minimum_free: int
    ) -> None:
        self.name = name
        self.copies = copies
        self.snapshots = snapshots
        self.layout = copies.layout
        self.projects = projects
        self.minimum_free = minimum_free
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._works: set[asyncio.Task[Any]] = set()

    def operations(self) -> dict[str, Operation]:
        """Return what is served over TLS, and to whom."""
        hub, compute = frozenset({"hub"}), frozenset({"compute"})
        return {
            "host_status": Operation(self.host_status, Empty, hub),
            "list_snapshots": Operation(self.list_snapshots, ListSnapshots, hub),
            "list_snapshot_directory": Operation(self.list_snapshot_directory, ListSnapshotDirectory, hub),
            "read_snapshot_file": Operation(self.read_snapshot_file, ReadSnapshotFile, hub),
            "prepare": Operation(self.prepare, StoredProject, compute),
            "snapshot": Operation(self.snapshot, StoredProject, compute),
        }

    def control_operations(self) -> dict[str, Operation]:
        """Return what is served to the receiver, on the unix socket that its group alone may open."""
        local = frozenset({"local"})
        return {"begin": Operation(self.begin, Begin, local), "finish": Operation(self.finish, Finish, local)}

    async def host_status(self, _peer: Peer, _arguments: Empty) -> StorageStatus:
        """Say how full the host is."""
        return await asyncio.to_thread(self._status)

    def _status(self) -> StorageStatus:
        disk = os.statvfs(self.layout.data)
        projects = self.snapshots.projects()
        return StorageStatus(
            name=self.name,
            version=__version__,
            disk_total=disk.f_blocks * disk.f_frsize // MB,
            disk_available=disk.f_bavail * disk.f_frsize // MB,
            projects=len(projects),
            snapshots=sum(len(self.snapshots.times(project_id)) for project_id in projects),
        )

    async def list_snapshots(self, _peer: Peer, arguments: ListSnapshots) -> ListSnapshotsResult:
        """Return a project's snapshots, with a path those that hold it."""
        project_id = _project_id(arguments.project_id)
        times = await asyncio.to_thread(self.snapshots.holding, project_id, _names(arguments.path or ""))
        return ListSnapshotsResult(snapshots=[Snapshot(name=snapshot_name(time), time=time) for time in times])

    async def list_snapshot_directory(self, _peer: Peer, arguments: ListSnapshotDirectory) -> ListDirectoryResult:
        """Return what a folder held when a snapshot was taken."""
        project_id, snapshot = _project_id(arguments.project_id), _snapshot_name(arguments.snapshot)
        names = _names(arguments.path)
        return await asyncio.to_thread(
            look.list_directory, self.layout, project_id, snapshot, names, hidden=arguments.hidden
        )

    async def read_snapshot_file(self, _peer: Peer, arguments: ReadSnapshotFile) -> ReadSnapshotFileResult:
        """Return a file's content when a snapshot was taken."""
        project_id, snapshot = _project_id(arguments.project_id), _snapshot_name(arguments.snapshot)
        return await asyncio.to_thread(look.read_file, self.layout, project_id, snapshot, _names(arguments.path))

    async def prepare(self, peer: Peer, arguments: StoredProject) -> Prepared:
        """Make the project's copy, if there is none yet."""
        project_id = await self._placed(arguments.project_id, peer.host)
        return await self._to_the_end(self._prepare(project_id))

    async def _prepare(self, project_id: str) -> Prepared:
        async with self._turn(project_id):
            await asyncio.to_thread(self.copies.prepare, project_id)
            latest = await asyncio.to_thread(self.snapshots.latest, project_id)
        return Prepared(exists=latest is not None)

    async def snapshot(self, peer: Peer, arguments: StoredProject) -> SaveResult:
        """Snapshot the project's copy, which must be complete. A caller who hangs up does not stop it halfway."""
        project_id = await self._placed(arguments.project_id, peer.host)
        record = await self.projects.record(project_id)
        return await self._to_the_end(self._snapshot(project_id, record))

    async def _snapshot(self, project_id: str, record: str | None) -> SaveResult:
        async with self._turn(project_id):
            name = self.copies.taken(project_id)
            if name is None:
                name = await asyncio.to_thread(self._take, project_id, record)
                await asyncio.to_thread(self.snapshots.prune, project_id)
        return msgspec.convert({"snapshot": name, "time": name}, SaveResult)

    def _take(self, project_id: str, record: str | None) -> str:
        with self.copies.complete(project_id):
            if record is not None:
                _write(self.layout.record(project_id), record)
            name = snapshot_name(self.snapshots.take(project_id))
            self.copies.note_snapshot(project_id, name)
        log.info("took a snapshot", extra={"action": "snapshot", "project_id": project_id, "snapshot": name})
        return name

    async def begin(self, _peer: Peer, arguments: Begin) -> Begun:
        """Say whether a compute host may send to or fetch from a project, and mark a copy that begins as incomplete."""
        project_id = await self._placed(arguments.project_id, arguments.host, fetch=arguments.fetch)
        if arguments.fetch:
            return Begun()
        free = os.statvfs(self.layout.data)
        if free.f_bavail * free.f_frsize < self.minimum_free * MB:
            raise FaultError(
                "host_full",
                f"{self.name} has less than {self.minimum_free} MB left; it takes no copies until there is more",
            )
        async with self._turn(project_id):
            return Begun(token=self.copies.begin(project_id))

    async def finish(self, _peer: Peer, arguments: Finish) -> Empty:
        """Note whether a copy arrived whole."""
        project_id = _project_id(arguments.project_id)
        async with self._turn(project_id):
            self.copies.finish(project_id, arguments.token, success=arguments.success)
        return Empty()

    async def sweep(self) -> None:
        """Thin the snapshots of every project."""
        for project_id in await asyncio.to_thread(self.snapshots.projects):
            async with self._turn(project_id):
                deleted = await asyncio.to_thread(self.snapshots.prune, project_id)
            if deleted:
                log.info("deleted %d snapshots", deleted, extra={"action": "sweep", "project_id": project_id})

    async def _placed(self, project_id: str, host: str, *, fetch: bool = False) -> str:
        """Return the id if the database places the project on that compute host and on this storage host.

        ``fetch``: the compute host that the project is being moved to may do it as well.
        """
        placement = await self.projects.placement(_project_id(project_id))
        hosts = {placement.compute_host, placement.moving_to if fetch else None} if placement else set()
        if placement is None or not host or host not in hosts or placement.storage_host != self.name:
            log.warning(
                "refused a project that is not placed there",
                extra={"action": "refused", "project_id": project_id, "host": host},
            )
            raise FaultError("not_found", f"no such project on {host}")
        return project_id

    async def _to_the_end(self, work: Coroutine[Any, Any, T]) -> T:
        """Do what must not stop halfway, even if the caller hangs up."""
        task = asyncio.create_task(work)
        self._works.add(task)
        task.add_done_callback(self._works.discard)
        return await asyncio.shield(task)

    async def settle(self) -> None:
        """Wait until what was begun is done."""
        if self._works:
            await asyncio.wait(self._works)

    def _turn(self, project_id: str) -> asyncio.Lock:
        return self._turns[project_id]


def _project_id(project_id: str) -> str:
    try:
        return check_project_id(project_id)
    except InvalidNameError as error:
        raise FaultError("invalid", str(error)) from error


def _snapshot_name(name: str) -> str:
    if snapshot_time(name) is None:
        raise FaultError("not_found", "there is no such snapshot")
    return name


def _names(path: str) -> list[bytes]:
    try:
        return split_path(bytes_of(path))
    except (InvalidNameError, UnicodeError) as error:
        raise FaultError("invalid", f"path: {error}") from error


def _write(path: Path, content: str) -> None:
    """Write a small file so that a reader, and the disk after a crash, has the old one or the new one."""
    new = path.with_name(f".{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(content + "\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
