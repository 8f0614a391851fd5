"""What a browser's Engine.IO client does, message by message."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any, Self

import websockets

from .site import ORIGIN, Person


class Browser:
    """A websocket to ``/hub/``. ``async with`` keeps it."""

    def __init__(self, person: Person, hub: int | None = None, **headers: str) -> None:
        site = person.site
        url = site.hubs[person.hub if hub is None else hub].url.replace("https:", "wss:")
        cookie = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
        own = {"origin": ORIGIN, "cookie": cookie, **person.headers, **headers}
        self._connect = websockets.connect(
            f"{url}/hub/?EIO=4&transport=websocket",
            ssl=site.edge,
            additional_headers=own,
            max_size=64 * 1024 * 1024,
            ping_interval=None,
        )
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.pushed: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.ended = asyncio.Event()

    async def __aenter__(self) -> Self:
        self.socket = await self._connect
        opened = await self.socket.recv()
        assert isinstance(opened, str)
        assert opened[0] == "0"
        self.opened = json.loads(opened[1:])
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        await asyncio.wait([self._reading])
        await self.socket.close()

    async def _read(self) -> None:
        try:
            async for packet in self.socket:
                assert isinstance(packet, str)
                if packet[0] == "2":
                    await self.socket.send("3")
                elif packet[0] == "4":
                    self._take(json.loads(packet[1:]))
        except websockets.ConnectionClosedError:
            pass
        finally:
            self.ended.set()

    def _take(self, message: dict[str, Any]) -> None:
        waiting = self._answers.pop(message.get("id"), None)  # type: ignore[arg-type]
        if waiting is not None:
            waiting.set_result(message)
        else:
            self.pushed.put_nowait(message)

    async def say(self, text: str) -> None:
        """Send an Engine.IO message as it is."""
        await self.socket.send("4" + text)

    def begin(self, event: str, **fields: Any) -> asyncio.Future[dict[str, Any]]:
        """Send a call; return its answer to come."""
        number = next(self._ids)
        self._answers[number] = asyncio.get_running_loop().create_future()
        self._sending = asyncio.create_task(self.say(json.dumps({"id": number, "event": event, **fields})))
        return self._answers[number]

    async def call(self, event: str, **fields: Any) -> dict[str, Any]:
        """Call, and return the answer."""
        async with asyncio.timeout(20):
            return await self.begin(event, **fields)

    async def next(self, event: str) -> dict[str, Any]:
        """Return the next pushed message of a kind."""
        async with asyncio.timeout(20):
            while True:
                message = await self.pushed.get()
                if message["event"] == event:
                    return message

    async def change(self, operation: str, key: str) -> dict[str, Any]:
        """Return the next change of a kind to a row."""
        while True:
            for change in (await self.next("changes"))["changes"]:
                if change["operation"] == operation and change["key"] == key:
                    return change
