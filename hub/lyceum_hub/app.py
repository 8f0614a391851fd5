"""Putting the hub together, and its life from start to end."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from lyceum_compute.protocol.identity import Identity
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from .compute_client import ComputeHosts, Event, FileChanges, WatchEnded, WatchEvent
from .db import attempts, credentials, projects, visits
from .db.changes import Change, ChangeFeed, EverythingChanged
from .db.database import Database
from .errors import HubError
from .hosts import PATIENCE
from .realtime.server import Realtime
from .routes.answers import refusal
from .routes.api import Api
from .routes.internal import Internal
from .routes.ssh import SshDoor
from .services import (
    Accounting,
    Accounts,
    Background,
    Compute,
    Copies,
    Fairness,
    Files,
    Health,
    People,
    Permissions,
    Projects,
    Quotas,
    Services,
    Sessions,
    Ssh,
    States,
    Tables,
    Usages,
    Visits,
    Watches,
)
from .services.limits import Limits
from .services.moves import Moves
from .services.passwords import Passwords
from .services.placement import Placement
from .services.sources import Sources
from .settings import Settings, read_secret
from .storage_client import StorageHosts

log = logging.getLogger(__name__)

#: Seconds for which calls that wait for a state may go on waiting when the hub goes down.
LAST_WAIT = 15.0
#: Seconds between clearings of what is over.
CLEARING = 600.0


class Hub:
    """One hub process: everything it is made of."""

    def __init__(self, settings: Settings, identity: Identity) -> None:
        self.settings = settings
        self.database = Database(settings.database, read_secret(settings.database.password_file), identity.client)
        self.feed = ChangeFeed(self.database)
        self.states = States(self.database)
        self.background = Background()
        self.compute = ComputeHosts(
            settings.compute, identity, on_event=self._host_told, on_connected=self._host_connected
        )
        self.storage = StorageHosts(settings.storage, identity)
        self.passwords = Passwords()
        self.services = self._services()
        self.realtime = Realtime(self.services)
        self.feed.listeners += [
            self.services.permissions.heard,
            self.states.heard,
            self.services.tables.heard,
            self.services.people.heard,
            self.services.watches.heard,
            self.realtime.heard,
            self._heard,
        ]
        self.app = self._app()

    def _services(self) -> Services:
        settings, database, background = self.settings, self.database, self.background
        limits = Limits(database, settings.limits)
        sessions = Sessions(database, settings.sessions)
        placement = Placement(database, self.compute, self.storage)
        accounting = Accounting(database, self.compute)
        self.moves = Moves(
            database,
            compute=self.compute,
            placement=placement,
            states=self.states,
            accounting=accounting,
        )
        service = Projects(
            database,
            settings,
            compute=self.compute,
            placement=placement,
            states=self.states,
            background=background,
            moves=self.moves,
        )
        permissions = Permissions(sessions, service)
        return Services(
            settings=settings,
            accounts=Accounts(database, settings, sessions, limits, self.passwords),
            sessions=sessions,
            projects=service,
            quotas=Quotas(database, settings.quotas, self.compute),
            usage=Usages(database, self.compute),
            accounting=accounting,
            compute=Compute(self.compute),
            people=People(database, settings, self.compute, background),
            files=Files(service, self.compute, self.storage),
            copies=Copies(service, self.compute, background),
            watches=Watches(service, self.compute, background),
            permissions=permissions,
            visits=Visits(database, settings, permissions),
            tables=Tables(Sources(database, service)),
            states=self.states,
            health=Health(database),
            ssh=Ssh(database, service, self.compute),
            fairness=Fairness(settings.limits.calls_per_account),
            background=background,
        )

    def _app(self) -> Starlette:
        api, internal, ssh = Api(self.services), Internal(self.services), SshDoor(self.services)
        routes = [
            Route("/api/v1/openapi.json", api.openapi, methods=["GET"]),
            Route("/api/v1/{event}", api.call, methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
            Route("/internal/authorise", internal.authorise, methods=["GET"]),
            Route("/internal/ssh/authorise", ssh.authorise, methods=["POST"]),
            Route("/internal/ssh/connect", ssh.connect, methods=["POST"]),
            Route("/alive", internal.alive, methods=["GET"]),
            Mount("/hub", app=self.realtime.app),
        ]
        return Starlette(
            routes=routes,
            lifespan=self._lifespan,
            exception_handlers={404: _not_found, 405: _wrong_method, Exception: _broken},
        )

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        async with self.database, self.compute, self.storage:
            loops = [
                asyncio.create_task(loop, name=name)
                for name, loop in (
                    ("changes", self.feed.run()),
                    ("states", self.states.run()),
                    ("tables", self.services.tables.run()),
                    ("sessions", self.realtime.run()),
                    ("clearing", self._clear()),
                    ("accounting", self.services.accounting.run()),
                    ("moves", self.moves.run()),
                )
            ]
            for loop in loops:
                loop.add_done_callback(_ended)
            try:
                yield
            finally:
                for loop in loops:
                    loop.cancel()
                await self.background.close()
                await asyncio.wait(loops, timeout=5)
                self.passwords.close()

    async def before_end(self) -> None:
        """Say goodbye: health checks fail, Engine.IO clients go elsewhere, and waits come to their end."""
        log.info("going down", extra={"action": "stop"})
        self.background.release()
        asyncio.get_running_loop().call_later(LAST_WAIT, self.states.close)
        await self.realtime.close()

    def _heard(self, change: Change) -> None:
        if isinstance(change, EverythingChanged):  # what was to be done when a host came may have failed meanwhile
            for host in self.compute:
                if host.connected:
                    self._host_connected(host.name, connected=True)

    def _host_told(self, host: str, event: Event | WatchEvent) -> None:
        if isinstance(event, FileChanges | WatchEnded):
            self.services.watches.note(host, event)
        else:
            self.states.note(host, event)

    def _host_connected(self, host: str, connected: bool) -> None:
        if not connected:
            self.services.watches.lost(host)
        self.background.start(self._look_at_host(host, connected=connected), f"look at {host}")

    async def _look_at_host(self, host: str, *, connected: bool) -> None:
        """Show subscribers that a host is away, or back; and ask what became of projects while nobody was told."""
        if not connected:
            await asyncio.sleep(PATIENCE + 0.1)
        async with self.database.connection() as connection:
            placed = await projects.placed_on(connection, host)
        self.services.tables.touch("projects", self.services.tables.shown("projects").intersection(placed))
        if connected:
            await self.services.projects.reconcile(host)
            await self.services.accounting.read(host)

    async def _clear(self) -> None:
        """Forget what is over, until cancelled."""
        while True:
            await asyncio.sleep(CLEARING * random.uniform(0.5, 1))  # noqa: S311 not for secrets
            try:
                async with self.database.connection() as connection:
                    await credentials.delete_ended_sessions(connection)
                    await visits.delete_ended(connection)
                    await attempts.delete_old(connection, timedelta(hours=2))
                    await projects.delete_old_invitations(connection)
                await self.services.accounting.fold()
            except HubError as error:
                log.info("nothing was cleared: %s", error.message, extra={"action": "clear"})


def _ended(task: asyncio.Task[None]) -> None:
    """End the process if a loop failed: a hub that looks alive and is not would be worse than a restart."""
    if not task.cancelled() and task.exception() is not None:
        log.critical("%s failed", task.get_name(), exc_info=task.exception(), extra={"action": "failed"})
        asyncio.get_running_loop().call_soon(_exit)


def _exit() -> None:
    raise SystemExit(1)


async def _not_found(_request: Request, _error: Exception) -> Response:
    return refusal(HubError("not_found", "There is nothing here."))


async def _wrong_method(_request: Request, _error: Exception) -> Response:
    return refusal(HubError("method_not_allowed", "This is not called with this method."))


async def _broken(_request: Request, _error: Exception) -> Response:
    return refusal(HubError("internal", "Something went wrong here; the log has it."))
