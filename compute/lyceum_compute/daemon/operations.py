"""The operations that hubs call, as a dispatch table over the projects of the host."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import (
    DAEMON_OPERATIONS,
    PROJECT_OPERATIONS,
    DropConnections,
    Empty,
    ForProject,
    HostStatus,
    ProjectArguments,
    ProjectState,
    Quota,
    RestorePath,
    RestoreResult,
    SaveResult,
    SetQuotas,
    State,
)
from lyceum_compute.protocol.server import Operation

from . import gateway, host, restore
from .entry import FAILURES, describe

if TYPE_CHECKING:
    from lyceum_compute.protocol.identity import Peer

    from .entry import Entry
    from .projects import Projects
    from .save import Saver
    from .settings import Settings
    from .storage import Storage

try:
    VERSION = version("lyceum-compute")
except PackageNotFoundError:
    VERSION = "unknown"

CALLERS = frozenset({"hub"})


class Operations:
    """What the daemon does for hubs."""

    def __init__(self, settings: Settings, projects: Projects, saver: Saver, storage: Storage) -> None:
        self.settings = settings
        self.projects = projects
        self.saver = saver
        self.storage = storage
        self._restoring: set[asyncio.Task[RestoreResult]] = set()

    def table(self) -> dict[str, Operation]:
        """Return the dispatch table: the daemon's own operations and those that it passes to local hubs."""
        table = {
            name: Operation(getattr(self, name), arguments, CALLERS)
            for name, (arguments, _) in DAEMON_OPERATIONS.items()
            if hasattr(self, name)
        }
        for name in PROJECT_OPERATIONS:
            table[name] = Operation(partial(self.in_project, name), ForProject, CALLERS)
        return table

    async def host_status(self, _peer: Peer, _arguments: Empty) -> HostStatus:
        """What the host has, and what is taken."""
        memory = host.memory()
        disk_total, disk_available = host.disk(self.settings.projects)
        entries = self.projects.entries.values()
        return HostStatus(
            name=self.settings.name,
            version=VERSION,
            load=os.getloadavg()[0],
            cores=os.cpu_count() or 1,
            memory_total=memory.total,
            memory_available=memory.available,
            memory_committed=self.projects.committed(),
            disk_total=disk_total,
            disk_available=disk_available,
            running=sum(entry.state is State.RUNNING for entry in entries),
            projects=sum(entry.state is not State.CLOSED for entry in entries),
        )

    async def open(self, _peer: Peer, arguments: ProjectArguments) -> ProjectState:
        """Bring a project onto this host."""
        return await self.projects.open(arguments.project)

    async def start(self, _peer: Peer, arguments: ProjectArguments) -> ProjectState:
        """Start a project."""
        return await self.projects.start(arguments.project)

    async def stop(self, _peer: Peer, arguments: ProjectArguments) -> ProjectState:
        """Stop a project."""
        return await self.projects.stop(arguments.project)

    async def restart(self, _peer: Peer, arguments: ProjectArguments) -> ProjectState:
        """Stop and start a project."""
        return await self.projects.restart(arguments.project)

    async def close(self, _peer: Peer, arguments: ProjectArguments) -> ProjectState:
        """Save a project and remove it from this host."""
        return await self.projects.close(arguments.project)

    async def save(self, _peer: Peer, arguments: ProjectArguments) -> SaveResult:
        """Save a project; answers when a copy with every write before the call is complete."""
        entry = self.projects.on_host(arguments.project)
        try:
            return await self.saver.demand(entry)
        except FAILURES as error:
            if isinstance(error, FaultError):
                raise
            raise FaultError("unavailable", f"the project could not be saved: {describe(error)}") from error

    async def restore_path(self, _peer: Peer, arguments: RestorePath) -> RestoreResult:
        """Put files of a snapshot in place; what is there is set aside. It goes on if the caller goes away."""
        entry = self.projects.on_host(arguments.project)
        wanted = restore.Wanted.of(arguments.snapshot, arguments.path)
        task = asyncio.create_task(self._restore(entry, wanted), name=f"restore {entry.layout.project_id}")
        self._restoring.add(task)
        task.add_done_callback(self._restoring.discard)
        return await asyncio.shield(task)

    async def _restore(self, entry: Entry, wanted: restore.Wanted) -> RestoreResult:
        try:
            with restore.arrivals(entry.layout.restores) as folder:
                await self.storage.fetch_path(entry.project, wanted.snapshot, wanted.path, folder)
                placing = restore.Placing(entry.project.uid, restore.stamp_of())
                return await asyncio.to_thread(placing.place, folder, entry.layout.home, wanted)
        except FAILURES as error:
            if isinstance(error, FaultError):
                raise
            raise FaultError("unavailable", f"the files could not be restored: {describe(error)}") from error

    async def state(self, _peer: Peer, arguments: ProjectArguments) -> ProjectState:
        """Say how a project is."""
        return self.projects.look(arguments.project)

    async def set_quotas(self, _peer: Peer, arguments: SetQuotas) -> Quota:
        """Let quotas hold from now on."""
        return await self.projects.set_quotas(arguments.project_id, arguments.quota)

    async def drop_connections(self, _peer: Peer, arguments: DropConnections) -> Empty:
        """End open connections to a project."""
        await gateway.drop(self.settings.gateway_control, arguments)
        return Empty()

    async def in_project(self, operation: str, _peer: Peer, arguments: ForProject) -> Any:
        """Pass an operation to the project's local hub."""
        entry = self.projects.known(arguments.project_id)
        if entry.state is not State.RUNNING:
            raise FaultError("not_running", f"the project is {entry.state}, not running")
        return await entry.local_hub.call(operation, arguments.arguments)
