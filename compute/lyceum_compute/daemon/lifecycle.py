"""The steps that take a project from one state to the next: users, subvolumes, units. Each may be done twice."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import TYPE_CHECKING, Protocol

from . import accounts, aside, btrfs, cgroups, limits, network, sandbox
from .aside import discard
from .systemd import UnitError

if TYPE_CHECKING:
    from lyceum_compute.protocol.messages import Project, Quota

    from .layout import Layout
    from .systemd import Systemd

log = logging.getLogger(__name__)

SKELETON = Path("/etc/skel")
UNIT_TIMEOUT = 50
STOP_TIMEOUT = 50
#: Seconds that a project's programs have to end by themselves.
PARTING = 5
#: Seconds in which killed processes are gone, unless the kernel waits for a disk.
KILL_TIMEOUT = 45
NO_LIMIT = 2**63


class Source(Protocol):
    """Where a project that was here or elsewhere before is fetched from."""

    async def fetch(self, layout: Layout, project: Project, home: Path) -> bool:
        """Fill the home with the latest copy; return whether there is one."""

    async def fetch_snapshot(self, project: Project, snapshot: str, home: Path) -> None:
        """Fill the home with a snapshot."""


@dataclass(frozen=True)
class Lifecycle:
    """The steps, on one host."""

    systemd: Systemd
    source: Source
    skeleton: Path = SKELETON

    async def open(self, layout: Layout, project: Project) -> None:
        """Make user, subvolume, quota and home; with what storage holds, if it holds any.

        The subvolume is made aside and gets its name when it is complete, so a project is there whole or not at all.
        """
        await asyncio.to_thread(accounts.ensure, layout.name, project.uid, layout.home)
        if await asyncio.to_thread(btrfs.is_subvolume, layout.subvolume):
            await self.limit_disk(layout, project.uid, project.quota)
            return
        await asyncio.to_thread(discard, layout.opening)
        # What was cloned is files of their own in a copy: it may not fit into the quota, and is still the project's.
        held = limits.copy_bytes(project.quota) - limits.disk_bytes(project.quota)
        await self.limit_disk(layout, project.uid, project.quota, held=held)
        await asyncio.to_thread(_make, layout.opening, project.uid)
        if not await self.source.fetch(layout, project, layout.opening / "home"):
            await asyncio.to_thread(_furnish, self.skeleton, layout.opening / "home", project.uid)
        await asyncio.to_thread(os.rename, layout.opening, layout.subvolume)
        await self.limit_disk(layout, project.uid, project.quota)

    async def receive(self, layout: Layout, project: Project, snapshot: str) -> None:
        """Fetch a project as it is in a snapshot, beside its place. What it holds was allowed where it comes from."""
        await asyncio.to_thread(discard, layout.opening)
        await asyncio.to_thread(aside.uncount, layout, btrfs.level_1(project.uid))
        most = limits.copy_bytes(project.quota)
        await asyncio.to_thread(_limit, layout.root, btrfs.level_1(project.uid), most)
        await asyncio.to_thread(_make, layout.opening, project.uid)
        await self.source.fetch_snapshot(project, snapshot, layout.opening / "home")

    async def accept(self, layout: Layout, project: Project) -> None:
        """Put what was received in its place."""
        await asyncio.to_thread(accounts.ensure, layout.name, project.uid, layout.home)
        await self.limit_disk(layout, project.uid, project.quota)
        await asyncio.to_thread(os.rename, layout.opening, layout.subvolume)

    async def refuse(self, layout: Layout, uid: int) -> None:
        """Delete what was received, or what came of it."""
        await asyncio.to_thread(discard, layout.opening)
        await asyncio.to_thread(_drop_qgroup, layout.root, btrfs.level_1(uid))

    async def start(self, layout: Layout, project: Project, *, held: int = 0) -> None:
        """Start the units, limited by the quota."""
        await asyncio.to_thread(accounts.ensure, layout.name, project.uid, layout.home)
        await self.limit_disk(layout, project.uid, project.quota, held=held)
        await asyncio.to_thread(sandbox.prepare, layout, project.uid)
        await self.systemd.set_properties(layout.slice, limits.slice_properties(project.quota))
        await self.systemd.start(layout.unit, *layout.sockets, timeout=UNIT_TIMEOUT)
        if project.quota.network:
            try:
                await network.apply(self.systemd, layout, allowed=True)
            except UnitError as error:  # people can work without; the sweep tries again and tells them
                log.warning("%s", error, extra={"action": "network", "project": layout.project_id})

    async def listen(self, layout: Layout) -> None:
        """Start the sockets of a running project; one that has just ended stays ended. Raises ``UnitError``."""
        await self.systemd.start_alone(*layout.sockets, timeout=UNIT_TIMEOUT)

    async def stop(self, layout: Layout) -> None:
        """End every process of the project, which gets a moment to end by itself, and take the sandbox down."""
        await self._part(layout)
        await self.systemd.stop(layout.unit, layout.slice, timeout=STOP_TIMEOUT)
        await self.systemd.reset_failed(layout.unit)
        await asyncio.to_thread(sandbox.remove, layout)

    async def _part(self, layout: Layout) -> None:
        """Ask the project's programs to end, and wait a moment until they did."""
        first = int(await self.systemd.property(layout.unit, "Service", "MainPID"))
        deadline = asyncio.get_running_loop().time() + PARTING
        left = await asyncio.to_thread(cgroups.signal_all, layout.slice, SIGTERM, spared=first)
        while left and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.05)
            left = await asyncio.to_thread(lambda: len(set(cgroups.processes(layout.slice)) - {first}))

    async def kill(self, layout: Layout) -> int:
        """Kill every process of a running project but the first, which keeps its namespaces; return how many.

        While this lasts none can be made, so a program that multiplies is gone as well. Raises ``TimeoutError`` if some
        could not be killed.
        """
        first = int(await self.systemd.property(layout.unit, "Service", "MainPID"))
        killed = await asyncio.to_thread(cgroups.signal_all, layout.slice, SIGKILL, spared=first)
        await asyncio.to_thread(cgroups.limit_tasks, layout.slice, 1)
        try:
            async with asyncio.timeout(KILL_TIMEOUT):
                left = killed
                while left:
                    await asyncio.sleep(0.02)
                    left = await asyncio.to_thread(cgroups.signal_all, layout.slice, SIGKILL, spared=first)
        finally:
            await asyncio.to_thread(cgroups.limit_tasks, layout.slice, limits.TASKS)
        return killed

    async def apply(self, layout: Layout, uid: int, quota: Quota, *, running: bool, held: int = 0) -> None:
        """Let changed quotas hold at once."""
        if btrfs.is_subvolume(layout.subvolume):
            await self.limit_disk(layout, uid, quota, held=held)
        if running:
            await self.systemd.set_properties(layout.slice, limits.slice_properties(quota))
            await network.apply(self.systemd, layout, allowed=quota.network)

    async def limit_disk(self, layout: Layout, uid: int, quota: Quota, *, held: int = 0) -> None:
        """Set the limit of the project's qgroup, which is made if there is none.

        ``held``: bytes on top, for deleted blocks that a snapshot holds, or for what arrives from a copy.
        """
        group = btrfs.level_1(uid)
        await asyncio.to_thread(_limit, layout.root, group, limits.disk_bytes(quota) + held)

    async def close(self, layout: Layout, uid: int) -> None:
        """Remove the project from this host: its files, its limits and its user."""
        group = btrfs.level_1(uid)
        await self.systemd.revert(layout.slice)
        await asyncio.to_thread(_limit, layout.root, group, NO_LIMIT)  # at its limit it could not be deleted
        if await asyncio.to_thread(btrfs.is_subvolume, layout.subvolume):
            await asyncio.to_thread(discard, layout.opening)
            await asyncio.to_thread(os.rename, layout.subvolume, layout.opening)
        await asyncio.to_thread(discard, layout.opening)
        await asyncio.to_thread(_drop_qgroup, layout.root, group)
        await asyncio.to_thread(accounts.remove, layout.name)

    async def set_aside(self, layout: Layout, uid: int) -> None:
        """Remove the project from this host, but keep its files for a while, out of anybody's way."""
        await self.systemd.revert(layout.slice)
        await asyncio.to_thread(aside.put, layout)
        await asyncio.to_thread(aside.uncount, layout, btrfs.level_1(uid))
        await asyncio.to_thread(_drop_qgroup, layout.root, btrfs.level_1(uid))
        await asyncio.to_thread(accounts.remove, layout.name)


def _make(path: Path, uid: int) -> None:
    btrfs.create_subvolume(path, qgroup=btrfs.level_1(uid))
    path.chmod(0o711)
    home, restores = path / "home", path / "restore"
    home.mkdir(mode=0o700)
    os.chown(home, uid, uid)
    restores.mkdir(mode=0o700)


def _furnish(skeleton: Path, home: Path, uid: int) -> None:
    """Give a new home its first files."""
    if skeleton.is_dir():
        shutil.copytree(skeleton, home, dirs_exist_ok=True, symlinks=True)
    home.chmod(0o700)
    for folder, folders, files in os.walk(home):
        for name in (*folders, *files):
            os.chown(os.path.join(folder, name), uid, uid, follow_symlinks=False)  # noqa: PTH118 many short names
    os.chown(home, uid, uid)


def _limit(root: Path, group: int, size: int) -> None:
    btrfs.create_qgroup(root, group)
    btrfs.limit_qgroup(root, group, size)


def _drop_qgroup(root: Path, group: int) -> None:
    try:
        btrfs.delete_qgroup(root, group)
    except OSError as error:  # the kernel frees the deleted subvolume's space later, and keeps the group until then
        log.info("the qgroup of a closed project stays for now: %s", error, extra={"action": "close"})
