"""Folders and files that clients watch: each is asked of the project's host, which tells this process of changes."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from lyceum_hub.compute_client import ComputeHosts, FileChanges, WatchEvent
from lyceum_hub.db.changes import Change, EverythingChanged, PersonLeft
from lyceum_hub.errors import ConflictError, HubError

from .background import Background
from .caller import Caller
from .files import relative
from .projects import Projects

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Watch:
    """One client's watch on one folder or file."""

    caller: Caller
    project_id: UUID
    host: str
    changed: Callable[[FileChanges], None]
    ended: Callable[[str], None]
    """Given the reason. It is not called for a watch that the client ended."""


class Watches:
    """All watches of this process, by the id that hosts know them by."""

    def __init__(self, projects: Projects, compute: ComputeHosts, background: Background) -> None:
        self._projects = projects
        self._compute = compute
        self._background = background
        self._watches: dict[str, Watch] = {}

    async def watch(
        self,
        caller: Caller,
        project_id: UUID,
        path: str,
        *,
        changed: Callable[[FileChanges], None],
        ended: Callable[[str], None],
    ) -> str:
        """Begin a watch and return its id. Raises ``HubError``: not the caller's project, not running, not there."""
        path = relative(path, "path")
        await self._projects.role(caller, project_id)
        host = (await self._projects.get(project_id)).compute_host
        if host is None:
            raise ConflictError("The project is not running. Start it first.", code="not_running")
        key = secrets.token_hex(16)
        self._watches[key] = Watch(caller, project_id, host, changed, ended)
        try:
            await self._compute.watch_files(host, project_id, key, path)
        except BaseException:
            self.unwatch(key)
            raise
        if key not in self._watches:  # the caller left the project, or the host was lost, meanwhile
            raise ConflictError("The watch ended before it began. Watch again.")
        return key

    def unwatch(self, key: str) -> None:
        """End a watch; one that has ended already is fine."""
        watch = self._watches.pop(key, None)
        if watch is not None:
            self._background.start(self._forget(watch.host, key), f"end a watch on {watch.host}")

    async def _forget(self, host: str, key: str) -> None:
        try:
            await self._compute.unwatch_files(host, key)
        except HubError as error:
            log.debug("%s need not end a watch: %s", host, error.message)  # it ended with the connection

    def _end(self, key: str, reason: str) -> None:
        watch = self._watches[key]
        self.unwatch(key)
        watch.ended(reason)

    def note(self, host: str, event: WatchEvent) -> None:
        """Take an event of a host, which may tell of its own watches alone."""
        watch = self._watches.get(event.watch)
        if watch is None or watch.host != host:
            return
        if isinstance(event, FileChanges):
            watch.changed(event)
        else:
            self._end(event.watch, event.detail)

    def lost(self, host: str) -> None:
        """End the watches on a host, which forgot them with the connection."""
        for key in [key for key, watch in self._watches.items() if watch.host == host]:
            self._end(key, f"The connection to {host} was lost.")

    def heard(self, change: Change) -> None:
        """End the watches of who left a project; after missed changes, ask who did."""
        match change:
            case PersonLeft(project_id, account_id):
                for key, watch in list(self._watches.items()):
                    if watch.project_id == project_id and watch.caller.account_id == account_id:
                        self._end(key, "You are not one of the project's people any more.")
            case EverythingChanged():
                for key in self._watches:
                    self._background.start(self._look(key), "look at a watch")

    async def _look(self, key: str) -> None:
        watch = self._watches.get(key)
        if watch is None:
            return
        try:
            await self._projects.role(watch.caller, watch.project_id)
        except HubError as error:
            if key in self._watches and error.code == "not_found":
                self._end(key, error.message)
