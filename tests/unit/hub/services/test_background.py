"""Work that outlives its call."""

from __future__ import annotations

import asyncio
import logging

import pytest
from lyceum_hub.errors import UnavailableError
from lyceum_hub.services.background import Background


async def test_who_waits_gets_the_result_or_nothing_when_the_time_is_up() -> None:
    background = Background()
    done = asyncio.Event()

    async def work() -> int:
        await done.wait()
        return 7

    task = background.start(work(), "work")
    assert await background.wait(task, 0) is None
    done.set()
    assert await background.wait(task, 5) == 7


async def test_a_failure_reaches_who_waits_and_the_log(caplog: pytest.LogCaptureFixture) -> None:
    background = Background()

    async def work() -> None:
        raise UnavailableError("no host")

    with caplog.at_level(logging.INFO), pytest.raises(UnavailableError):
        await background.wait(background.start(work(), "save"), 5)
    assert "save: no host" in caplog.text


async def test_the_end_releases_who_waits_and_cancels_the_rest() -> None:
    background = Background()
    task = background.start(asyncio.Event().wait(), "forever")
    waiting = asyncio.create_task(background.wait(task, 600))
    await asyncio.sleep(0)
    background.release()
    assert background.closing
    assert await waiting is None
    await background.close()
    assert task.cancelled()
