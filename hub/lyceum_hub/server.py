"""The process's sockets: mutual TLS with the peer's service known to the application, and an orderly end."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from lyceum_compute.protocol.identity import Identity, IdentityError, peer_of
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

log = logging.getLogger(__name__)

#: Services whose connections are taken at all.
SERVED = frozenset({"edge", "hub-proxy"})
#: Seconds that calls under way have to end when the hub goes down.
GRACE = 25


class PeerProtocol(HttpToolsProtocol):
    """HTTP on a connection whose peer is one of the instance's services; others are cut off at once."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the service in the state that every request of the connection carries."""
        encrypted = transport.get_extra_info("ssl_object")
        try:
            service = peer_of(encrypted.getpeercert() if encrypted is not None else None).service
        except IdentityError as error:
            log.warning("refused a connection: %s", error, extra={"action": "refused"})
            service = ""
        self.app_state = {**self.app_state, "peer_service": service}
        super().connection_made(transport)
        if service not in SERVED:
            transport.abort()


class Server(uvicorn.Server):
    """uvicorn, with the application told first when the end comes, while its connections are still there."""

    def __init__(self, config: uvicorn.Config, *, before_end: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._before_end = before_end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell systemd when requests are taken."""
        await super().startup(sockets)
        notify("READY=1")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, let the application say goodbye, and finish what is under way."""
        notify("STOPPING=1")
        for server in self.servers:
            server.close()
        await self._before_end()
        await super().shutdown(sockets)


def notify(state: str) -> None:
    """Tell systemd about the service, if it is systemd that started it."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as messenger:
        messenger.connect(address)
        messenger.sendall(state.encode())


def configuration(app: Any, *, host: str, port: int, identity: Identity, message: int) -> uvicorn.Config:
    """Return uvicorn's settings."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=PeerProtocol,
        ws="websockets-sansio",
        ws_max_size=message,
        ws_ping_interval=None,  # Engine.IO has its own
        ws_per_message_deflate=False,  # compressing 10 MB would stop the process for everybody meanwhile
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=120,
        timeout_graceful_shutdown=GRACE,
        ssl_context_factory=lambda *_: identity.server,
    )
