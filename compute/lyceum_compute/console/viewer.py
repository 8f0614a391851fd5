"""One connection that looks at a terminal."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from .flow import Flow
from .messages import Size

#: Bytes of output put into one message at most.
MAX_MESSAGE = 64 * 1024


@dataclass(frozen=True)
class Ending:
    """Why a viewer's connection is closed."""

    code: int
    reason: str


TOO_SLOW = Ending(4008, "too slow: connect again for the newest output")
EXITED = Ending(1000, "the shell has ended")
RESTARTING = Ending(1012, "the console server ends")
NOT_TAKEN = Ending(1013, "the program in the terminal does not take what is typed")


class Viewer:
    """What is to be sent to one viewer, in order: terminal output (bytes) and messages (text)."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.flow = Flow()
        self.ending: Ending | None = None
        self.must_end = asyncio.Event()
        self._queue: deque[bytes | str] = deque()
        self._filled = asyncio.Event()

    def output(self, data: bytes, now: float) -> None:
        """Queue terminal output; a viewer who is too far behind is given up."""
        if self.ending is None:
            self.flow.send(len(data), now)
            self._put(data)
            self.check(now)

    def message(self, text: str) -> None:
        """Queue a message."""
        if self.ending is None:
            self._put(text)

    def check(self, now: float) -> None:
        """Give the viewer up if it is stuck."""
        if self.flow.is_stuck(now):
            self.abandon(TOO_SLOW)

    def finish(self, ending: Ending) -> None:
        """End the connection once all that is queued was sent."""
        self.ending = self.ending or ending
        self._filled.set()

    def abandon(self, ending: Ending) -> None:
        """End the connection now; what is queued is dropped."""
        self._queue.clear()
        self.finish(ending)
        self.must_end.set()

    def _put(self, item: bytes | str) -> None:
        self._queue.append(item)
        self._filled.set()

    async def next(self) -> bytes | str | None:
        """Return the next thing to send, small pieces of output joined; None at the end."""
        while not self._queue:
            if self.ending is not None:
                return None
            self._filled.clear()
            await self._filled.wait()
        first = self._queue.popleft()
        if isinstance(first, str):
            return first
        parts = [first]
        length = len(first)
        while self._queue and isinstance(self._queue[0], bytes) and length + len(self._queue[0]) <= MAX_MESSAGE:
            part = self._queue.popleft()
            length += len(part)
            parts.append(part)  # type: ignore[arg-type]
        return b"".join(parts) if len(parts) > 1 else first
