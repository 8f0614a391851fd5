"""The gateway as a service: listening, reloading and stopping."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from contextlib import suppress
from pathlib import Path

from lyceum_compute.daemon.notify import notify
from lyceum_compute.handover import Handover
from lyceum_compute.protocol.identity import Identity, IdentityError

from .control import Control
from .links import Links
from .reach import Places
from .relay import BrowserSide, Route
from .settings import Settings
from .tickets import Tickets

log = logging.getLogger(__name__)

HANDSHAKE_TIMEOUT = 10
BACKLOG = 1024


async def serve(settings: Settings, handover: Handover) -> None:
    """Serve until another does, and then what is open, until that ends; SIGTERM ends all connections.

    SIGHUP reads the certificates anew, and touches no connection that is open.
    """
    loop = asyncio.get_running_loop()
    identity = Identity(settings.tls)
    links = Links(limit=settings.connections, per_project=settings.connections_per_project)
    tickets = Tickets()
    route = Route(Places(Path(settings.projects), settings.dialler), links, tickets)
    end = asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, _reload, identity)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end.set)
    control = Control(links, tickets, settings.control)
    await control.listen()
    host, port = settings.address
    server = await loop.create_server(
        lambda: BrowserSide(route),
        host,
        port,
        ssl=identity.server,
        backlog=BACKLOG,
        ssl_handshake_timeout=HANDSHAKE_TIMEOUT,
        ssl_shutdown_timeout=1,
    )
    notify("READY=1")
    log.info("listening on %s", settings.listen, extra={"action": "listening"})
    ending = asyncio.create_task(end.wait())
    leaving = asyncio.create_task(_leave(server, control, links, handover, settings.linger))
    await asyncio.wait({ending, leaving}, return_when=asyncio.FIRST_COMPLETED)
    leaving.cancel()
    server.close()
    control.close()
    links.end_all()


async def _leave(server: asyncio.Server, control: Control, links: Links, handover: Handover, linger: float) -> None:
    """Return when another listens here, and every connection has ended or the time is up."""
    await handover.wait()
    server.close()
    control.step_aside()
    handover.listens_no_more()
    log.info("%d connections go on", len(links), extra={"action": "handover"})
    with suppress(TimeoutError):
        async with asyncio.timeout(linger):
            await links.empty.wait()


def _reload(identity: Identity) -> None:
    notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
    try:
        identity.reload()
    except IdentityError as error:
        log.error("the old certificates stay in use: %s", error, extra={"action": "reload"})  # noqa: TRY400 says all
    notify("READY=1")
