"""The serving side of the wire protocol: many connections, each with many requests under way."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from .errors import FaultError
from .framing import LineBuffer, LineTooLongError, decode_as, decode_request, encode, encode_fault, encode_result
from .identity import Identity, IdentityError, Peer, peer_of
from .messages import MAX_LINE, Request

log = logging.getLogger(__name__)

READ_SIZE = 256 * 1024
#: The connection of the call that is being answered.
CALLING: ContextVar[Connection] = ContextVar("CALLING")


@dataclass(frozen=True)
class Operation:
    """One entry of a dispatch table: who may call (checked first), what the arguments are, and what does it.

    ``function`` gets the caller and the arguments, and returns the result or raises ``FaultError``. It is cancelled
    when the caller's connection is lost: what must be finished all the same belongs in a task of its own.
    """

    function: Callable[[Peer, Any], Awaitable[Any]]
    arguments: type[Any]
    services: frozenset[str]


@dataclass(frozen=True)
class Limits:
    """What one connection may take."""

    line: int = MAX_LINE
    requests: int = 64
    """Requests under way; more are not read until one is answered."""
    pending: int = 4 * MAX_LINE
    """Bytes of requests under way."""
    unread: int = 4 * MAX_LINE
    """Bytes that the caller may leave unread before it is disconnected."""
    stall: float = 60
    """Seconds in which a half-sent message must go on, and an unread answer be read."""
    handshake: float = 10


@dataclass(eq=False)
class Connection:
    """One caller's connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    peer: Peer
    limits: Limits
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    pending: int = 0
    room: asyncio.Event = field(default_factory=asyncio.Event)

    def send(self, line: bytes) -> None:
        """Send a line without waiting; a caller who leaves too much unread is disconnected."""
        transport = self.writer.transport
        if transport.is_closing():
            return
        self.writer.write(line)
        if transport.get_write_buffer_size() > self.limits.unread:
            log.warning(
                "disconnected a caller who does not read", extra={"action": "slow_reader", "peer": str(self.peer)}
            )
            transport.abort()

    async def drain(self) -> None:
        """Wait until the caller has taken most of what was sent; one who takes nothing for too long is disconnected."""
        try:
            async with asyncio.timeout(self.limits.stall):
                await self.writer.drain()
        except TimeoutError:
            log.warning(
                "disconnected a caller who does not read", extra={"action": "slow_reader", "peer": str(self.peer)}
            )
            self.writer.transport.abort()
        except OSError:
            pass  # the connection is gone; reading notices


class Server:
    """Serves a dispatch table over mutual TLS or a unix socket, and pushes events to every caller that may have them.

    ``on_connect`` is called with each new connection, and may send it events (``push_to``).
    """

    def __init__(
        self,
        operations: Mapping[str, Operation],
        *,
        limits: Limits | None = None,
        on_connect: Callable[[Connection], None] | None = None,
    ) -> None:
        self.operations = operations
        self.limits = limits or Limits()
        self.on_connect = on_connect
        self.on_disconnect: Callable[[Connection], None] | None = None
        self.services = frozenset[str]().union(*(operation.services for operation in operations.values()))
        self.connections: set[Connection] = set()
        self._serving: set[asyncio.Task[Any]] = set()
        self._listeners: list[asyncio.Server] = []

    async def listen_tls(self, host: str, port: int, identity: Identity) -> None:
        """Listen on an address; callers show a certificate of one of the services that some operation is for.

        ``::`` stands for every address, of either family.
        """
        self._listeners.append(
            await asyncio.start_server(
                self._accept,
                None if host == "::" else host,
                port,
                ssl=identity.server,
                limit=READ_SIZE,
                ssl_handshake_timeout=self.limits.handshake,
                ssl_shutdown_timeout=1,
            )
        )

    async def listen_unix(self, path: str | None = None, *, sock: socket.socket | None = None) -> None:
        """Listen on a unix socket, by path or as systemd passed it; who may open it may call as service ``local``."""
        self._listeners.append(await asyncio.start_unix_server(self._accept, path, sock=sock, limit=READ_SIZE))

    @property
    def addresses(self) -> list[Any]:
        """The addresses listened on."""
        return [sock.getsockname() for listener in self._listeners for sock in listener.sockets]

    def push(self, event: Any) -> None:
        """Send an event to every connection."""
        line = encode(event)
        for connection in list(self.connections):
            connection.send(line)

    @staticmethod
    def push_to(connection: Connection, event: Any) -> None:
        """Send an event to one connection."""
        connection.send(encode(event))

    async def close(self) -> None:
        """Stop listening, end every connection and wait for what was under way to be cancelled."""
        for listener in self._listeners:
            listener.close()
        for task in list(self._serving):
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        try:
            peer = self._peer(writer)
        except IdentityError as error:
            writer.transport.abort()
            log.warning("refused a caller: %s", error, extra={"action": "refused"})
            return
        connection = Connection(reader, writer, peer, self.limits)
        self.connections.add(connection)
        try:
            if self.on_connect is not None:
                self.on_connect(connection)
            await self._serve(connection)
        except asyncio.CancelledError:
            pass  # the server is closing
        except OSError as error:
            log.info("a connection was lost: %s", error, extra={"action": "lost", "peer": str(peer)})
        finally:
            self.connections.discard(connection)
            if self.on_disconnect is not None:
                self.on_disconnect(connection)
            for request in list(connection.tasks):
                request.cancel()
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    def _peer(self, writer: asyncio.StreamWriter) -> Peer:
        sock = writer.get_extra_info("socket")
        if sock.family == socket.AF_UNIX:
            credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            return Peer("local", "", uid=struct.unpack("3i", credentials)[1])
        set_keepalive(sock)
        encrypted: ssl.SSLObject = writer.get_extra_info("ssl_object")
        peer = peer_of(encrypted.getpeercert())
        if peer.service not in self.services:
            raise IdentityError(f"{peer} is not served here")
        return peer

    async def _serve(self, connection: Connection) -> None:
        lines = LineBuffer(self.limits.line)
        while True:
            try:
                async with asyncio.timeout(self.limits.stall if len(lines) else None):
                    data = await connection.reader.read(READ_SIZE)
                if not data:
                    return
                for line in lines.feed(data):
                    await self._begin(connection, line)
            except TimeoutError:
                await self._refuse(connection, FaultError("timed_out", "a message was begun and not finished"))
                return
            except LineTooLongError as error:
                await self._refuse(connection, error)
                return

    @staticmethod
    async def _refuse(connection: Connection, error: FaultError) -> None:
        """Say why the connection ends (id null); it ends on return."""
        connection.send(encode_fault(None, error.fault))
        await connection.drain()

    async def _begin(self, connection: Connection, line: bytes) -> None:
        """Start answering one request, once there is room for it."""
        while len(connection.tasks) >= self.limits.requests or (
            connection.tasks and connection.pending + len(line) > self.limits.pending
        ):
            connection.room.clear()
            await connection.room.wait()
        try:
            request = decode_request(line)
        except FaultError as error:
            connection.send(encode_fault(None, error.fault))
            await connection.drain()
            return
        connection.pending += len(line)
        task = asyncio.create_task(self._answer(connection, request))
        connection.tasks.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            connection.tasks.discard(task)
            connection.pending -= len(line)
            connection.room.set()

        task.add_done_callback(ended)

    async def _answer(self, connection: Connection, request: Request) -> None:
        CALLING.set(connection)
        try:
            answer = encode_result(request.id, await self._call(connection.peer, request))
        except FaultError as error:
            answer = encode_fault(request.id, error.fault)
        except Exception:  # the boundary of a request: logged here, and the caller learns no details
            log.exception("an operation failed", extra={"action": request.operation[:64], "peer": str(connection.peer)})
            answer = encode_fault(request.id, FaultError("internal", "something went wrong; the log has it").fault)
        connection.send(answer)
        await connection.drain()

    async def _call(self, peer: Peer, request: Request) -> Any:
        operation = self.operations.get(request.operation)
        if operation is None:
            raise FaultError("unknown_operation", f"there is no operation {request.operation[:64]!r}")
        if peer.service not in operation.services:
            raise FaultError("forbidden", f"{peer} may not call {request.operation}")
        arguments = decode_as(request.arguments, operation.arguments, f"the arguments of {request.operation}")
        return await operation.function(peer, arguments)


def set_keepalive(sock: socket.socket) -> None:
    """Notice within half a minute that the machine at the other end is gone."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 30_000)
