"""Counting what waits to be sent."""

from __future__ import annotations

from engineio.packet import MESSAGE, Packet
from lyceum_hub.realtime.queue import SendQueue


def test_the_queue_counts_what_is_in_it() -> None:
    queue = SendQueue()
    for item in (Packet(MESSAGE, "hello"), None, Packet(MESSAGE, "you")):
        queue.put_nowait(item)
    assert queue.size == 8
    queue.get_nowait()
    assert queue.size == 3
    assert queue.drained.is_set()
    queue.get_nowait()
    queue.get_nowait()
    assert queue.size == 0
