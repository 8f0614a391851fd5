"""Work that goes on after the call that began it was answered: owned here, named, and ended with the hub."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from lyceum_hub.errors import HubError

log = logging.getLogger(__name__)

T = TypeVar("T")


class Background:
    """Holds the tasks; ``close`` cancels what is left."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing = asyncio.Event()

    @property
    def closing(self) -> bool:
        """Whether the hub is going down."""
        return self._closing.is_set()

    def start(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Begin some work. Its failure is logged, whether or not somebody waits for it."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def wait(self, task: asyncio.Task[T], seconds: float) -> T | None:
        """Return the work's result, or None if it goes on when the time is up or the hub goes down."""
        closing = asyncio.create_task(self._closing.wait())
        try:
            await asyncio.wait({task, closing}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            closing.cancel()
        return task.result() if task.done() else None

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, HubError):
            log.info("%s: %s", task.get_name(), error.message, extra={"action": "background"})
        elif error is not None:
            log.error("%s failed", task.get_name(), exc_info=error, extra={"action": "background"})

    def release(self) -> None:
        """Let who waits go on: the hub is going down."""
        self._closing.set()

    async def close(self) -> None:
        """Cancel what is left and wait until it is gone."""
        self.release()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5)
