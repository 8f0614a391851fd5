"""Operations on compute hosts as a whole, for administrators."""

from __future__ import annotations

from lyceum_compute.protocol.messages import HostStatus

from lyceum_hub.services.compute import ComputeHost

from .registry import Call, Input, Nothing, Output, Who, operation


class OfHost(Input, frozen=True):
    """A compute host, by its name in the inventory."""

    host: str


class SetDraining(OfHost, frozen=True):
    """``draining``: whether the host shall take no further projects."""

    draining: bool


class HostList(Output, frozen=True):
    """All compute hosts, by name."""

    hosts: list[ComputeHost]


class HostNow(Output, frozen=True):
    """The host as it is now."""

    status: HostStatus


class Stopping(Output, frozen=True):
    """How many projects are being stopped, and saved."""

    projects: int


class Processes(Output, frozen=True):
    """How many processes were killed."""

    processes: int


@operation(Who.ADMINISTRATOR)
async def get_hosts(call: Call, _asked: Nothing) -> HostList:
    """Return the compute hosts with their load, memory, disk and projects."""
    return HostList(hosts=await call.services.compute.hosts())


@operation(Who.ADMINISTRATOR)
async def set_draining(call: Call, asked: SetDraining) -> HostNow:
    """Let a compute host take no further projects; those that run there go on. The mark outlives restarts."""
    return HostNow(status=await call.services.compute.set_draining(asked.host, draining=asked.draining))


@operation(Who.ADMINISTRATOR)
async def stop_all(call: Call, asked: OfHost) -> Stopping:
    """Stop all projects of a compute host, and save what changed."""
    return Stopping(projects=await call.services.compute.stop_all(asked.host))


@operation(Who.ADMINISTRATOR)
async def kill_all(call: Call, asked: OfHost) -> Processes:
    """Kill all processes of all projects of a compute host at once; the projects themselves go on running."""
    return Processes(processes=await call.services.compute.kill_all(asked.host))
