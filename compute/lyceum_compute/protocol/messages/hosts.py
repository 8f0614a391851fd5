"""What hubs and compute daemons say of a host as a whole."""

from __future__ import annotations

from datetime import datetime

from .projects import (
    AdmitConnection,
    CopyManifest,
    CopyOfProject,
    DropConnections,
    Killed,
    KnownProject,
    ProjectArguments,
    ProjectState,
    Quota,
    RestorePath,
    RestoreResult,
    SaveResult,
    SetAside,
    SetQuotas,
    Usage,
)
from .transfers import (
    OpenTransfer,
    OpenTransferResult,
    TransferArguments,
    TransferPart,
    UnwatchFiles,
    WatchFiles,
    WriteTransfer,
)
from .wire import Empty, Message


class HostStatus(Message, frozen=True, kw_only=True):
    """Result of ``host_status`` (no arguments)."""

    name: str
    version: str
    load: float
    """One-minute load average."""
    cores: int
    memory_total: int
    """MB."""
    memory_available: int
    """MB."""
    memory_committed: int
    """MB that running projects' quotas allow in all."""
    disk_total: int
    """MB."""
    disk_available: int
    """MB."""
    running: int
    projects: int
    draining: bool = False
    """Whether the host takes no further projects."""
    memory_room: int | None = None
    """MB of memory that the quotas of further running projects may promise; null: not said."""
    disk_room: int | None = None
    """MB of disk that the quotas of further projects may promise; null: not said."""


class SetDraining(Message, frozen=True, kw_only=True):
    """Arguments of ``set_draining``; result: ``HostStatus``. The mark outlives restarts of daemon and host."""

    draining: bool


class AllStopped(Message, frozen=True, kw_only=True):
    """Result of ``stop_all``: how many projects are being stopped and saved now."""

    projects: int


class Accounting(Message, frozen=True, kw_only=True):
    """Arguments of ``accounting``: what changed after ``sequence`` in the ledger of that name.

    With another ledger's name (the host was set up anew), all there is.
    """

    ledger: str = ""
    sequence: int = 0


class AccountedHour(Message, frozen=True, kw_only=True):
    """What one project used in one hour, in all until now: asked again, it is the same or more, never to be added."""

    project_id: str
    hour: datetime
    """The hour's beginning."""
    sequence: int
    cpu_seconds: float
    memory_gb_hours: float
    """GB are 10^9 bytes."""
    disk: float
    """MB, the most that was seen."""
    running_seconds: float


class AccountingResult(Message, frozen=True, kw_only=True):
    """At most 1,000 hours, in the order of ``sequence``. A host remembers those of the last 14 days."""

    ledger: str
    hours: list[AccountedHour]


#: Operation of the compute daemon itself -> (arguments, result).
DAEMON_OPERATIONS: dict[str, tuple[type[Message], type[Message]]] = {
    "host_status": (Empty, HostStatus),
    "open": (ProjectArguments, ProjectState),
    "close": (ProjectArguments, ProjectState),
    "start": (ProjectArguments, ProjectState),
    "stop": (ProjectArguments, ProjectState),
    "restart": (ProjectArguments, ProjectState),
    "state": (ProjectArguments, ProjectState),
    "save": (ProjectArguments, SaveResult),
    "manifest": (ProjectArguments, CopyManifest),
    "receive_copy": (CopyOfProject, CopyManifest),
    "set_aside": (SetAside, ProjectState),
    "accept_copy": (CopyOfProject, ProjectState),
    "set_quotas": (SetQuotas, Quota),
    "restore_path": (RestorePath, RestoreResult),
    "drop_connections": (DropConnections, Empty),
    "create_user": (ProjectArguments, Empty),
    "delete_user": (KnownProject, Empty),
    "usage": (KnownProject, Usage),
    "kill": (KnownProject, Killed),
    "set_draining": (SetDraining, HostStatus),
    "stop_all": (Empty, AllStopped),
    "kill_all": (Empty, Killed),
    "accounting": (Accounting, AccountingResult),
    "open_transfer": (OpenTransfer, OpenTransferResult),
    "read_transfer": (TransferArguments, TransferPart),
    "write_transfer": (WriteTransfer, Empty),
    "end_transfer": (TransferArguments, Empty),
    "watch_files": (WatchFiles, Empty),
    "unwatch_files": (UnwatchFiles, Empty),
    "admit_connection": (AdmitConnection, Empty),
}
