"""The way into a project: mutual TLS to the gateway of its host, which hands the connection to the project's socket."""

from __future__ import annotations

import asyncio
from typing import cast
from uuid import UUID

import asyncssh
import msgspec
from asyncssh.connection import SSHConnection
from lyceum_compute.protocol.identity import Identity, IdentityError, check_server

from .hubs import RefusedError, UnavailableError, Way
from .login import Visitor
from .sides import ProjectSide

MOST_LINE = 16 * 1024
CONNECT_TIMEOUT = 10.0
#: Seconds for the gateway's answer and the project's server, which has to start first with little of a processor.
ANSWER_TIMEOUT = 60.0


class _Error(msgspec.Struct, frozen=True):
    code: str
    message: str


class _Answer(msgspec.Struct, frozen=True):
    error: _Error | None = None


class _Greeting(asyncio.Protocol):
    """Reads the one line of the gateway's answer."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[tuple[bytes, bytes]] = asyncio.get_running_loop().create_future()
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Wait for the whole line; what follows is for another."""
        self._buffer += data
        line, newline, rest = bytes(self._buffer).partition(b"\n")
        if self._transport is not None and (newline or len(line) > MOST_LINE):
            self._transport.pause_reading()
            if not self.answer.done():
                self.answer.set_result((line, rest))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits."""
        if not self.answer.done():
            self.answer.set_exception(exc or ConnectionResetError("the connection was closed"))
            self.answer.exception()


async def reach(identity: Identity, port: int, project_id: UUID, way: Way, person: SSHConnection) -> ProjectSide:
    """Return the connection to the project's SSH server, logged in. Raises ``RefusedError``."""
    transport = None
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            transport, leftover = await _knock(identity, port, project_id, way)
            return await _log_in(transport, leftover, project_id, person)
    except (OSError, IdentityError, asyncssh.Error) as error:  # TimeoutError is an OSError
        raise UnavailableError("The project does not answer.") from error


async def _knock(identity: Identity, port: int, project_id: UUID, way: Way) -> tuple[asyncio.Transport, bytes]:
    """Connect, and return the connection once it leads to the project, with what came after the gateway's answer."""
    loop = asyncio.get_running_loop()
    transport, greeting = await loop.create_connection(
        _Greeting,
        way.host,
        port,
        ssl=identity.client,
        server_hostname=way.host,
        ssl_handshake_timeout=CONNECT_TIMEOUT,
        ssl_shutdown_timeout=1,
    )
    try:
        check_server(transport.get_extra_info("ssl_object").getpeercert(), "gateway", way.host)
        transport.write(msgspec.json.encode({"project_id": str(project_id), "ticket": way.ticket}) + b"\n")
        line, rest = await greeting.answer
        _check(line)
    except BaseException:
        transport.abort()
        raise
    return transport, rest


def _check(line: bytes) -> None:
    """Raise ``RefusedError`` unless the gateway's answer says yes."""
    try:
        error = msgspec.json.decode(line, type=_Answer).error
    except msgspec.DecodeError as problem:
        raise UnavailableError("The answer of the project's host makes no sense.") from problem
    if error is not None:
        raise RefusedError(f"{error.message[:1].upper()}{error.message[1:]}.")


async def _log_in(
    transport: asyncio.Transport, leftover: bytes, project_id: UUID, person: SSHConnection
) -> ProjectSide:
    loop = asyncio.get_running_loop()
    options = asyncssh.SSHClientConnectionOptions(
        client_factory=lambda: Visitor(person),
        username=project_id.hex,
        known_hosts=None,  # TLS has said who it is; the server's own key is made anew with each start
        config=None,
        client_keys=None,
        agent_path=None,
        kex_algs=["curve25519-sha256"],
        encryption_algs=["aes128-gcm@openssh.com"],
        compression_algs=None,
        keepalive_interval=0,
    )
    options.waiter = logged_in = loop.create_future()
    project = ProjectSide(loop, options, wait="auth")
    transport.set_protocol(project)
    project.connection_made(transport)
    try:
        if leftover:
            project.data_received(leftover)
        transport.resume_reading()
        await logged_in
    except BaseException:
        project.abort()
        raise
    return project
