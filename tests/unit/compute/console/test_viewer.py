"""What is queued for one viewer."""

from __future__ import annotations

import asyncio

from lyceum_compute.console.flow import MAX_BEHIND
from lyceum_compute.console.messages import Size
from lyceum_compute.console.viewer import EXITED, MAX_MESSAGE, TOO_SLOW, Viewer


async def test_order_and_joining() -> None:
    viewer = Viewer(Size())
    viewer.output(b"a", 0)
    viewer.output(b"b", 0)
    viewer.message("size")
    viewer.output(b"c", 0)
    viewer.finish(EXITED)
    assert [await viewer.next() for _ in range(4)] == [b"ab", "size", b"c", None]
    viewer.output(b"late", 0)
    assert await viewer.next() is None


async def test_joined_messages_are_bounded() -> None:
    viewer = Viewer(Size())
    for _ in range(5):
        viewer.output(b"x" * (MAX_MESSAGE // 2), 0)
    item = await viewer.next()
    assert item is not None
    assert len(item) == MAX_MESSAGE


async def test_waits_for_something() -> None:
    viewer = Viewer(Size())
    waiting = asyncio.create_task(viewer.next())
    await asyncio.sleep(0)
    assert not waiting.done()
    viewer.output(b"a", 0)
    assert await waiting == b"a"


async def test_given_up_when_too_far_behind() -> None:
    viewer = Viewer(Size())
    while viewer.ending is None:
        viewer.output(b"x" * 65536, 0)
    assert viewer.ending is TOO_SLOW
    assert viewer.must_end.is_set()
    assert MAX_BEHIND < viewer.flow.sent <= MAX_BEHIND + 65536
    assert await viewer.next() is None
