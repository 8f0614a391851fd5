"""What the hub's own HTTP protocol adds to uvicorn's."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import uvicorn
from lyceum_hub.server import HEAD, TOO_LARGE, PeerProtocol
from uvicorn.server import ServerState


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        pass

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def is_closing(self) -> bool:
        return self.closed


async def answer(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


def protocol() -> tuple[PeerProtocol, Transport]:
    config = uvicorn.Config(answer, http=PeerProtocol, lifespan="off", log_config=None)
    config.load()
    made, transport = PeerProtocol(config, ServerState(), {}), Transport()
    made.connection_made(transport)
    return made, transport


@pytest.mark.parametrize("beginning", [b"GET /", b"GET / HTTP/1.1\r\nCookie: "])
def test_a_head_that_does_not_end_ends_the_connection(beginning: bytes) -> None:
    async def send() -> None:
        made, transport = protocol()
        made.data_received(beginning)
        for _ in range(HEAD // 8192 + 1):
            made.data_received(b"x" * 8192)
        assert transport.closed
        assert transport.written == TOO_LARGE

    asyncio.run(send())


def test_a_long_body_and_many_requests_are_no_head() -> None:
    async def send() -> None:
        made, transport = protocol()
        for _ in range(3):
            made.data_received(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
            for _ in range(100):
                made.data_received(b"x" * 1000)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert not transport.closed
        assert transport.written.count(b"HTTP/1.1 204") == 3

    asyncio.run(send())
