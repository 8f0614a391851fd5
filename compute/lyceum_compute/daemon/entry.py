"""One project as the daemon sees it, and the words for what happens to it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lyceum_compute.programs import ProgramError
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import Project, ProjectState, State, StateChanged

from .accounts import AccountError
from .ledger import Life
from .systemd import UnitError

if TYPE_CHECKING:
    from datetime import datetime

    from .layout import Layout
    from .local_hub import LocalHub
    from .record import Record

#: Seconds that a project may spend in a state that is on the way to another.
STATE_LIMITS = {
    State.OPENING: 30 * 60,
    State.STARTING: 60,
    State.STOPPING: 60,
    State.SAVING: 30 * 60,
    State.CLOSING: 5 * 60,
}
#: What a step may fail with; anything else is a fault of the daemon.
FAILURES = (FaultError, UnitError, AccountError, ProgramError, OSError)


@dataclass(eq=False)
class Entry:
    """One project as the daemon sees it."""

    layout: Layout
    record: Record
    state: State
    changed: datetime
    local_hub: LocalHub
    life: Life = field(default_factory=Life)
    detail: str = ""
    goal: str = ""
    reason: str = ""
    """Why it is being stopped, where nobody asked for it."""
    held: int = 0
    """Bytes that a snapshot may hold of what was deleted meanwhile."""
    calls: int = 0
    """Commands and file operations that are under way."""
    task: asyncio.Task[None] | None = None
    record_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    save_lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def project(self) -> Project:
        """What the hub last said of it."""
        return self.record.project

    @property
    def busy(self) -> bool:
        """Whether it is on the way to another state."""
        return self.task is not None and not self.task.done()

    def touch(self, now: datetime) -> None:
        """Note that somebody is at work in it."""
        if self.life.active is None or self.life.active < now:
            self.life.active = now

    @property
    def takes_memory(self) -> bool:
        """Whether its memory quota is promised."""
        return self.state in {State.STARTING, State.RUNNING, State.STOPPING} or (
            self.busy and self.goal in {"start", "restart"}
        )

    def view(self) -> ProjectState:
        """The state as the hub is told."""
        return ProjectState(
            project_id=self.layout.project_id, state=self.state, changed=self.changed, detail=self.detail
        )


ENDINGS = {
    "oom-kill": "the project ended: out of memory",
    "signal": "the project ended: its first process was killed",
    "core-dump": "the project ended: its first process crashed",
    "exit-code": "the project ended: its first process failed",
    "timeout": "the project ended: it did not stop in time",
}


def event_of(entry: Entry) -> StateChanged:
    """Return the event that tells a project's state."""
    return StateChanged(
        project_id=entry.layout.project_id, state=entry.state, changed=entry.changed, detail=entry.detail
    )


def describe(error: Exception) -> str:
    """Return what went wrong, for people."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return error.message if isinstance(error, FaultError) else str(error)
