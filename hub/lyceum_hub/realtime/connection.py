"""One client's connection: its calls, which go on side by side, and its subscriptions."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from engineio.packet import MESSAGE, Packet

from lyceum_hub.compute_client import FileChanges
from lyceum_hub.errors import ConflictError, HubError, InvalidError, NotFoundError, NotSignedInError, TooManyError
from lyceum_hub.operations import Call
from lyceum_hub.operations.dispatch import decode, find, perform
from lyceum_hub.services import Services
from lyceum_hub.services.caller import Caller
from lyceum_hub.services.tables import RowChange, Subscription

from .queue import SendQueue

log = logging.getLogger(__name__)

#: Calls of one client under way at a time, those that wait for an answer's place included.
MOST_CALLS = 256
#: Folders that one client watches.
MOST_WATCHES = 32
#: Bytes that may wait to be sent before the client is asked to read (no call begins), and before it is disconnected.
MUCH_UNREAD = 16 * 1024 * 1024
MOST_UNREAD = 64 * 1024 * 1024
#: Seconds in which a client must read something of what waits for it.
STALL = 60.0
#: Seconds that calls under way have when their session ends (the call that ended it among them).
SETTLE = 1.0


class _Watch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client asks to watch: a folder (what is in it, not below) or a file."""

    project_id: UUID
    path: str = ""


class Connection:
    """What the server knows of one client."""

    def __init__(
        self,
        services: Services,
        caller: Caller,
        address: str,
        *,
        queue: SendQueue,
        abort: Callable[[str], None],
    ) -> None:
        self.caller = caller
        self.address = address
        self.closed = False
        self._ending = False
        self._services = services
        self._queue = queue
        self._abort = abort
        self._calls: set[asyncio.Task[None]] = set()
        self._ids = itertools.count(1)
        self._subscriptions: dict[int, Subscription] = {}
        self._subscribing = 0
        self._watches: dict[int, str] = {}
        self._beginning = 0

    # Sending.

    def send(self, message: Any) -> None:
        """Queue a message for the client, in order; one that has far too much unread is disconnected."""
        self._send_text(msgspec.json.encode(message).decode())

    def _send_text(self, text: str) -> None:
        if self.closed:
            return
        if self._queue.size + len(text) > MOST_UNREAD:
            self._abort("it does not read")
            return
        self._queue.put_nowait(Packet(MESSAGE, text))

    async def _room(self) -> None:
        """Wait until the client has read most of what waits for it, or is disconnected."""
        while self._queue.size > MUCH_UNREAD and not self.closed:
            self._queue.drained.clear()
            try:
                async with asyncio.timeout(STALL):
                    await self._queue.drained.wait()
            except TimeoutError:
                self._abort("it does not read")

    # Calls.

    def receive(self, data: object) -> None:
        """Begin what a message asks for; the answer comes when it is ready."""
        if self._ending:
            self._fail(_id_of(data), NotSignedInError())
            return
        if len(self._calls) >= MOST_CALLS:
            self._fail(_id_of(data), TooManyError("Too many calls at once. Wait for some to be answered.", 1))
            return
        task = asyncio.create_task(self._answer(data))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def _answer(self, data: object) -> None:
        request_id: object = None
        try:
            fields = decode(data if isinstance(data, (str, bytes)) else "")
            request_id, event = _envelope(fields)
            await self._room()
            if event == "subscribe":
                await self._subscribe(request_id, fields)
            elif event == "unsubscribe":
                self._unsubscribe(request_id, fields)
            elif event == "watch":
                await self._watch(request_id, fields)
            elif event == "unwatch":
                self._unwatch(request_id, fields)
            else:
                await self._perform(request_id, event, fields)
        except HubError as error:
            self._fail(request_id, error)

    def _fail(self, request_id: object, error: HubError) -> None:
        self.send({"id": request_id, "event": "error", "error": error.body()})

    async def _perform(self, request_id: object, event: str, fields: dict[str, Any]) -> None:
        operation = find(event)
        if operation.http_only:
            raise ConflictError(f"{event} sets a cookie, so it is to be called over HTTP.")
        call = Call(self._services, self.caller, self.address)
        output = await perform(call, operation, fields)
        self._send_text(_joined({"id": request_id, "event": event}, output))

    # Subscriptions.

    async def _subscribe(self, request_id: object, fields: dict[str, Any]) -> None:
        table = fields.pop("table", None)
        query = fields.pop("query", None)
        if not isinstance(table, str):
            raise InvalidError("table is missing or not a text.", "table")
        if fields:
            name = next(iter(fields))[:64]
            raise InvalidError(f"{name} is not a field of this event.", name)
        most = self._services.settings.limits.subscriptions
        if len(self._subscriptions) + self._subscribing >= most:
            raise TooManyError(f"A client can have {most} subscriptions. End some first.", 60)
        number = next(self._ids)
        self._subscribing += 1
        try:
            await self._services.tables.subscribe(
                self.caller,
                table,
                {} if query is None else query,
                answer=lambda subscription, rows: self._subscribed(request_id, number, subscription, rows),
                deliver=lambda changes: self._deliver(number, changes),
            )
        finally:
            self._subscribing -= 1

    def _subscribed(
        self, request_id: object, number: int, subscription: Subscription, rows: Sequence[msgspec.Raw]
    ) -> None:
        if self.closed:
            self._services.tables.unsubscribe(subscription)
            return
        self._subscriptions[number] = subscription
        self.send({"id": request_id, "event": "subscribe", "subscription": number, "rows": rows})

    def _deliver(self, number: int, changes: list[RowChange]) -> None:
        if number in self._subscriptions:
            self.send({"event": "changes", "subscription": number, "changes": changes})

    def _unsubscribe(self, request_id: object, fields: dict[str, Any]) -> None:
        number = fields.get("subscription")
        subscription = self._subscriptions.pop(number, None) if isinstance(number, int) else None
        if subscription is None:
            raise NotFoundError("There is no such subscription.")
        self._services.tables.unsubscribe(subscription)
        self.send({"id": request_id, "event": "unsubscribe", "subscription": number})

    # Watches.

    async def _watch(self, request_id: object, fields: dict[str, Any]) -> None:
        try:
            asked = msgspec.convert(fields, _Watch)
        except msgspec.ValidationError as error:
            raise InvalidError(str(error)) from error
        if len(self._watches) + self._beginning >= MOST_WATCHES:
            raise TooManyError(f"A client can watch {MOST_WATCHES} folders. End some first.", 60)
        number = next(self._ids)
        self._beginning += 1
        try:
            key = await self._services.watches.watch(
                self.caller,
                asked.project_id,
                asked.path,
                changed=lambda event: self._changed(number, event),
                ended=lambda reason: self._watch_ended(number, reason),
            )
        finally:
            self._beginning -= 1
        if self.closed:
            self._services.watches.unwatch(key)
            return
        self._watches[number] = key
        self.send({"id": request_id, "event": "watch", "watch": number})

    def _changed(self, number: int, event: FileChanges) -> None:
        """Tell of changes; what came before the answer is in the listing that the client asks for then."""
        if number in self._watches:
            told = {"event": "file_changes", "watch": number, "changes": event.changes, "overflow": event.overflow}
            self.send(told)

    def _watch_ended(self, number: int, reason: str) -> None:
        if self._watches.pop(number, None) is not None:
            self.send({"event": "watch_ended", "watch": number, "reason": reason})

    def _unwatch(self, request_id: object, fields: dict[str, Any]) -> None:
        number = fields.get("watch")
        key = self._watches.pop(number, None) if isinstance(number, int) else None
        if key is None:
            raise NotFoundError("There is no such watch.")
        self._services.watches.unwatch(key)
        self.send({"id": request_id, "event": "unwatch", "watch": number})

    # The end.

    async def settle(self) -> None:
        """Take no more calls, and give those under way a moment to be answered."""
        self._ending = True
        if self._calls:
            await asyncio.wait(self._calls, timeout=SETTLE)

    def close(self) -> None:
        """End subscriptions and calls: nobody is there any more."""
        self.closed = True
        for subscription in self._subscriptions.values():
            self._services.tables.unsubscribe(subscription)
        self._subscriptions.clear()
        for key in self._watches.values():
            self._services.watches.unwatch(key)
        self._watches.clear()
        for call in self._calls:
            call.cancel()


def _envelope(fields: dict[str, Any]) -> tuple[object, str]:
    """Take id and event out of a message; what is left are the operation's fields."""
    request_id = fields.pop("id", None)
    event = fields.pop("event", None)
    if isinstance(request_id, bool) or not isinstance(request_id, (int, str)) or len(str(request_id)) > 64:
        raise InvalidError("id is missing, or neither a number nor a text.", "id")
    if not isinstance(event, str):
        raise InvalidError("event is missing or not a text.", "event")
    return request_id, event


def _id_of(data: object) -> object:
    try:
        return _envelope(decode(data if isinstance(data, (str, bytes)) else ""))[0]
    except HubError:
        return None


def _joined(envelope: dict[str, object], output: msgspec.Struct) -> str:
    """Return one JSON object with the fields of both (an output may be 10 MB: it is written once)."""
    head, body = msgspec.json.encode(envelope), msgspec.json.encode(output)
    return head.decode() if body == b"{}" else f"{head[:-1].decode()},{body[1:].decode()}"
