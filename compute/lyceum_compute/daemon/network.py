"""A project's connection to the network outside: there while it runs and its quota says so, else not.

The service manager keeps it: it goes with the project, and stays while the daemon is away (``lyceum_compute.network``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .layout import NETWORK

if TYPE_CHECKING:
    from .layout import Layout
    from .systemd import Systemd

TIMEOUT = 50


async def apply(systemd: Systemd, layout: Layout, *, allowed: bool) -> None:
    """Connect a running project, or cut it off at once. Done twice, it changes nothing. Raises ``UnitError``."""
    if allowed:
        await systemd.start(layout.network, timeout=TIMEOUT)
    else:
        await systemd.stop(layout.network, timeout=TIMEOUT)
        await systemd.reset_failed(layout.network)


async def connected(systemd: Systemd) -> set[str]:
    """Return the units of the projects that are connected. Raises ``UnitError``."""
    return {unit.name for unit in await systemd.units(f"{NETWORK}@*") if unit.active == "active"}
