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
SERVED = frozenset({"edge", "hub-proxy", "ssh"})
#: Bytes that a request's first line and headers may take; an edge sends a quarter of it at most.
HEAD = 64 * 1024
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
#: Seconds in which a refusal is taken before the connection is cut.
PARTING = 1
#: Seconds that calls under way have to end when the hub goes down.
GRACE = 25


class PeerProtocol(HttpToolsProtocol):
    """HTTP on a connection whose peer is one of the instance's services; others are cut off at once.

    uvicorn puts a first line together piece by piece, however long it becomes, and does nothing else meanwhile: what is
    too long ends the connection here.
    """

    _head: int | None = 0
    """Bytes that came since a head began; None while there is none under way."""

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

    def data_received(self, data: bytes) -> None:
        """Take what arrived, unless the head that it belongs to is too long already."""
        if self._head is not None:
            if self._head > HEAD:
                log.warning("a request's head is too long", extra={"action": "refused"})
                self.transport.write(TOO_LARGE)
                self.transport.close()
                self.loop.call_later(PARTING, self.transport.abort)  # TLS would wait half a minute for the other's end
                return
            self._head += len(data)
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Count anew."""
        self._head = 0 if self._head is None else self._head
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Count no more: a body has limits of its own."""
        self._head = None
        super().on_headers_complete()


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
