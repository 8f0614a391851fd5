"""The gateway as a service: listening, reloading and stopping."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from pathlib import Path

from lyceum_compute.daemon.notify import notify
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


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM; SIGHUP reads the certificates anew, and touches no connection that is open."""
    loop = asyncio.get_running_loop()
    identity = Identity(settings.tls)
    links = Links(limit=settings.connections, per_project=settings.connections_per_project)
    tickets = Tickets()
    route = Route(Places(Path(settings.projects), settings.dialler), links, tickets)
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, _reload, identity)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    control = await Control(links, tickets).listen(settings.control)
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
    await stop.wait()
    notify("STOPPING=1")
    server.close()
    control.close()
    links.end_all()


def _reload(identity: Identity) -> None:
    notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
    try:
        identity.reload()
    except IdentityError as error:
        log.error("the old certificates stay in use: %s", error, extra={"action": "reload"})  # noqa: TRY400 says all
    notify("READY=1")
