"""What hubs and compute daemons say of one project: its states, quotas and events."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from .wire import Message


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


#: What any host can hold: quota -> (least, most). A site's own maximum is below.
QUOTA_BOUNDS: dict[str, tuple[float, float]] = {
    "disk": (1, 10_000_000),
    "memory": (50, 10_000_000),
    "cores": (0.01, 10_000),
    "cpu_shares": (1, 1_000_000),
    "idle_timeout": (1, 10**9),
}


class Project(Message, frozen=True, kw_only=True):
    """What a compute host must know of a project; sent with each operation that may have to open it."""

    project_id: str
    uid: int
    storage_host: str
    quota: Quota
    quota_revision: int = 0
    """Grows with each change of the quota: one that several hubs speak of keeps the latest, whoever spoke last."""


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


class CopyOfProject(Message, frozen=True, kw_only=True):
    """Arguments of ``receive_copy`` and ``accept_copy``: a project of another host, as it is in a snapshot."""

    project: Project
    snapshot: str


class CopyManifest(Message, frozen=True, kw_only=True):
    """Result of ``manifest`` and ``receive_copy``: what a project at rest holds, of all that a copy carries."""

    digest: str
    """The same for the same names, kinds, permissions, times, contents, links and attributes."""
    entries: int
    size: int
    changed: str
    """Another after every write to the project on this host."""


class SetAside(Message, frozen=True, kw_only=True):
    """Arguments of ``set_aside``; refused (``conflict``) if the project was changed after that manifest was made."""

    project: Project
    changed: str


class SetQuotas(Message, frozen=True, kw_only=True):
    """Arguments of ``set_quotas``; result: the ``Quota`` that holds, which is another one if its revision is later."""

    project_id: str
    quota: Quota
    quota_revision: int


class RestorePath(Message, frozen=True, kw_only=True):
    """Arguments of ``restore_path``; works in any state but ``closed``."""

    project: Project
    snapshot: str
    path: str


class RestoreResult(Message, frozen=True, kw_only=True):
    restored: list[str]
    set_aside: list[str]


class KnownProject(Message, frozen=True, kw_only=True):
    """Arguments of ``usage``, ``kill`` and ``delete_user``: a project of which nothing new is to be said."""

    project_id: str


class Killed(Message, frozen=True, kw_only=True):
    """Result of ``kill`` and ``kill_all``: how many processes there were."""

    processes: int


class Usage(Message, frozen=True, kw_only=True):
    """Result of ``usage``: what a project uses now, the most since it was started, and what it may use.

    Memory and disk in MB. Memory is what the kernel cannot take back by forgetting files that it has read. Of a project
    that does not run, all but the disk is what it was when it ended.
    """

    project_id: str
    time: datetime
    """When this was measured."""
    state: State
    started: datetime | None
    active: datetime | None
    """When somebody or something was last seen at work: terminal, port, ssh, command, file or processor."""
    memory: float
    memory_peak: float
    memory_limit: int
    memory_kills: int
    """Processes that the kernel ended since the start because the memory was used up."""
    memory_killed: datetime | None
    disk: float
    disk_limit: int
    cores: float
    """Processor cores in use, on the average of the last half minute or so."""
    cores_limit: float
    cpu_seconds: float
    """Since the start."""
    tasks: int
    """Processes and threads."""
    tasks_peak: int
    tasks_limit: int
    tasks_refused: int
    """How often a process or thread could not be made because there were too many already."""
    tasks_refused_last: datetime | None


class DropConnections(Message, frozen=True, kw_only=True):
    """Arguments of ``drop_connections``: end one account's (or all, if null) open connections to a project.

    The id of an SSH key in the account's place ends the connections that were opened with it.
    """

    project_id: str
    account_id: str | None = None
    credential: str | None = None
    """Only those that were opened with this session or API key, by the name that the hub has for it."""


class AdmitConnection(Message, frozen=True, kw_only=True):
    """Arguments of ``admit_connection``: let in one SSH connection that shows this ticket within a few seconds.

    ``holders`` are the account and the SSH key that it belongs to: it ends when either's connections are dropped.
    """

    project_id: str
    ticket: str
    holders: list[str]
