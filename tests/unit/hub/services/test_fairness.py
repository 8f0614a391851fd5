"""One account's calls at a time."""

from __future__ import annotations

import asyncio

import pytest
from lyceum_hub.errors import TooManyError
from lyceum_hub.services.fairness import Fairness


async def test_more_calls_wait_and_far_too_many_are_refused() -> None:
    fairness = Fairness(2, waiting=3)
    under_way = 0
    most = 0
    release = asyncio.Event()

    async def call() -> None:
        nonlocal under_way, most
        async with fairness.turn("ada"):
            under_way += 1
            most = max(most, under_way)
            await release.wait()
            under_way -= 1

    calls = [asyncio.create_task(call()) for _ in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyError):
        async with fairness.turn("ada"):
            pass
    async with fairness.turn("bob"):
        pass
    release.set()
    await asyncio.gather(*calls)
    assert most == 2


async def test_a_call_that_gives_up_waiting_leaves_its_place() -> None:
    fairness = Fairness(1, waiting=1)
    async with fairness.turn("ada"):
        waiting = asyncio.create_task(fairness.turn("ada").__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
    async with fairness.turn("ada"):
        pass
    assert fairness._lanes == {}
