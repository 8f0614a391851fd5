"""A host that is played: its disk is a set of ids and its service manager a set of units."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from lyceum_compute.daemon import layout
from lyceum_compute.daemon.entry import Entry
from lyceum_compute.daemon.ledger import Ledger
from lyceum_compute.daemon.projects import Projects
from lyceum_compute.daemon.settings import Settings
from lyceum_compute.protocol.identity import TlsSettings
from lyceum_compute.protocol.messages import Project, Quota, StateChanged

ID = "c2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"
OTHER = "d2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"


def project(project_id: str = ID, uid: int = 200001, revision: int = 0, **quota: Any) -> Project:
    return Project(
        project_id=project_id, uid=uid, storage_host="storage1", quota=Quota(**quota), quota_revision=revision
    )


class Host:
    """A host whose disk is a set of ids and its service manager a set of units; lifecycle, saver and systemd in one."""

    def __init__(self) -> None:
        self.on_disk: set[str] = set()
        self.units: set[str] = set()
        self.steps: list[str] = []
        self.failing: dict[str, Exception] = {}
        self.gates: dict[str, asyncio.Event] = {}
        self.events: list[Any] = []
        self.result = "exit-code"
        self.limited = 0
        self.without_sockets = False
        self.ledger = Ledger(":memory:")
        self.systemd = self
        self.stepped = asyncio.Event()

    async def _do(self, step: str) -> None:
        self.steps.append(step)
        self.stepped.set()
        if step in self.gates:
            await self.gates[step].wait()
        if step in self.failing:
            raise self.failing[step]

    async def open(self, place: layout.Layout, _project: Project) -> None:
        await self._do("open")
        self.on_disk.add(place.project_id)

    async def start(self, place: layout.Layout, _project: Project, *, held: int = 0) -> None:
        assert held == 0
        self.units.add(place.unit)
        await self._do("start")

    async def listen(self, _place: layout.Layout) -> None:
        await self._do("listen")

    async def stop(self, place: layout.Layout) -> None:
        await self._do("stop")
        self.units.discard(place.unit)

    async def close(self, place: layout.Layout, _uid: int) -> None:
        await self._do("close")
        self.on_disk.discard(place.project_id)

    async def apply(self, *_arguments: object, **_more: object) -> None:
        await self._do("apply")

    async def limit_disk(self, *_arguments: object, **_more: object) -> None:
        self.limited += 1

    async def kill(self, _place: layout.Layout) -> int:
        await self._do("kill")
        return 3

    async def now(self, _entry: Entry) -> None:
        await self._do("save")

    def forget(self, _entry: Entry) -> None:
        self.steps.append("forget")

    async def active(self, unit: str) -> str:
        """A project's sockets are up when its unit is."""
        if self.without_sockets and unit.endswith(".socket"):
            return "inactive"
        return "active" if layout.id_of_name(unit.split("@")[1][:32]) in self.running else "inactive"

    @property
    def running(self) -> set[str]:
        return {layout.id_of_name(unit.split("@")[1][:32]) for unit in self.units}

    async def property(self, _unit: str, _interface: str, _name: str) -> str:
        return self.result

    def states(self) -> list[str]:
        return [str(event.state) for event in self.events if isinstance(event, StateChanged)]


@asynccontextmanager
async def running(there: Host) -> AsyncIterator[Projects]:
    settings = Settings(
        name="c", listen=":1", tls=TlsSettings(ca="", certificate="", key=""), projects="/p", memory_reserve=1000
    )
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        projects = Projects(settings, there, there.events.append, group, there.ledger)  # type: ignore[arg-type]
        projects.saver = there
        yield projects


async def settled(projects: Projects, project_id: str = ID) -> Entry:
    """Wait until a project is on the way to nowhere."""
    found = projects.entries[project_id]
    while found.busy and found.task is not None:
        await asyncio.wait([found.task])
    return found
