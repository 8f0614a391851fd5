"""The way of SSH gateways: one line with a ticket, one line for an answer, and then bytes to the project's SSH server.

An edge reaches no project by its certificate alone: a hub must have announced the ticket, having been shown a key that
opens the project.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import msgspec

from .links import Links, Traffic
from .refusal import RefusedError
from .tickets import Tickets

log = logging.getLogger(__name__)

#: The service that comes this way.
CALLER = "ssh"
SOCKET = "ssh.sock"
MAX_LINE = 4096
#: Seconds for the line to arrive, and for the project's socket to take the connection.
TIMEOUT = 10.0
#: Seconds that one side has to take the last bytes of the other.
FLUSH_TIMEOUT = 10.0
HIGH_WATER = 64 * 1024


class Knock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``{"project_id": ..., "ticket": ...}``"""

    project_id: str
    ticket: str


@dataclass(frozen=True)
class Visit:
    """Whose connection it is, and to which project (``links.Claim``)."""

    project: str
    holders: frozenset[str]
    credential: str = ""


_decoder = msgspec.json.Decoder(Knock)


class End(asyncio.Protocol):
    """One end of the way: what it receives goes to its peer, no faster than that takes it."""

    def __init__(self) -> None:
        self.peer: End | None = None
        self.transport: asyncio.Transport | None = None
        self.traffic: Traffic | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=HIGH_WATER)

    def data_received(self, data: bytes) -> None:
        """Pass bytes on."""
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.write(data)
            self.moved(len(data))

    def moved(self, count: int) -> None:
        """Note that bytes were passed on: the project is in use."""
        if self.traffic is not None:
            self.traffic.moved(count)

    def eof_received(self) -> None:
        """SSH knows no half of a connection: all of it ends."""

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 why does not matter
        """End the other side too, once it was sent everything."""
        self.wait(None)
        if self.peer is not None:
            self.peer.finish()

    def pause_writing(self) -> None:
        """It reads slowly: read nothing more from its peer."""
        if self.peer is not None and self.peer.transport is not None and not self.peer.transport.is_closing():
            self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        """It has caught up."""
        if self.peer is not None and self.peer.transport is not None and not self.peer.transport.is_closing():
            self.peer.transport.resume_reading()

    def finish(self) -> None:
        """Close the connection once everything was sent, or was not taken in time."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.close()
            self.wait(FLUSH_TIMEOUT)

    def wait(self, seconds: float | None) -> None:
        """End the connection after some time, unless called again."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if seconds is not None and self.transport is not None:
            self._deadline = asyncio.get_running_loop().call_later(seconds, self.transport.abort)


class EdgeEnd(End):
    """The connection from an edge: its ticket is looked at before anything else."""

    def __init__(self, projects: Path, links: Links, tickets: Tickets) -> None:
        super().__init__()
        self._projects = projects
        self._links = links
        self._tickets = tickets
        self._buffer = bytearray()
        self._visit: Visit | None = None
        self._connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the line."""
        super().connection_made(transport)
        self.wait(TIMEOUT)

    def data_received(self, data: bytes) -> None:
        """Read the line; pass on what follows the answer."""
        if self.peer is not None:
            super().data_received(data)
            return
        self._buffer += data
        if self._connecting is not None or len(self._buffer) > MAX_LINE:
            self.refuse("malformed", "one line was to come, and then the answer be waited for")
        elif self._buffer.endswith(b"\n"):
            self._look_at(bytes(self._buffer))

    def _look_at(self, line: bytes) -> None:
        try:
            knock = _decoder.decode(line)
        except (ValueError, RecursionError):
            self.refuse("malformed", "this is not what SSH gateways say")
            return
        holders = self._tickets.redeem(knock.project_id, knock.ticket)
        if holders is None:
            log.warning("a ticket that is not good was shown", extra={"action": "refused"})
            self.refuse("forbidden", "no hub has announced this connection, or it took too long; try again")
            return
        visit = Visit(knock.project_id, holders)
        try:
            self._links.add(self, visit)
        except RefusedError as refused:
            self.refuse(refused.code, refused.message)
            return
        self._visit = visit
        self._connecting = asyncio.get_running_loop().create_task(self._connect(visit))

    async def _connect(self, visit: Visit) -> None:
        path = self._projects / visit.project.replace("-", "") / SOCKET
        try:
            _, project = await asyncio.get_running_loop().create_unix_connection(End, str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            self.refuse("not_running", "the project is not running")
            return
        except OSError as error:
            log.warning("%s cannot be reached: %s", path, error, extra={"action": "connect"})
            self.refuse("unavailable", "the project does not answer")
            return
        self._join(project, visit)

    def _join(self, project: End, visit: Visit) -> None:
        if self.transport is None or self.transport.is_closing():
            project.finish()
            return
        self.wait(None)
        self.transport.write(b"{}\n")
        self.peer, project.peer = project, self
        self.traffic = project.traffic = self._links.traffic(visit.project)

    def refuse(self, code: str, message: str) -> None:
        """Say why not, and close."""
        if self.transport is not None:
            self.transport.write(msgspec.json.encode({"error": {"code": code, "message": message}}) + b"\n")
        self.finish()

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection, and end the project's side."""
        super().connection_lost(error)
        if self._connecting is not None:
            self._connecting.cancel()
        if self._visit is not None:
            self._links.remove(self, self._visit)

    def end(self) -> None:
        """End both sides now (``links.Link``)."""
        if self.transport is not None:
            self.transport.abort()
