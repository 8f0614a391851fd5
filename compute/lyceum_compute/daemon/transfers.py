"""Trees of files that a hub takes from one project and gives to another, in parts.

Both ends are projects' own programs, reached over their file servers: strangers, like all local hubs. Here bytes are
passed, counted by the hub; nothing of them is looked at.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

import httptools
import msgspec

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import Fault, TransferPart
from lyceum_compute.protocol.names import bytes_of

from .local_hub import CONNECT_TIMEOUT, TREE_TIMEOUT, own

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .entry import Entry
    from .layout import Layout

READ_SIZE = 256 * 1024
#: Bytes after which a part is sent on.
PART = 1024 * 1024
#: Seconds after which a transfer that nobody used is broken off.
IDLE = 60.0
#: Seconds for a part to go or come.
PART_TIMEOUT = 120.0
MAX_TRANSFERS = 64
MAX_PER_PROJECT = 8
#: Bytes of an answer's head, or of an answer that is an error.
MAX_ANSWER = 64 * 1024
#: Pieces that a part may come in: who sends single bytes takes time from others.
MAX_PIECES = 4096


class _Refusal(msgspec.Struct, frozen=True):
    error: Fault


class _Answer:
    """What a file server answers, cut by the parser."""

    def __init__(self) -> None:
        self.body: list[bytes] = []
        self.size = 0
        self.status = 0
        self.complete = False
        self._parser = httptools.HttpResponseParser(self)

    def on_headers_complete(self) -> None:
        """Take note of the status."""
        self.status = self._parser.get_status_code()

    def on_body(self, data: bytes) -> None:
        """Take a part of the body."""
        self.body.append(data)
        self.size += len(data)

    def on_message_complete(self) -> None:
        """Take note of the end."""
        self.complete = True

    def feed(self, data: bytes) -> None:
        """Take what arrived. Raises ``FaultError`` if it makes no sense."""
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise broken() from error

    def take(self) -> bytes:
        """Return what is held of the body, and hold it no longer."""
        body, self.body, self.size = self.body, [], 0
        return b"".join(body)


class Transfer:
    """One end of a copy: a connection to a project's file server."""

    def __init__(self, project_id: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.project_id = project_id
        self.lock = asyncio.Lock()
        self.timer: asyncio.TimerHandle | None = None
        self._reader = reader
        self._writer = writer
        self._answer = _Answer()
        self._answering: asyncio.Task[None] | None = None

    async def ask(self, method: str, path: str, *, overwrite: bool) -> None:
        """Send the head of the request; of one that reads, wait for the head of the answer. Raises ``FaultError``."""
        target = f"/{self.project_id}/tree/{quote(_bytes_of(path))}{'?overwrite=1' if overwrite else ''}"
        head = f"{method} {target} HTTP/1.1\r\nHost: project\r\n"
        if method == "PUT":
            self._writer.write(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
            self._answering = asyncio.create_task(self._read_answer(), name=f"answer of {self.project_id}")
            self._answering.add_done_callback(lambda task: task.cancelled() or task.exception())  # seen, if nobody asks
            return
        self._writer.write(f"{head}\r\n".encode())
        taken = 0
        while not self._answer.status:
            taken += await self._feed()
            if taken > MAX_ANSWER + READ_SIZE:
                raise broken()
        if self._answer.status != 200:
            await self._read_answer()

    async def read(self) -> TransferPart:
        """Return what comes next. Raises ``FaultError``, also if the project breaks off."""
        async with asyncio.timeout(PART_TIMEOUT):
            while self._answer.size < PART and not self._answer.complete:
                await self._feed()
        return TransferPart(data=self._answer.take(), ended=self._answer.complete)

    async def write(self, data: bytes, *, ended: bool) -> None:
        """Send what comes next; at the end, wait until it is in place. Raises ``FaultError``."""
        if self._answering is None:
            raise FaultError("invalid", "this transfer is one to read")
        try:
            async with asyncio.timeout(PART_TIMEOUT):
                if data and not self._answering.done():
                    self._writer.write(b"%x\r\n%b\r\n" % (len(data), data))
                    await self._writer.drain()
        except OSError:
            ended = True  # it takes no more: its answer says why
        if ended and not self._writer.is_closing():
            self._writer.write(b"0\r\n\r\n")
        if ended or self._answering.done():
            async with asyncio.timeout(TREE_TIMEOUT):
                await asyncio.shield(self._answering)

    async def _read_answer(self) -> None:
        """Read a short answer to its end. Raises ``FaultError`` if it is not 200."""
        while not self._answer.complete:
            await self._feed()
            if self._answer.size > MAX_ANSWER:
                raise broken()
        if self._answer.status == 200:
            return
        try:
            refusal = msgspec.json.decode(self._answer.take(), type=_Refusal)
        except (ValueError, RecursionError) as error:
            raise broken() from error
        raise own(FaultError(refusal.error.code, refusal.error.message))

    async def _feed(self) -> int:
        try:
            data = await self._reader.read(READ_SIZE)
        except OSError as error:
            raise broken() from error
        if not data:
            raise broken()
        self._answer.feed(data)
        if len(self._answer.body) > MAX_PIECES:
            raise broken()
        return len(data)

    def close(self) -> None:
        """Break off what is not complete."""
        if self.timer is not None:
            self.timer.cancel()
        if self._answering is not None:
            self._answering.cancel()
        self._writer.transport.abort()


class Transfers:
    """All transfers of the host."""

    def __init__(self) -> None:
        self._open: dict[str, Transfer] = {}

    async def open(self, entry: Entry, path: str, *, write: bool, overwrite: bool) -> str:
        """Begin a transfer and return its id. Raises ``FaultError``."""
        project_id = entry.layout.project_id
        own_ones = sum(transfer.project_id == project_id for transfer in self._open.values())
        if len(self._open) >= MAX_TRANSFERS or own_ones >= MAX_PER_PROJECT:
            raise FaultError("too_many", "too many copies are under way; try again when one is done")
        key = secrets.token_hex(16)
        transfer = self._open[key] = await _connect(entry.layout)
        try:
            async with asyncio.timeout(PART_TIMEOUT):
                await transfer.ask("PUT" if write else "GET", path, overwrite=overwrite)
        except TimeoutError as error:
            self.end(key)
            raise FaultError("timed_out", "the project did not answer in time") from error
        except BaseException:
            self.end(key)
            raise
        self._wind(key, transfer)
        return key

    async def read(self, key: str) -> TransferPart:
        """Return the next part of a transfer. Raises ``FaultError``; the transfer has ended then."""
        async with self._using(key) as transfer:
            return await transfer.read()

    async def write(self, key: str, data: bytes, *, ended: bool) -> None:
        """Take the next part of a transfer. Raises as ``read``."""
        async with self._using(key) as transfer:
            await transfer.write(data, ended=ended)
        if ended:
            self.end(key)

    def end(self, key: str) -> None:
        """Forget a transfer; one that is over already is fine."""
        transfer = self._open.pop(key, None)
        if transfer is not None:
            transfer.close()

    def close(self) -> None:
        """End all."""
        for key in list(self._open):
            self.end(key)

    @asynccontextmanager
    async def _using(self, key: str) -> AsyncIterator[Transfer]:
        """Use a transfer alone. It ends if that fails, or if nobody uses it for a while afterwards."""
        transfer = self._open.get(key)
        if transfer is None:
            raise FaultError("not_found", "this transfer is over")
        async with transfer.lock:
            if transfer.timer is not None:
                transfer.timer.cancel()
            try:
                yield transfer
            except TimeoutError as error:
                self.end(key)
                raise FaultError("timed_out", "the project did not go on with the copy") from error
            except FaultError:
                self.end(key)
                raise
            finally:
                self._wind(key, transfer)

    def _wind(self, key: str, transfer: Transfer) -> None:
        if key in self._open:
            transfer.timer = asyncio.get_running_loop().call_later(IDLE, self.end, key)


async def _connect(layout: Layout) -> Transfer:
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            reader, writer = await asyncio.open_unix_connection(str(layout.files), limit=READ_SIZE)
    except OSError as error:  # TimeoutError is one
        raise FaultError("not_running", "the project is not running") from error
    return Transfer(layout.project_id, reader, writer)


def _bytes_of(path: str) -> bytes:
    try:
        return bytes_of(path)
    except UnicodeEncodeError as error:
        raise FaultError("invalid", "path: it is not text") from error


def broken() -> FaultError:
    """What to tell when a project stops half-way or says what makes no sense."""
    return FaultError("unavailable", "the project broke the copy off")
