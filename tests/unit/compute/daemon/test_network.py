"""Who is connected to the network outside: the service manager knows, the daemon only says what shall be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lyceum_compute.daemon import network
from lyceum_compute.daemon.layout import Layout
from lyceum_compute.daemon.systemd import UnitError, UnitState

LAYOUT = Layout(Path("/projects"), "c2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11")
UNIT = "lyceum-network@c2b6ca5e8f334b8ab1c64b1a5e0c2f11.service"


class Manager:
    def __init__(self, *, failing: bool = False) -> None:
        self.states: dict[str, str] = {}
        self.failing = failing

    async def start(self, *units: str, timeout: float) -> None:
        assert timeout < 60, "a start of a project has no more"
        self.states.update(dict.fromkeys(units, "failed" if self.failing else "active"))
        if self.failing:
            raise UnitError("StartUnit ended with 'failed'")

    async def stop(self, *units: str, timeout: float) -> None:
        assert timeout < 60
        self.states.update((unit, "inactive") for unit in units if self.states.get(unit) == "active")

    async def reset_failed(self, unit: str) -> None:
        self.states.pop(unit, None)

    async def units(self, pattern: str) -> list[UnitState]:
        assert pattern == "lyceum-network@*"
        return [UnitState(name, state) for name, state in self.states.items()]


async def connected(manager: Any) -> set[str]:
    return await network.connected(manager)


async def test_a_project_is_connected_and_cut_off_as_often_as_asked() -> None:
    manager: Any = Manager()
    for allowed in (True, True, False, False, True):
        await network.apply(manager, LAYOUT, allowed=allowed)
        assert await connected(manager) == ({UNIT} if allowed else set())


async def test_what_failed_counts_as_cut_off_and_is_forgotten_with_the_quota() -> None:
    manager: Any = Manager(failing=True)
    with pytest.raises(UnitError):
        await network.apply(manager, LAYOUT, allowed=True)
    assert await connected(manager) == set()
    await network.apply(manager, LAYOUT, allowed=False)
    assert manager.states == {}
