"""Every message of the wire protocol, as plain structs without sockets.

Times are ISO 8601 in UTC. Paths are relative to the project's home; ``""`` is the home itself. Sizes are bytes unless a
name says otherwise; quotas are in MB (10^6 bytes), as in the model system.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

#: Longest line on the wire, in bytes, its newline included.
MAX_LINE = 16 * 1024 * 1024
#: Longest text or output that one operation carries, in bytes.
MAX_CONTENT = 10 * 1000 * 1000


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all arguments and results share: immutable, by keyword, and no field but those declared."""


class Request(msgspec.Struct, frozen=True):
    """``{"id": n, "operation": name, "arguments": {...}}``"""

    id: int
    operation: str
    arguments: msgspec.Raw = msgspec.Raw(b"{}")


class Fault(msgspec.Struct, frozen=True):
    """Why a request failed: a code for programs, a sentence for people."""

    code: str
    message: str


class Answer(msgspec.Struct, frozen=True):
    """``{"id": n, "result": {...}}``"""

    id: int
    result: msgspec.Raw


class Refusal(msgspec.Struct, frozen=True):
    """``{"id": n, "error": {...}}``; the id is null if it could not be read."""

    id: int | None
    error: Fault


class State(StrEnum):
    """The states of a project on a compute host."""

    CLOSED = "closed"
    OPENING = "opening"
    OPENED = "opened"
    STARTING = "starting"
    RUNNING = "running"
    SAVING = "saving"
    STOPPING = "stopping"
    CLOSING = "closing"


class Quota(Message, frozen=True, kw_only=True):
    """A project's quotas, with the defaults of the model system."""

    disk: int = 3000
    """MB."""
    memory: int = 1000
    """MB."""
    cores: float = 1.0
    cpu_shares: int = 256
    idle_timeout: int = 3600
    """Seconds."""
    network: bool = False
    member_host: bool = False


class Project(Message, frozen=True, kw_only=True):
    """What a compute host must know of a project; sent with each operation that may have to open it."""

    project_id: str
    uid: int
    storage_host: str
    quota: Quota


class StateChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="state"):
    """Pushed to every hub when a project's state changes, and for every known project once after a hub connects."""

    project_id: str
    state: State
    changed: datetime
    detail: str = ""
    """Why, where there is something to say ("out of memory", "stopped by its idle time-out")."""


class Saved(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="saved"):
    """Pushed when a copy of a project was completed and snapshotted."""

    project_id: str
    snapshot: str
    time: datetime


class Edited(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="edited"):
    """Pushed when a project's files were seen to have changed."""

    project_id: str
    time: datetime


Event = StateChanged | Saved | Edited


# Operations of the compute daemon (served to: hub).


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


class ProjectState(Message, frozen=True, kw_only=True):
    """Result of ``start``, ``stop``, ``restart``, ``open``, ``close``, ``state``: the state right after the call.

    The operations answer at once; the states that follow arrive as events.
    """

    project_id: str
    state: State
    changed: datetime
    detail: str = ""


class ProjectArguments(Message, frozen=True, kw_only=True):
    """Arguments of ``start``, ``stop``, ``restart``, ``open``, ``close``, ``state`` and ``save``."""

    project: Project


class SaveResult(Message, frozen=True, kw_only=True):
    """Result of ``save``, which answers once a copy with every write before the call is complete and snapshotted."""

    snapshot: str
    time: datetime


class SetQuotas(Message, frozen=True, kw_only=True):
    """Arguments of ``set_quotas``; result: ``Quota``."""

    project_id: str
    quota: Quota


class RestorePath(Message, frozen=True, kw_only=True):
    """Arguments of ``restore_path``; works in any state but ``closed``."""

    project: Project
    snapshot: str
    path: str


class RestoreResult(Message, frozen=True, kw_only=True):
    restored: list[str]
    set_aside: list[str]


class DropConnections(Message, frozen=True, kw_only=True):
    """Arguments of ``drop_connections``: end one account's (or all, if null) open connections to a project."""

    project_id: str
    account_id: str | None = None


class Empty(Message, frozen=True, kw_only=True):
    """A result that says nothing but that it was done."""


# Operations that the daemon passes to the project's local hub. The daemon's arguments carry the project's id around
# them (``ForProject``); the local hub is given ``arguments`` alone, with the same operation name.


class ForProject(Message, frozen=True, kw_only=True):
    """Arguments of ``exec`` and the file operations at the daemon."""

    project_id: str
    arguments: msgspec.Raw


class Exec(Message, frozen=True, kw_only=True):
    """With ``bash``, ``command`` is given to ``bash -c`` and ``args`` are its positional parameters."""

    command: str
    args: list[str] = msgspec.field(default_factory=list)
    path: str = ""
    timeout: float = 60
    """Seconds, at most 600."""
    max_output: int = 1_000_000
    """Bytes kept of each of stdout and stderr; what comes after is read and dropped."""
    bash: bool = False


class ExecResult(Message, frozen=True, kw_only=True):
    """Output is decoded as UTF-8 with replacement characters. Past the time-out: ``timed_out`` and exit code 124."""

    stdout: str
    stderr: str
    exit_code: int
    timed_out: bool
    truncated: bool


class ReadTextFile(Message, frozen=True, kw_only=True):
    path: str


class ReadTextFileResult(Message, frozen=True, kw_only=True):
    content: str
    modified: datetime
    size: int


class WriteTextFile(Message, frozen=True, kw_only=True):
    """Missing folders are made. The write is atomic: a reader sees the old file or the new one."""

    path: str
    content: str
    unmodified_since: datetime | None = None


class WriteTextFileResult(Message, frozen=True, kw_only=True):
    modified: datetime
    size: int


class ListDirectory(Message, frozen=True, kw_only=True):
    path: str = ""
    hidden: bool = False


class Entry(Message, frozen=True, kw_only=True, omit_defaults=True):
    name: str
    type: str
    """``file``, ``directory``, ``link`` or ``other``."""
    size: int
    modified: datetime
    target: str | None = None
    """Where a link points."""


class ListDirectoryResult(Message, frozen=True, kw_only=True):
    """Entries sorted by name, at most 10,000; ``truncated`` if there are more."""

    entries: list[Entry]
    truncated: bool


class CopyPath(Message, frozen=True, kw_only=True):
    source: str
    destination: str
    overwrite: bool = False


class RenamePath(Message, frozen=True, kw_only=True):
    source: str
    destination: str
    overwrite: bool = False


class DeletePath(Message, frozen=True, kw_only=True):
    """A folder is deleted with all that is in it. The home itself is not."""

    path: str


class MakeDirectory(Message, frozen=True, kw_only=True):
    """Missing parents are made; a folder that is there already is fine."""

    path: str


#: Operation of the local hub -> (arguments, result).
PROJECT_OPERATIONS: dict[str, tuple[type[Message], type[Message]]] = {
    "exec": (Exec, ExecResult),
    "read_text_file": (ReadTextFile, ReadTextFileResult),
    "write_text_file": (WriteTextFile, WriteTextFileResult),
    "list_directory": (ListDirectory, ListDirectoryResult),
    "copy_path": (CopyPath, Empty),
    "rename_path": (RenamePath, Empty),
    "delete_path": (DeletePath, Empty),
    "make_directory": (MakeDirectory, Empty),
}

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


# Operations of the storage daemon (served to: hub; ``snapshot`` and ``prepare`` to the project's compute host).


class StoredProject(Message, frozen=True, kw_only=True):
    """Arguments of ``prepare`` (makes the copy's subvolume) and ``snapshot``."""

    project_id: str


class Prepared(Message, frozen=True, kw_only=True):
    exists: bool
    """Whether a complete copy is there already."""


class ListSnapshots(Message, frozen=True, kw_only=True):
    """With a path, only the snapshots that hold it."""

    project_id: str
    path: str | None = None


class Snapshot(Message, frozen=True, kw_only=True):
    name: str
    time: datetime


class ListSnapshotsResult(Message, frozen=True, kw_only=True):
    """Oldest first."""

    snapshots: list[Snapshot]


class StorageStatus(Message, frozen=True, kw_only=True):
    """Result of ``host_status`` at the storage daemon."""

    name: str
    version: str
    disk_total: int
    """MB."""
    disk_available: int
    """MB."""
    projects: int
    snapshots: int


STORAGE_OPERATIONS: dict[str, tuple[type[Message], type[Message]]] = {
    "host_status": (Empty, StorageStatus),
    "prepare": (StoredProject, Prepared),
    "snapshot": (StoredProject, SaveResult),
    "list_snapshots": (ListSnapshots, ListSnapshotsResult),
}


#: Codes of errors on the wire. The hub turns each into an HTTP status.
FAULT_STATUS: dict[str, int] = {
    "malformed": 400,
    "unknown_operation": 404,
    "invalid": 422,
    "forbidden": 403,
    "not_found": 404,
    "not_running": 409,
    "conflict": 409,
    "changed_on_disk": 409,
    "is_a_directory": 409,
    "not_a_directory": 409,
    "not_text": 409,
    "too_large": 413,
    "too_many": 429,
    "disk_quota": 507,
    "host_full": 503,
    "unavailable": 503,
    "timed_out": 504,
    "internal": 500,
}
