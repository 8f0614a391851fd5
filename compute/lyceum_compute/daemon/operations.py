"""The operations that hubs call, as a dispatch table over the projects of the host."""

from __future__ import annotations

import asyncio
import logging
import os
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import (
    DAEMON_OPERATIONS,
    PROJECT_OPERATIONS,
    Accounting,
    AccountingResult,
    AdmitConnection,
    AllStopped,
    CopyManifest,
    CopyOfProject,
    DropConnections,
    Empty,
    ForProject,
    HostStatus,
    Killed,
    KnownProject,
    OpenTransfer,
    OpenTransferResult,
    ProjectArguments,
    ProjectState,
    Quota,
    RestorePath,
    RestoreResult,
    SaveResult,
    SetAside,
    SetDraining,
    SetQuotas,
    State,
    TransferArguments,
    TransferPart,
    UnwatchFiles,
    Usage,
    WatchFiles,
    WriteTransfer,
)
from lyceum_compute.protocol.server import Operation

from . import accounts, gateway, host, layout, restore
from .entry import FAILURES, describe
from .moves import Moves
from .transfers import Transfers
from .watches import Watches

if TYPE_CHECKING:
    from collections.abc import Callable

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

log = logging.getLogger(__name__)

CALLERS = frozenset({"hub"})


class Operations:
    """What the daemon does for hubs."""

    def __init__(self, settings: Settings, projects: Projects, saver: Saver, storage: Storage) -> None:
        self.settings = settings
        self.projects = projects
        self.saver = saver
        self.storage = storage
        self.moves = Moves(projects)
        self.transfers = Transfers()
        self.watches = Watches()
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
        room = self.projects.room()
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
            draining=self.projects.draining,
            memory_room=max(room.memory, 0),
            disk_room=max(min(room.disk, room.disk_free), 0),
        )

    async def set_draining(self, peer: Peer, arguments: SetDraining) -> HostStatus:
        """Mark the host, or take the mark away; projects that are here stay as they are."""
        if self.settings.draining and not arguments.draining:
            raise FaultError("conflict", "the host's settings (compute.toml) say that it drains: change those")
        self.projects.ledger.draining = arguments.draining
        log.info("draining: %s", arguments.draining, extra={"action": "set_draining"})
        return await self.host_status(peer, Empty())

    async def stop_all(self, _peer: Peer, _arguments: Empty) -> AllStopped:
        """Stop every project of the host, and save what changed."""
        entries = [e for e in self.projects.entries.values() if e.takes_memory]
        for entry in entries:
            await self.projects.stop(entry.project)
        return AllStopped(projects=len(entries))

    async def kill_all(self, _peer: Peer, _arguments: Empty) -> Killed:
        """Kill all processes of all projects, which stay running."""
        entries = [e for e in self.projects.entries.values() if e.state is State.RUNNING]
        killed = await asyncio.gather(
            *(self.projects.kill(entry.layout.project_id) for entry in entries), return_exceptions=True
        )
        for failed in (outcome for outcome in killed if isinstance(outcome, BaseException)):
            log.warning("%s", failed, extra={"action": "kill_all"})
        return Killed(processes=sum(outcome for outcome in killed if isinstance(outcome, int)))

    async def kill(self, _peer: Peer, arguments: KnownProject) -> Killed:
        """Kill all processes of a project, which stays running."""
        return Killed(processes=await self.projects.kill(arguments.project_id))

    async def create_user(self, _peer: Peer, arguments: ProjectArguments) -> Empty:
        """Make the project's Linux user, if there is none; opening and starting do so too."""
        entry = self.projects.of(arguments.project)
        await self._account(accounts.ensure, entry.layout.name, entry.project.uid, entry.layout.home)
        return Empty()

    async def delete_user(self, _peer: Peer, arguments: KnownProject) -> Empty:
        """Remove the Linux user of a project that is closed; closing does so too."""
        place = layout.Layout(Path(self.settings.projects), layout.check_id(arguments.project_id))
        entry = self.projects.entries.get(arguments.project_id)
        if entry is not None and (entry.state is not State.CLOSED or entry.busy):
            raise FaultError("conflict", f"the project is {entry.state}; close it first")
        await self._account(accounts.remove, place.name)
        return Empty()

    @staticmethod
    async def _account(function: Callable[..., object], *arguments: object) -> None:
        try:
            await asyncio.to_thread(function, *arguments)
        except (accounts.AccountError, OSError) as error:
            raise FaultError("unavailable", describe(error)) from error

    async def usage(self, _peer: Peer, arguments: KnownProject) -> Usage:
        """Say what a project uses."""
        entry = self.projects.known(arguments.project_id)
        try:
            return await self.projects.meter.usage(entry)
        except OSError as error:
            raise FaultError("unavailable", f"usage cannot be measured: {describe(error)}") from error

    async def accounting(self, _peer: Peer, arguments: Accounting) -> AccountingResult:
        """Say what was used in which hour."""
        ledger = self.projects.ledger
        return AccountingResult(ledger=ledger.name, hours=ledger.hours(arguments.ledger, arguments.sequence))

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

    async def manifest(self, _peer: Peer, arguments: ProjectArguments) -> CopyManifest:
        """Say what a project at rest holds."""
        return await self.moves.manifest(arguments.project)

    async def receive_copy(self, _peer: Peer, arguments: CopyOfProject) -> CopyManifest:
        """Fetch a project that is on another host."""
        return await self.moves.receive(arguments)

    async def set_aside(self, _peer: Peer, arguments: SetAside) -> ProjectState:
        """Let a project go to another host."""
        return await self.moves.set_aside(arguments)

    async def accept_copy(self, _peer: Peer, arguments: CopyOfProject) -> ProjectState:
        """Let what was fetched be the project."""
        return await self.moves.accept(arguments)

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
        """Say how a project is. A hub that could not be heard for a while says what its quotas are by now."""
        return await self.projects.look(arguments.project)

    async def set_quotas(self, _peer: Peer, arguments: SetQuotas) -> Quota:
        """Let quotas hold from now on."""
        return await self.projects.set_quotas(arguments.project_id, arguments.quota, arguments.quota_revision)

    async def drop_connections(self, _peer: Peer, arguments: DropConnections) -> Empty:
        """End open connections to a project."""
        await gateway.drop(self.settings.gateway_control, arguments)
        return Empty()

    async def admit_connection(self, _peer: Peer, arguments: AdmitConnection) -> Empty:
        """Let an SSH connection to a project in."""
        if self.projects.known(arguments.project_id).state is not State.RUNNING:
            raise FaultError("not_running", "the project is not running")
        await gateway.admit(self.settings.gateway_control, arguments)
        return Empty()

    def break_off(self) -> None:
        """Break off what goes on between hubs and projects."""
        self.transfers.close()
        self.watches.close()

    async def open_transfer(self, _peer: Peer, arguments: OpenTransfer) -> OpenTransferResult:
        """Begin to read or write a tree of a project."""
        entry = self._running(arguments.project_id)
        entry.touch(datetime.now(UTC))
        key = await self.transfers.open(entry, arguments.path, write=arguments.write, overwrite=arguments.overwrite)
        return OpenTransferResult(transfer=key)

    async def read_transfer(self, _peer: Peer, arguments: TransferArguments) -> TransferPart:
        """Return the next part of a tree."""
        return await self.transfers.read(arguments.transfer)

    async def write_transfer(self, _peer: Peer, arguments: WriteTransfer) -> Empty:
        """Take the next part of a tree."""
        await self.transfers.write(arguments.transfer, arguments.data, ended=arguments.ended)
        return Empty()

    async def end_transfer(self, _peer: Peer, arguments: TransferArguments) -> Empty:
        """Break off a transfer that is not over."""
        self.transfers.end(arguments.transfer)
        return Empty()

    async def watch_files(self, _peer: Peer, arguments: WatchFiles) -> Empty:
        """Tell the caller of changes to files."""
        await self.watches.watch(self._running(arguments.project_id), arguments)
        return Empty()

    async def unwatch_files(self, _peer: Peer, arguments: UnwatchFiles) -> Empty:
        """Tell no more."""
        self.watches.unwatch(arguments.watch)
        return Empty()

    async def in_project(self, operation: str, _peer: Peer, arguments: ForProject) -> Any:
        """Pass an operation to the project's local hub."""
        entry = self._running(arguments.project_id)
        entry.calls += 1
        try:
            return await entry.local_hub.call(operation, arguments.arguments)
        finally:
            entry.calls -= 1
            entry.touch(datetime.now(UTC))

    def _running(self, project_id: str) -> Entry:
        entry = self.projects.known(project_id)
        if entry.state is not State.RUNNING:
            raise FaultError("not_running", f"the project is {entry.state}, not running")
        return entry
