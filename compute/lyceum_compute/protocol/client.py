"""The calling side of the wire protocol."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

import msgspec

from .errors import FaultError
from .framing import Incoming, LineBuffer, decode_as, decode_incoming, encode_request
from .identity import Identity, IdentityError, check_server
from .messages import MAX_LINE
from .server import READ_SIZE, set_keepalive

log = logging.getLogger(__name__)

T = TypeVar("T")

CONNECT_TIMEOUT = 10.0
BACKOFF_FIRST = 0.1
BACKOFF_LAST = 5.0
#: Bytes of an unfinished answer above which it needs a turn, if turns are given.
LARGE = 1024 * 1024


class Address(Protocol):
    """Where a server is, and how it is recognised."""

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect. Raises ``OSError`` or ``IdentityError``."""


@dataclass(frozen=True)
class TlsAddress:
    """A service on another host, which must show the certificate of that service and host."""

    service: str
    host: str
    port: int
    identity: Identity

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect with mutual TLS."""
        reader, writer = await asyncio.open_connection(
            self.host,
            self.port,
            ssl=self.identity.client,
            server_hostname=self.host,
            limit=READ_SIZE,
            ssl_handshake_timeout=CONNECT_TIMEOUT,
            ssl_shutdown_timeout=1,
        )
        try:
            check_server(writer.get_extra_info("ssl_object").getpeercert(), self.service, self.host)
            set_keepalive(writer.get_extra_info("socket"))
        except BaseException:
            writer.transport.abort()
            raise
        return reader, writer

    def __str__(self) -> str:
        return f"{self.service} on {self.host}"


@dataclass(frozen=True)
class UnixAddress:
    """A server on the same host."""

    path: str

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the socket."""
        return await asyncio.open_unix_connection(self.path, limit=READ_SIZE)

    def __str__(self) -> str:
        return self.path


class Connection:
    """One connection to a server. ``run`` reads until it ends; requests are then failed with ``unavailable``.

    ``turns``, shared by the connections to a stranger, bounds how many answers over ``LARGE`` bytes it sends at once:
    the others are not read on until one of these connections has ended.
    """

    def __init__(
        self,
        address: Address,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        on_event: Callable[[bytes], None] | None = None,
        limit: int = MAX_LINE,
        turns: asyncio.Semaphore | None = None,
    ) -> None:
        self.address = address
        self._turns = turns
        self._reader = reader
        self._writer = writer
        self._on_event = on_event
        self._limit = limit
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Incoming]] = {}
        self._ended = False

    async def request(self, operation: str, arguments: Any, result_type: type[T], *, timeout: float) -> T:
        """Return the result. Raises ``FaultError``: the server's, or ``unavailable`` or ``timed_out``."""
        if self._ended:
            raise self._lost()
        request_id = next(self._ids)
        line = encode_request(request_id, operation, arguments)
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = waiting
        try:
            async with asyncio.timeout(timeout):
                self._writer.write(line)
                await self._writer.drain()
                answer: Incoming = await waiting
        except TimeoutError as error:
            raise FaultError("timed_out", f"{self.address} did not answer {operation} within {timeout:g} s") from error
        except OSError as error:
            raise self._lost() from error
        finally:
            del self._waiting[request_id]
            if waiting.done() and not waiting.cancelled():
                waiting.exception()  # seen: nothing is left to be reported as never retrieved
        return self._result(answer, operation, result_type)

    def _result(self, answer: Incoming, operation: str, result_type: type[T]) -> T:
        if answer.error is not None:
            raise FaultError(answer.error.code, answer.error.message)
        try:
            return decode_as(answer.result, result_type, "the answer")
        except FaultError as error:
            log.warning("%s answered %s in a way that cannot be read: %s", self.address, operation, error.message)
            raise FaultError(
                "unavailable", f"{self.address} answered {operation} in a way that cannot be read"
            ) from error

    async def run(self) -> None:
        """Read answers and events until the connection ends, for whatever reason."""
        try:
            async with AsyncExitStack() as turn:
                await self._read(turn)
        except (OSError, FaultError) as error:
            log.info("the connection to %s was lost: %s", self.address, error, extra={"action": "lost"})
        finally:
            await self.close()

    async def _read(self, turn: AsyncExitStack) -> None:
        lines = LineBuffer(self._limit)
        turns = self._turns
        while data := await self._reader.read(READ_SIZE):
            for line in lines.feed(data):
                self._take(line)
            if turns is not None and len(lines) > LARGE:
                await turn.enter_async_context(turns)
                turns = None

    def _take(self, line: bytes) -> None:
        answer = decode_incoming(line)
        if answer.event is not None and self._on_event is not None:
            self._on_event(line)
            return
        if answer.id is None:
            error = answer.error
            raise FaultError(error.code, error.message) if error else FaultError("malformed", "an answer without an id")
        waiting = self._waiting.get(answer.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)
        elif self._on_event is None:  # a stranger, asked one thing: what else it says takes time from others
            raise FaultError("malformed", "an answer to nothing")

    async def close(self) -> None:
        """End the connection and fail what waits for an answer."""
        self._ended = True
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(self._lost())
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    def _lost(self) -> FaultError:
        return FaultError("unavailable", f"the connection to {self.address} was lost")


class Client:
    """A lasting connection to a server, made anew whenever it is lost: with growing pauses, unless somebody waits.

    ``async with Client(...) as client``; ``event_type`` is a union of tagged structs, given to ``on_event`` as they
    come; ``on_connected`` is told ``True`` when there is a connection and ``False`` when it was lost. Both are plain
    functions, called in the event loop, and must not block.
    """

    def __init__(
        self,
        address: Address,
        *,
        event_type: Any = None,
        on_event: Callable[[Any], None] | None = None,
        on_connected: Callable[[bool], None] | None = None,
        connect_wait: float = 3.0,
    ) -> None:
        self.address = address
        self.connect_wait = connect_wait
        self._on_event = on_event
        self._on_connected = on_connected
        self._events = msgspec.json.Decoder(event_type) if event_type is not None else None
        self._connection: Connection | None = None
        self._ready = asyncio.Event()
        self._waiting = 0
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._why = "not connected yet"

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._connection is not None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=f"client of {self.address}")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def request(self, operation: str, arguments: Any, result_type: type[T], *, timeout: float = 30) -> T:
        """Return the result of an operation.

        Waits a moment for the connection if there is none. Raises ``FaultError``: the server's own, ``unavailable`` if
        it cannot be reached or the connection was lost before the answer, ``timed_out`` after ``timeout`` seconds.
        """
        if self._connection is None:
            await self._wait(min(self.connect_wait, timeout))
        if self._connection is None:
            raise FaultError("unavailable", f"{self.address} cannot be reached: {self._why}")
        return await self._connection.request(operation, arguments, result_type, timeout=timeout)

    async def _wait(self, seconds: float) -> None:
        self._waiting += 1
        self._wanted.set()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._ready.wait()
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._wanted.clear()

    async def _run(self) -> None:
        pause = BACKOFF_FIRST
        while True:
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT):
                    reader, writer = await self.address.open()
            except (OSError, IdentityError) as error:  # TimeoutError is an OSError
                self._note(error)
            else:
                began = asyncio.get_running_loop().time()
                await self._use(Connection(self.address, reader, writer, on_event=self._take_event))
                if asyncio.get_running_loop().time() - began > BACKOFF_LAST:
                    pause = BACKOFF_FIRST
            await self._rest(pause * random.uniform(0.5, 1))  # noqa: S311 not for secrets
            pause = min(pause * 2, BACKOFF_LAST)

    async def _rest(self, pause: float) -> None:
        """Pause before the next attempt, only for the shortest time while somebody waits for the connection."""
        shortest = min(pause, BACKOFF_FIRST)
        await asyncio.sleep(shortest)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause - shortest):
                await self._wanted.wait()

    async def _use(self, connection: Connection) -> None:
        self._connection = connection
        self._ready.set()
        self._tell(connected=True)
        try:
            await connection.run()
        finally:
            self._connection = None
            self._ready.clear()
            self._why = "the connection was lost"
            self._tell(connected=False)

    def _note(self, error: Exception) -> None:
        why = str(error) or type(error).__name__
        if why != self._why:
            log.warning("%s cannot be reached: %s", self.address, why, extra={"action": "connect"})
        self._why = why

    def _tell(self, *, connected: bool) -> None:
        if self._on_connected is not None:
            self._on_connected(connected)

    def _take_event(self, line: bytes) -> None:
        if self._events is None or self._on_event is None:
            return
        try:
            event = self._events.decode(line)
        except (ValueError, RecursionError):
            log.warning("%s sent an event that is not known here", self.address, extra={"action": "event"})
            return
        self._on_event(event)
