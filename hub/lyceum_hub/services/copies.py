"""Copies from one project to another, on whichever hosts they are.

Neither project is trusted: the one's own user packs, the other's unpacks, each in its sandbox; what passes here is
counted, never looked at, and no more of it is held than two parts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import UUID

from lyceum_hub.compute_client import ComputeHosts
from lyceum_hub.errors import ConflictError, HubError

from .background import Background
from .fairness import Fairness
from .projects import Projects

#: Seconds for a whole copy: below the longest that anything on the way waits for an answer.
TIMEOUT = 590.0
MAX_BYTES = 100 * 10**9
#: Copies under way of one account.
AT_ONCE = 2


class End(NamedTuple):
    """A path in a project."""

    project_id: UUID
    path: str


class Copies:
    """Copies between projects. Whether the caller may is decided before."""

    def __init__(self, projects: Projects, compute: ComputeHosts, background: Background) -> None:
        self._projects = projects
        self._compute = compute
        self._background = background
        self._fairness = Fairness(AT_ONCE, waiting=16)

    async def copy(self, account_id: UUID, source: End, destination: End, *, overwrite: bool) -> None:
        """Copy a file or folder; it appears in the other project when it is complete. Raises ``HubError``."""
        try:
            async with asyncio.timeout(TIMEOUT), self._fairness.turn(account_id):
                there = await self._host(destination.project_id)
                here = await self._host(source.project_id)
                async with (
                    self._open(here, source, write=False, overwrite=False) as reading,
                    self._open(there, destination, write=True, overwrite=overwrite) as writing,
                ):
                    await self._pass(here, reading, there, writing)
        except TimeoutError as error:
            raise HubError("timed_out", "The copy took too long. Copy parts of it, one after the other.") from error

    async def _host(self, project_id: UUID) -> str:
        host = (await self._projects.get(project_id)).compute_host
        if host is None:
            raise ConflictError("Both projects must be running. Start them first.", code="not_running")
        return host

    @asynccontextmanager
    async def _open(self, host: str, end: End, *, write: bool, overwrite: bool) -> AsyncIterator[str]:
        transfer = await self._compute.open_transfer(host, end.project_id, end.path, write=write, overwrite=overwrite)
        try:
            yield transfer
        finally:
            self._background.start(self._compute.end_transfer(host, transfer), f"end a transfer on {host}")

    async def _pass(self, here: str, reading: str, there: str, writing: str) -> None:
        """Read a part while the one before is written."""
        size = 0
        part = await self._compute.read_transfer(here, reading)
        while True:
            size += len(part.data)
            if size > MAX_BYTES:
                raise HubError("too_large", f"More than {MAX_BYTES // 10**9} GB cannot be copied at once.")
            if part.ended:
                await self._compute.write_transfer(there, writing, part)
                return
            try:
                async with asyncio.TaskGroup() as group:
                    following = group.create_task(self._compute.read_transfer(here, reading))
                    group.create_task(self._compute.write_transfer(there, writing, part))
            except ExceptionGroup as failed:
                raise failed.exceptions[0] from failed
            part = following.result()
