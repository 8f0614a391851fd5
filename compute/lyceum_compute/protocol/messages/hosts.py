"""What hubs and compute daemons say of a host as a whole."""

from __future__ import annotations

from .projects import (
    DropConnections,
    ProjectArguments,
    ProjectState,
    Quota,
    RestorePath,
    RestoreResult,
    SaveResult,
    SetQuotas,
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
    "set_quotas": (SetQuotas, Quota),
    "restore_path": (RestorePath, RestoreResult),
    "drop_connections": (DropConnections, Empty),
}
