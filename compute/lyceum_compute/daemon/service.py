"""The daemon put together: settings, service manager, projects, server."""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

from dbus_fast import Variant

from lyceum_compute.protocol.identity import Identity, IdentityError
from lyceum_compute.protocol.server import Connection, Server

from . import btrfs, host, layout, record, restore, sandbox
from .aside import discard
from .entry import event_of
from .idle import Idle
from .ledger import Ledger
from .lifecycle import Lifecycle
from .notify import notify, watchdog
from .operations import Operations
from .projects import Projects
from .save import Saver
from .storage import Storage
from .sweep import Sweep
from .systemd import Systemd

if TYPE_CHECKING:
    from lyceum_compute.protocol.messages import Event

    from .settings import Settings

log = logging.getLogger(__name__)


class Stop(Exception):
    """The service manager asked the daemon to end; projects go on."""


async def serve(settings: Settings) -> None:
    """Run until told to stop. Raises ``IdentityError``, ``UnitError`` or ``OSError`` if it cannot."""
    identity = Identity(settings.tls)
    prepare_folders(settings)
    try:
        async with asyncio.TaskGroup() as group:
            await _run(settings, identity, group)
    except* Stop:
        log.info("the daemon ends; projects go on", extra={"action": "stop"})


async def _run(settings: Settings, identity: Identity, group: asyncio.TaskGroup) -> None:
    server: Server | None = None

    def publish(event: Event) -> None:
        if server is not None:
            server.push(event)

    def changed(unit: str) -> None:
        projects.unit_changed(unit)

    async with AsyncExitStack() as stack:
        ledger = stack.enter_context(closing(Ledger(layout.LEDGER)))
        storage = await stack.enter_async_context(Storage(settings, identity))
        manager = Systemd("lyceum-project@", changed)
        projects = Projects(settings, Lifecycle(manager, storage), publish, group, ledger)
        saver = Saver(settings, storage, publish, projects.remember, projects.limit_disk)
        idle = Idle(projects, projects.meter, settings.gateway_control)
        projects.saver = saver
        await manager.connect()
        await limit_all(manager, settings)
        await projects.recover(record.load_all(layout.STATE))
        for entry in projects.entries.values():
            await asyncio.to_thread(restore.sweep, entry.layout.restores)

        def greet(connection: Connection) -> None:
            for entry in projects.entries.values():
                Server.push_to(connection, event_of(entry))

        operations = Operations(settings, projects, saver, storage)
        server = Server(operations.table(), on_connect=greet)
        server.on_disconnect = operations.watches.forget
        await server.listen_tls(*settings.address, identity)
        _on_signals(identity)
        notify("READY=1")
        log.info("ready, %d projects known", len(projects.entries), extra={"action": "ready"})
        watching = [
            group.create_task(watchdog()),
            group.create_task(Sweep(projects, saver, idle, operations.moves, publish).run()),
        ]
        stopping = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stopping.set)
        lost = group.create_task(manager.disconnected())
        ending = group.create_task(stopping.wait())
        try:
            await asyncio.wait([lost, ending], return_when=asyncio.FIRST_COMPLETED)
        finally:
            notify("STOPPING=1")
            for task in watching:
                task.cancel()
            operations.break_off()
            await server.close()
            manager.close()
        if not stopping.is_set():
            raise ConnectionResetError("the connection to the service manager was lost")
        raise Stop


async def limit_all(manager: Systemd, settings: Settings) -> None:
    """Keep some memory from all projects together, whatever each may take."""
    most = max(host.memory().total - settings.memory_reserve, 100) * host.MB
    await manager.set_properties("lyceum-projects.slice", {"MemoryMax": Variant("t", most)})


def prepare_folders(settings: Settings) -> None:
    """Make the folders that the daemon keeps its things in. Raises ``OSError``."""
    projects = Path(settings.projects)
    for path, mode in (
        (projects / ".saves", 0o700),
        (projects / ".opening", 0o700),
        (projects / layout.ASIDE, 0o700),
        (layout.STATE, 0o700),
        (layout.RUN, 0o711),
    ):
        path.mkdir(mode=mode, parents=True, exist_ok=True)
        path.chmod(mode)
    for left in (*(projects / ".saves").iterdir(), *(projects / ".opening").iterdir()):
        discard(left)
    sandbox.make_root(settings.network)
    btrfs.enable_quotas(projects)


def _on_signals(identity: Identity) -> None:
    """SIGHUP: use renewed certificates from now on."""

    def reload() -> None:
        try:
            identity.reload()
            log.info("certificates read anew", extra={"action": "reload"})
        except IdentityError as error:
            log.warning("%s; the old ones stay in use", error, extra={"action": "reload"})

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)
