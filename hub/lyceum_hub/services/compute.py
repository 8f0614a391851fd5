"""Compute hosts as administrators see them, and what they can do with a whole one."""

from __future__ import annotations

import asyncio

import msgspec
from lyceum_compute.protocol.messages import HostStatus

from lyceum_hub.compute_client import ComputeHosts
from lyceum_hub.errors import HubError, NotFoundError


class ComputeHost(msgspec.Struct, frozen=True, kw_only=True):
    """One compute host of the site's settings."""

    host: str
    member: bool
    """Whether it is for projects whose quota says ``member_host``."""
    reachable: bool
    status: HostStatus | None
    """Load, memory, disk, projects, draining; null if it cannot be reached."""


class Compute:
    """What administrators can do."""

    def __init__(self, compute: ComputeHosts) -> None:
        self._compute = compute

    async def hosts(self) -> list[ComputeHost]:
        """Return all compute hosts, by name."""
        return await asyncio.gather(*(self._look(name) for name in sorted(host.name for host in self._compute)))

    async def _look(self, name: str) -> ComputeHost:
        member = self._compute.get(name).settings.member
        try:
            status = await self._compute.status(name)
        except HubError:
            return ComputeHost(host=name, member=member, reachable=False, status=None)
        return ComputeHost(host=name, member=member, reachable=True, status=status)

    async def set_draining(self, host: str, *, draining: bool) -> HostStatus:
        """Let a host take no further projects, or take them again."""
        return await self._compute.set_draining(self._known(host), draining=draining)

    async def stop_all(self, host: str) -> int:
        """Stop all projects of a host; return how many are being stopped."""
        return await self._compute.stop_all(self._known(host))

    async def kill_all(self, host: str) -> int:
        """Kill all processes of all projects of a host; return how many there were."""
        return await self._compute.kill_all(self._known(host))

    def _known(self, host: str) -> str:
        if host not in {known.name for known in self._compute}:
            raise NotFoundError(f"There is no compute host {host[:64]!r}.")
        return host
