"""Moving bytes between a browser's connection and a project's socket.

Two callbacks hand bytes from one side to the other: no task and no buffer for a connection on which nothing happens.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from dataclasses import dataclass
from typing import cast

from lyceum_compute.protocol.identity import IdentityError, Peer, peer_of
from lyceum_compute.protocol.server import set_keepalive

from . import answer, forward, head, reach, ssh
from .head import Head
from .links import Links, Traffic
from .reach import Places
from .refusal import RefusedError
from .tickets import Tickets

log = logging.getLogger(__name__)

#: The one service that may ask.
CALLER = "hub-proxy"
#: Seconds for the whole head of a request to arrive.
HEAD_TIMEOUT = 10.0
#: Seconds from the last byte of a request to the head of its answer, by kind: what starts on demand has little of a
#: processor, and behind a port anything may be computed.
ANSWER_TIMEOUT = {"terminal": 60.0, "files": 60.0, "raw": 60.0, "port": 600.0}
#: Heads that only say that another follows ("100 Continue"): who sends them without end keeps others waiting.
MOST_INTERIM = 10
#: Seconds that a program has to take the last bytes from a browser that is gone.
FLUSH_TIMEOUT = 10.0
#: Bytes waiting to be taken by one side at which the other is not read any further.
HIGH_WATER = 64 * 1024


@dataclass(frozen=True)
class Route:
    """Where projects are, the connections that are open, and the tickets for SSH that are expected."""

    places: Places
    links: Links
    tickets: Tickets


class BrowserSide(asyncio.Protocol):
    """The connection from a hub proxy: reads one head, connects, and passes bytes on."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer: bytearray | None = bytearray()
        self._head: Head | None = None
        self._project: ProjectSide | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._traffic: Traffic | None = None

    # The hub proxy's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Check who calls, and wait for the head."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=HIGH_WATER)
        encrypted: ssl.SSLObject = transport.get_extra_info("ssl_object")
        try:
            peer = peer_of(encrypted.getpeercert())
            if peer.service == ssh.CALLER:
                self._hand_over(self._transport)
                return
            _check_caller(peer)
        except IdentityError as error:
            log.warning("refused a caller: %s", error, extra={"action": "refused"})
            self._transport.abort()
            return
        set_keepalive(transport.get_extra_info("socket"))
        self._deadline = self._loop.call_later(HEAD_TIMEOUT, self._too_late)

    def _hand_over(self, transport: asyncio.Transport) -> None:
        """Let the connection of an SSH gateway, which speaks no HTTP, go on by its own way."""
        set_keepalive(transport.get_extra_info("socket"))
        end = ssh.EdgeEnd(self._route.places.projects, self._route.links, self._route.tickets)
        transport.set_protocol(end)
        end.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Pass bytes on, once the head is through."""
        if self._traffic is not None:
            self._traffic.moved(len(data))
        if self._project is not None:
            self._project.write(data)
        elif self._buffer is not None and self._transport is not None and not self._transport.is_closing():
            self._buffer += data
            if self._head is None:
                self._look_for_head(self._buffer)
            elif len(self._buffer) > HIGH_WATER:
                self._transport.pause_reading()  # until the project's side is there

    def eof_received(self) -> None:
        """Let the project have what was sent; nothing more comes."""
        if self._project is not None:
            self._project.write_eof()

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 why does not matter
        """End the project's side too."""
        if self._deadline is not None:
            self._deadline.cancel()
        if self._connecting is not None:
            self._connecting.cancel()
        if self._project is not None:
            self._project.close()
        if self._head is not None:
            self._route.links.remove(self, self._head)

    def pause_writing(self) -> None:
        """The browser is slow: read nothing more from the project."""
        if self._project is not None:
            self._project.pause_reading()

    def resume_writing(self) -> None:
        """The browser has caught up."""
        if self._project is not None:
            self._project.resume_reading()

    def _look_for_head(self, buffer: bytearray) -> None:
        try:
            whole = head.take(buffer, RefusedError(431, "too_large", "the request's head is too long"))
            if whole is None:
                return
            found = head.read(whole)
            self._route.links.add(self, found)
        except RefusedError as refused:
            self.refuse(refused)
            return
        self._head = found
        self._traffic = self._route.links.traffic(found.project)
        self._traffic.moved(len(whole))
        if self._deadline is not None:
            self._deadline.cancel()
        self._connecting = self._loop.create_task(self._connect(found))

    def _too_late(self) -> None:
        self.refuse(RefusedError(408, "timed_out", "the request did not arrive in time"))

    async def _connect(self, found: Head) -> None:
        try:
            await reach.connect(self._route.places, found, lambda: ProjectSide(self, found))
        except RefusedError as refused:
            self.refuse(refused)

    # The project's side

    def connected(self, project: ProjectSide) -> None:
        """Send the head and what followed it to the project; from now on bytes are passed."""
        if self._transport is None or self._transport.is_closing() or self._head is None:
            project.close()
            return
        self._project = project
        project.write(forward.written(self._head) + bytes(self._buffer or b""))
        self._buffer = None
        self._transport.resume_reading()

    def write(self, data: bytes) -> None:
        """Send to the browser."""
        if self._traffic is not None:
            self._traffic.moved(len(data))
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def finish(self) -> None:
        """Close the connection once all that was written has been sent."""
        if self._transport is not None:
            self._transport.close()

    def refuse(self, refused: RefusedError) -> None:
        """Answer in the project's stead, and close."""
        self.write(refused.response(page=self._head is not None and self._head.wants_page))
        self.finish()

    def pause_reading(self) -> None:
        """The project is slow: read nothing more from the browser."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """The project has caught up."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def end(self) -> None:
        """End both sides now (``Link``)."""
        if self._transport is not None:
            self._transport.abort()


class ProjectSide(asyncio.Protocol):
    """The connection to a program in the project, which is a stranger's."""

    def __init__(self, browser: BrowserSide, asked: Head) -> None:
        self._browser = browser
        self._asked = asked
        self._loop = asyncio.get_running_loop()
        self._patience = ANSWER_TIMEOUT[asked.kind]
        self._last_asked = 0.0
        self._transport: asyncio.Transport | None = None
        self._buffer: bytearray | None = bytearray()
        self._interim = 0
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=HIGH_WATER)
        self._deadline = self._loop.call_later(self._patience, self._look_at_clock)
        self._browser.connected(self)

    def data_received(self, data: bytes) -> None:
        """Pass bytes on, once the head is through."""
        if self._buffer is None:
            self._browser.write(data)
            return
        self._buffer += data
        written = None
        try:
            while written is None:
                nonsense = RefusedError(502, "unavailable", "the project's answer makes no sense")
                if self._interim > MOST_INTERIM:
                    raise nonsense
                whole = head.take(self._buffer, nonsense)
                if whole is None:
                    return
                written = answer.rewrite(whole, self._asked)
                self._interim += 1
        except RefusedError as refused:
            self._refuse(refused)
            return
        self._browser.write(written + bytes(self._buffer))
        self._buffer = None
        self._stop_waiting()

    def eof_received(self) -> None:
        """The program has said all: TLS knows no half of a connection, so all of it ends."""

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 why does not matter
        """End the browser's side too, once it was sent everything."""
        if self._buffer is None:
            self._browser.finish()
        else:
            self._refuse(RefusedError(502, "unavailable", "the project closed the connection without an answer"))
        self._stop_waiting()

    def _look_at_clock(self) -> None:
        left = self._last_asked + self._patience - self._loop.time()
        if left > 0:  # the request was still arriving
            self._deadline = self._loop.call_later(left, self._look_at_clock)
        else:
            self._refuse(RefusedError(504, "timed_out", "the project does not answer"))

    def _refuse(self, refused: RefusedError) -> None:
        self._stop_waiting()
        self._browser.refuse(refused)
        if self._transport is not None:
            self._transport.abort()

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def pause_writing(self) -> None:
        """The program is slow."""
        self._browser.pause_reading()

    def resume_writing(self) -> None:
        """The program has caught up."""
        self._browser.resume_reading()

    def write(self, data: bytes) -> None:
        """Send to the program."""
        if self._transport is not None:
            self._transport.write(data)
            self._last_asked = self._loop.time()

    def write_eof(self) -> None:
        """Say that nothing more comes."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write_eof()

    def pause_reading(self) -> None:
        """The browser is slow."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """The browser has caught up."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        """End the connection, since the browser is gone, once the program has taken what was sent."""
        self._stop_waiting()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()
            self._deadline = self._loop.call_later(FLUSH_TIMEOUT, self._transport.abort)


def _check_caller(peer: Peer) -> None:
    if peer.service != CALLER:
        raise IdentityError(f"{peer} is not served here")
