"""Stopping projects in which nothing was done for the time that their quota allows."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import State

from . import gateway

if TYPE_CHECKING:
    from .entry import Entry
    from .projects import Projects
    from .usage import Meter

log = logging.getLogger(__name__)

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


class Idle:
    """Notes activity, and stops what has none."""

    def __init__(self, projects: Projects, meter: Meter, gateway_control: str) -> None:
        self._projects = projects
        self._meter = meter
        self._gateway_control = gateway_control

    async def ask_gateway(self) -> bool:
        """Take over when bytes last went to and from projects; return whether that is known."""
        try:
            ages = await gateway.activity(self._gateway_control)
        except FaultError as error:
            log.warning("%s", error.message, extra={"action": "idle"})
            return False
        now = datetime.now(UTC)
        for project_id, age in ages.items():
            entry = self._projects.entries.get(project_id)
            if entry is not None:
                entry.touch(now - timedelta(seconds=age))
        return True

    def overdue(self, entry: Entry, now: datetime) -> bool:
        """Whether a project's time is up, as far as is known."""
        if entry.state is not State.RUNNING or entry.busy or entry.calls:
            return False
        last = max(entry.life.active or entry.changed, entry.life.started or entry.changed)
        return now - last > timedelta(seconds=entry.project.quota.idle_timeout)

    async def round(self) -> None:
        """Stop the projects whose time is up. Before that each is looked at once more, and the gateway is asked."""
        now = datetime.now(UTC)
        found = [entry for entry in self._projects.entries.values() if self.overdue(entry, now)]
        if not found or not await self.ask_gateway():
            return
        for entry in found:
            await self._meter.look(entry)
            now = datetime.now(UTC)
            if self.overdue(entry, now):
                idle = span(entry.project.quota.idle_timeout)
                await self._projects.stop_for(
                    entry, f"stopped at {now:%Y-%m-%d %H:%M} UTC: nothing was done for {idle}"
                )


def span(seconds: float) -> str:
    """Return a length of time in words, in its largest unit that says it exactly."""
    for size, name in _UNITS:
        if seconds >= size and (seconds % size == 0 or size == 1):
            count = int(seconds // size)
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    return "no time"
