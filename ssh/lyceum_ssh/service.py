"""The gateway as a service: listening, reloading and stopping."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from contextlib import suppress
from typing import cast

import asyncssh
from asyncssh.connection import SSHConnection
from lyceum_compute.daemon.notify import notify
from lyceum_compute.handover import Handover
from lyceum_compute.protocol.identity import Identity, IdentityError

from . import way
from .admission import Admission, Most, Visit
from .hubs import Hubs
from .login import Login
from .settings import Settings, split
from .sides import PersonSide, Side

log = logging.getLogger(__name__)

BACKLOG = 256
VERSION = "Lyceum"
#: All of them seal each message by itself, and need no messages to be ignored between them.
CIPHERS = ["chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com"]
KEEPALIVE = 30
#: Signs of life that may stay without an answer: a laptop that sleeps for five minutes finds its sessions again.
MISSED = 10
#: Seconds for everybody to be told of the end.
GOODBYE = 3.0


class Gateway:
    """Everything that the connections share."""

    def __init__(self, settings: Settings, identity: Identity) -> None:
        self.settings = settings
        self.identity = identity
        self.hubs = Hubs([split(address) for address in settings.hubs], identity)
        self.admission = Admission(
            Most(
                connections=settings.connections,
                unauthenticated=settings.unauthenticated,
                unauthenticated_per_address=settings.unauthenticated_per_address,
                failures_per_address=settings.failures_per_address,
            )
        )
        self.people: set[SSHConnection] = set()
        self.host_key = read_host_key(settings.host_key)

    def reload(self) -> None:
        """Read host key and certificates anew, for what comes. Raises ``HostKeyError``, ``IdentityError``."""
        self.identity.reload()
        self.host_key = read_host_key(self.settings.host_key)

    def person(self, visit: Visit) -> PersonSide:
        """Return the protocol that speaks SSH with a client."""
        login = Login(self.hubs, self.admission, visit, self.people)

        async def reach(person: PersonSide) -> Side:
            project_id, key = login.shown
            found = await self.hubs.way(project_id, key)
            login.project = await way.reach(self.identity, self.settings.gateway_port, project_id, found, person)
            return login.project

        return PersonSide(asyncio.get_running_loop(), self._options(login), reach)

    def _options(self, login: Login) -> asyncssh.SSHServerConnectionOptions:
        return asyncssh.SSHServerConnectionOptions(
            server_factory=lambda: login,
            server_host_keys=[self.host_key],
            send_server_host_keys=False,
            server_version=VERSION,
            config=None,
            compression_algs=None,
            encryption_algs=CIPHERS,
            password_auth=False,
            kbdint_auth=False,
            host_based_auth=False,
            gss_host=None,
            agent_forwarding=False,
            x11_forwarding=False,
            login_timeout=self.settings.login_time,
            keepalive_interval=KEEPALIVE,
            keepalive_count_max=MISSED,
        )

    async def end_all(self) -> None:
        """End every connection, and say why."""
        people = list(self.people)
        for person in people:
            person.disconnect(asyncssh.DISC_BY_APPLICATION, "Lyceum: the SSH gateway is restarted. Connect again.")
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE):
                await asyncio.gather(*(person.wait_closed() for person in people))


class Door(asyncio.Protocol):
    """A connection before it is let in: who comes too often is sent away without a word, or any work."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the connection in, or not."""
        transport = cast(asyncio.Transport, transport)
        name = transport.get_extra_info("peername")
        visit = self._gateway.admission.enter(name[0]) if name else None
        if visit is None:
            transport.abort()
            return
        person = self._gateway.person(visit)
        transport.set_protocol(person)
        person.connection_made(transport)


class HostKeyError(Exception):
    """The host key cannot be used; the message names the file."""


def read_host_key(path: str) -> asyncssh.SSHKey:
    """Return the host key in a file. Raises ``HostKeyError``."""
    try:
        return asyncssh.read_private_key(path)
    except (OSError, asyncssh.KeyImportError) as error:
        raise HostKeyError(f"the host key {path} cannot be used: {error}") from error


async def serve(settings: Settings, handover: Handover) -> None:
    """Serve until another does, and then those who are here, until they leave; SIGTERM ends all connections.

    SIGHUP reads certificates and host key anew, and touches no connection that is open.
    """
    loop = asyncio.get_running_loop()
    gateway = Gateway(settings, Identity(settings.tls))
    end = asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, _reload, gateway)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end.set)
    host, port = settings.address
    server = await loop.create_server(lambda: Door(gateway), host, port, backlog=BACKLOG)
    notify("READY=1")
    log.info("listening on %s", settings.listen, extra={"action": "listening"})
    ending = asyncio.create_task(end.wait())
    leaving = asyncio.create_task(_leave(gateway, server, handover))
    await asyncio.wait({ending, leaving}, return_when=asyncio.FIRST_COMPLETED)
    leaving.cancel()
    server.close()
    await gateway.end_all()


async def _leave(gateway: Gateway, server: asyncio.Server, handover: Handover) -> None:
    """Return when another listens here, and everybody has gone or the time is up."""
    await handover.wait()
    server.close()
    handover.listens_no_more()
    log.info("%d connections go on", gateway.admission.present, extra={"action": "handover"})
    with suppress(TimeoutError):
        async with asyncio.timeout(gateway.settings.linger):
            await gateway.admission.empty.wait()


def _reload(gateway: Gateway) -> None:
    notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
    try:
        gateway.reload()
    except (IdentityError, HostKeyError) as error:
        log.error("what was read before stays in use: %s", error, extra={"action": "reload"})  # noqa: TRY400 says all
    notify("READY=1")
