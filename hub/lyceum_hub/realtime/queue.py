"""What waits to be sent to one client, counted in bytes, so that a client that never reads can be told."""

from __future__ import annotations

import asyncio
from typing import Any


class SendQueue(asyncio.Queue[Any]):
    """The queue that Engine.IO keeps for each client. Strings are counted by their length."""

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self.size = 0
        self.drained = asyncio.Event()

    def _put(self, item: Any) -> None:
        super()._put(item)
        self.size += _size(item)

    def _get(self) -> Any:
        item = super()._get()
        self.size -= _size(item)
        self.drained.set()
        return item


def _size(item: Any) -> int:
    data = getattr(item, "data", None)
    return len(data) if isinstance(data, (str, bytes)) else 0
