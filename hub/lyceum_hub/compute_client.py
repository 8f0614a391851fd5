"""The hub's only way to compute hosts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

import msgspec
from lyceum_compute.protocol.identity import Identity
from lyceum_compute.protocol.messages import (
    PROJECT_OPERATIONS,
    Accounting,
    AccountingResult,
    AdmitConnection,
    AllStopped,
    CopyManifest,
    CopyOfProject,
    DropConnections,
    Edited,
    Empty,
    Event,
    FileChanges,
    ForProject,
    HostStatus,
    Killed,
    KnownProject,
    Message,
    OpenTransfer,
    OpenTransferResult,
    Project,
    ProjectArguments,
    ProjectState,
    Quota,
    RestorePath,
    RestoreResult,
    Saved,
    SaveResult,
    SetAside,
    SetDraining,
    SetQuotas,
    StateChanged,
    TransferArguments,
    TransferPart,
    UnwatchFiles,
    Usage,
    WatchEnded,
    WatchEvent,
    WatchFiles,
    WriteTransfer,
)

from .hosts import Host, Hosts
from .settings import HostSettings

__all__ = ["ComputeHosts", "Edited", "Event", "FileChanges", "Saved", "StateChanged", "WatchEnded", "WatchEvent"]

T = TypeVar("T", bound=Message)

#: Connections to each host for commands and files, beside the one for control and events.
WORKERS = 4
#: Seconds on top of what an operation may itself take.
MARGIN = 15.0
SAVE_TIMEOUT = 3 * 3600.0
#: Seconds for one part of a tree; the last is unpacked within it.
TRANSFER_TIMEOUT = 640.0


class ComputeHosts(Hosts):
    """Every compute host of the settings."""

    def __init__(
        self,
        settings: Sequence[HostSettings],
        identity: Identity,
        *,
        on_event: Callable[[str, Event | WatchEvent], None],
        on_connected: Callable[[str, bool], None],
    ) -> None:
        super().__init__(
            "compute",
            [
                Host(
                    "compute",
                    host,
                    identity,
                    event_type=StateChanged | Saved | Edited | FileChanges | WatchEnded,
                    on_event=on_event,
                    on_connected=on_connected,
                    workers=WORKERS,
                )
                for host in settings
            ],
        )

    async def status(self, host: str) -> HostStatus:
        """Return a host's load and room."""
        return await self.get(host).request("host_status", Empty(), HostStatus, timeout=3)

    async def set_draining(self, host: str, *, draining: bool) -> HostStatus:
        """Let a host take no further projects, or take them again."""
        return await self.get(host).request("set_draining", SetDraining(draining=draining), HostStatus, timeout=10)

    async def stop_all(self, host: str) -> int:
        """Stop all projects of a host; return how many are being stopped."""
        return (await self.get(host).request("stop_all", Empty(), AllStopped, timeout=60)).projects

    async def kill_all(self, host: str) -> int:
        """Kill all processes of all projects of a host, which go on; return how many there were."""
        return (await self.get(host).request("kill_all", Empty(), Killed, timeout=120, work=True)).processes

    async def kill(self, host: str, project_id: UUID) -> int:
        """Kill all processes of a project, which goes on; return how many there were."""
        arguments = KnownProject(project_id=str(project_id))
        return (await self.get(host).request("kill", arguments, Killed, timeout=60, work=True)).processes

    async def usage(self, host: str, project_id: UUID) -> Usage:
        """Return what a project uses now."""
        return await self.get(host).request("usage", KnownProject(project_id=str(project_id)), Usage, timeout=10)

    async def accounting(self, host: str, ledger: str, sequence: int) -> AccountingResult:
        """Return what a host counted after a place in its ledger."""
        arguments = Accounting(ledger=ledger, sequence=sequence)
        return await self.get(host).request("accounting", arguments, AccountingResult, timeout=30, work=True)

    async def change(self, host: str, operation: str, project: Project) -> ProjectState:
        """Start, stop, restart, open or close a project, or ask its state; answers at once with the state."""
        arguments = ProjectArguments(project=project)
        return await self.get(host).request(operation, arguments, ProjectState, timeout=30)

    async def save(self, host: str, project: Project) -> SaveResult:
        """Copy a project to its storage host; answers when the copy is snapshotted."""
        arguments = ProjectArguments(project=project)
        return await self.get(host).request("save", arguments, SaveResult, timeout=SAVE_TIMEOUT, work=True)

    async def manifest(self, host: str, project: Project) -> CopyManifest:
        """Return what a project at rest holds."""
        arguments = ProjectArguments(project=project)
        return await self.get(host).request("manifest", arguments, CopyManifest, timeout=SAVE_TIMEOUT, work=True)

    async def receive_copy(self, host: str, project: Project, snapshot: str) -> CopyManifest:
        """Have a host fetch a project that is on another; return what came."""
        arguments = CopyOfProject(project=project, snapshot=snapshot)
        return await self.get(host).request("receive_copy", arguments, CopyManifest, timeout=SAVE_TIMEOUT, work=True)

    async def set_aside(self, host: str, project: Project, changed: str) -> ProjectState:
        """Have a host keep a project out of the way that moves to another."""
        arguments = SetAside(project=project, changed=changed)
        return await self.get(host).request("set_aside", arguments, ProjectState, timeout=320, work=True)

    async def accept_copy(self, host: str, project: Project, snapshot: str) -> ProjectState:
        """Have a host take what it fetched for the project."""
        arguments = CopyOfProject(project=project, snapshot=snapshot)
        return await self.get(host).request("accept_copy", arguments, ProjectState, timeout=60, work=True)

    async def set_quotas(self, host: str, project_id: UUID, quota: Quota, revision: int) -> Quota:
        """Put a quota into effect."""
        arguments = SetQuotas(project_id=str(project_id), quota=quota, quota_revision=revision)
        return await self.get(host).request("set_quotas", arguments, Quota, timeout=30)

    async def restore_path(self, host: str, project: Project, snapshot: str, path: str) -> RestoreResult:
        """Bring a path back as it was in a snapshot; answers when all is in place."""
        arguments = RestorePath(project=project, snapshot=snapshot, path=path)
        return await self.get(host).request("restore_path", arguments, RestoreResult, timeout=SAVE_TIMEOUT, work=True)

    async def drop_connections(self, host: str, project_id: UUID, holder: UUID, credential: str | None = None) -> None:
        """End the open connections of one account, or of one SSH key, to a project."""
        arguments = DropConnections(project_id=str(project_id), account_id=str(holder), credential=credential)
        await self.get(host).request("drop_connections", arguments, Empty, timeout=10)

    async def open_transfer(
        self, host: str, project_id: UUID, path: str, *, write: bool = False, overwrite: bool = False
    ) -> str:
        """Begin to read or write a tree of a running project; return the transfer's id."""
        arguments = OpenTransfer(project_id=str(project_id), path=path, write=write, overwrite=overwrite)
        found = await self._transfer(host, "open_transfer", arguments, OpenTransferResult)
        return found.transfer

    async def read_transfer(self, host: str, transfer: str) -> TransferPart:
        """Return what comes next of a tree."""
        return await self._transfer(host, "read_transfer", TransferArguments(transfer=transfer), TransferPart)

    async def write_transfer(self, host: str, transfer: str, part: TransferPart) -> None:
        """Give what comes next of a tree; the last part is answered when all is in place."""
        arguments = WriteTransfer(transfer=transfer, data=part.data, ended=part.ended)
        await self._transfer(host, "write_transfer", arguments, Empty)

    async def end_transfer(self, host: str, transfer: str) -> None:
        """Break off a transfer that is not over."""
        await self._transfer(host, "end_transfer", TransferArguments(transfer=transfer), Empty)

    async def _transfer(self, host: str, operation: str, arguments: Message, result_type: type[T]) -> T:
        return await self.get(host).request(operation, arguments, result_type, timeout=TRANSFER_TIMEOUT, work=True)

    async def watch_files(self, host: str, project_id: UUID, watch: str, path: str) -> None:
        """Have changes to a folder or file told as events, under an id of our own."""
        arguments = WatchFiles(project_id=str(project_id), watch=watch, path=path)
        await self.get(host).request("watch_files", arguments, Empty, timeout=75)

    async def unwatch_files(self, host: str, watch: str) -> None:
        """Have no more changes told."""
        await self.get(host).request("unwatch_files", UnwatchFiles(watch=watch), Empty, timeout=30)

    async def admit_connection(self, host: str, project_id: UUID, ticket: str, holders: list[str]) -> None:
        """Let the host's gateway take one connection with this ticket; it ends with any of its holders."""
        arguments = AdmitConnection(project_id=str(project_id), ticket=ticket, holders=holders)
        await self.get(host).request("admit_connection", arguments, Empty, timeout=10)

    async def in_project(
        self,
        host: str,
        project_id: UUID,
        operation: str,
        arguments: Message,
        result_type: type[T],
        *,
        timeout: float = 60,
    ) -> T:
        """Return the result of a command or file operation in a running project."""
        if PROJECT_OPERATIONS[operation][1] is not result_type:
            raise TypeError(f"{operation} does not result in {result_type.__name__}")
        wrapped = ForProject(project_id=str(project_id), arguments=msgspec.Raw(msgspec.json.encode(arguments)))
        return await self.get(host).request(operation, wrapped, result_type, timeout=timeout + MARGIN, work=True)
