"""Files that hubs watch: each watch is a connection to a project's local hub, whose events are passed to one hub.

What speaks there is a stranger's program: it is listened to four times a second and no more, and bounded lines alone.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.framing import LineBuffer, decode_incoming, encode, encode_request
from lyceum_compute.protocol.messages import FileChanges, FilesChanged, Watch, WatchEnded, WatchFiles
from lyceum_compute.protocol.server import CALLING, Connection

from .local_hub import CONNECT_TIMEOUT, OPERATION_TIMEOUT, own

if TYPE_CHECKING:
    from .entry import Entry

READ_SIZE = 64 * 1024
#: Bytes of one event.
MAX_EVENT = 256 * 1024
#: Seconds between two events of one watch.
PAUSE = 0.25
#: Seconds without a change after which a watch ends: while there is one, the project's local hub cannot.
LONGEST_QUIET = 3600.0
MAX_WATCHES = 4096
MAX_PER_PROJECT = 32


@dataclass(eq=False)
class _Watch:
    project_id: str
    caller: Connection
    task: asyncio.Task[None]


class Watches:
    """All watches of the host, by the caller's connection and id."""

    def __init__(self) -> None:
        self._watches: dict[tuple[Connection, str], _Watch] = {}

    async def watch(self, entry: Entry, arguments: WatchFiles) -> None:
        """Begin a watch for the caller. Raises ``FaultError``."""
        caller = CALLING.get()
        key = (caller, arguments.watch)
        if key in self._watches:
            raise FaultError("conflict", "watch: there is one of this id already")
        project_id = entry.layout.project_id
        of_project = sum(watch.project_id == project_id for watch in self._watches.values())
        if len(self._watches) >= MAX_WATCHES or of_project >= MAX_PER_PROJECT:
            raise FaultError("too_many", "too many folders of this project are watched already")
        begun = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._run(entry, arguments, caller, begun), name=f"watch in {project_id}")
        self._watches[key] = _Watch(project_id, caller, task)
        task.add_done_callback(lambda _: self._watches.pop(key, None))
        try:
            await begun
        except BaseException:
            task.cancel()
            raise

    def unwatch(self, watch: str) -> None:
        """End a watch of the caller; one that is over already is fine."""
        found = self._watches.pop((CALLING.get(), watch), None)
        if found is not None:
            found.task.cancel()

    def forget(self, caller: Connection) -> None:
        """End all watches of a caller whose connection was lost."""
        for watch in [watch for watch in self._watches.values() if watch.caller is caller]:
            watch.task.cancel()

    def close(self) -> None:
        """End all."""
        for watch in list(self._watches.values()):
            watch.task.cancel()

    @staticmethod
    async def _run(entry: Entry, arguments: WatchFiles, caller: Connection, begun: asyncio.Future[None]) -> None:
        try:
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT):
                    reader, writer = await asyncio.open_unix_connection(str(entry.layout.local_hub), limit=READ_SIZE)
            except OSError as error:  # TimeoutError is one
                raise FaultError("not_running", "the project is not running") from error
            try:
                writer.write(encode_request(1, "watch", Watch(path=arguments.path)))
                await _pass_on(_Lines(reader), caller, arguments.watch, begun)
            finally:
                writer.transport.abort()
        except FaultError as error:
            if not begun.done():
                begun.set_exception(error)
            else:
                caller.send(encode(WatchEnded(watch=arguments.watch, detail=error.message)))


class _Lines:
    """Lines from a stranger."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._buffer = LineBuffer(MAX_EVENT)
        self._lines: list[bytes] = []

    async def next(self) -> bytes:
        """Return the next line. Raises ``FaultError`` at the end, or for one that is too long."""
        while not self._lines:
            try:
                data = await self._reader.read(READ_SIZE)
            except OSError:
                data = b""
            if not data:
                raise FaultError("unavailable", "the project has ended, or what was watched is gone")
            self._lines = self._buffer.feed(data)
        return self._lines.pop(0)


async def _pass_on(lines: _Lines, caller: Connection, watch: str, begun: asyncio.Future[None]) -> None:
    """Wait for the answer, then pass events on until the local hub says nothing more. Raises ``FaultError``."""
    try:
        async with asyncio.timeout(OPERATION_TIMEOUT):
            answer = decode_incoming(await lines.next())
    except TimeoutError as error:
        raise FaultError("timed_out", "the project did not answer in time") from error
    if answer.error is not None:
        raise own(FaultError(answer.error.code, answer.error.message))
    if not begun.done():
        begun.set_result(None)
    while True:
        try:
            async with asyncio.timeout(LONGEST_QUIET):
                line = await lines.next()
        except TimeoutError as error:
            raise FaultError("timed_out", "nothing changed for a long time; watch again") from error
        try:
            event = msgspec.json.decode(line, type=FilesChanged)
        except (ValueError, RecursionError) as error:
            raise FaultError("unavailable", "the project says what makes no sense") from error
        caller.send(encode(FileChanges(watch=watch, changes=event.changes, overflow=event.overflow)))
        await asyncio.sleep(PAUSE)
