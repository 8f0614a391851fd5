"""The two SSH connections of a person's visit: to the person's client, and to the project.

What is said on channels (data, windows, terminals, signals, exit codes) is passed on message by message, so that the
client speaks with the OpenSSH server inside the project itself. What is not, is decided here: a client opens sessions
and connections to the project's own ports and nothing else; a project, whose server is a stranger's program, opens
nothing at all.

AsyncSSH does the rest of each connection. Two things that it leaves to channels are done for whole connections here:
whoever does not read is not written to any further, nor is anything read that would have to be kept for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import asyncssh
from asyncssh.connection import SSHClientConnection, SSHConnection, SSHServerConnection
from asyncssh.constants import (
    MSG_CHANNEL_FIRST,
    MSG_CHANNEL_LAST,
    MSG_CHANNEL_OPEN,
    MSG_CHANNEL_OPEN_CONFIRMATION,
    MSG_CHANNEL_OPEN_FAILURE,
    MSG_GLOBAL_REQUEST,
    MSG_IGNORE,
    MSG_REQUEST_FAILURE,
)
from asyncssh.packet import SSHPacket

from . import opening
from .hubs import RefusedError

#: Bytes waiting to be taken by one side at which the other is not read any further.
HIGH_WATER = 256 * 1024
#: Bytes read, but waiting for an answer to what came before, at which no more are read.
MOST_INPUT = 512 * 1024


class _Channels(dict[int, Any]):
    """AsyncSSH's table of channels: whatever the number, the message is passed on."""

    def __init__(self, pass_on: _PassOn) -> None:
        super().__init__()
        self._pass_on = pass_on

    def __missing__(self, number: int) -> _PassOn:
        return self._pass_on


class _PassOn:
    """Stands in for every channel of one side."""

    def __init__(self, side: Side) -> None:
        self._side = side

    def log_received_packet(self, *_: object) -> None:
        """Log nothing: it is the person's business."""

    def process_packet(self, kind: int, _number: int, packet: SSHPacket) -> bool:
        """Pass a message of a channel on."""
        self._side.pass_on(kind, packet)
        return True


class Side(SSHConnection):
    """What both connections share."""

    peer: Side | None = None
    _full = False
    _reading = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        cast(asyncio.Transport, transport).set_write_buffer_limits(high=HIGH_WATER)
        self._channels = _Channels(_PassOn(self))
        super().connection_made(transport)

    # Passing messages on

    def pass_on(self, kind: int, packet: SSHPacket) -> None:
        """Send a message to the other side as it came."""
        if self.peer is None:
            raise asyncssh.ProtocolError("a message for a channel that was never opened")
        self.peer.send_packet(kind, packet.get_full_payload()[1:])
        if self.peer.busy:
            self._set_reading()

    def process_packet(self, kind: int, number: int, packet: SSHPacket) -> bool | Awaitable[None]:
        """Do what a message says that is not for a channel."""
        if kind == MSG_GLOBAL_REQUEST:
            return self._refuse_request(packet)
        if MSG_CHANNEL_OPEN <= kind <= MSG_CHANNEL_OPEN_FAILURE:
            return self.process_opening(kind, packet)
        if MSG_CHANNEL_FIRST <= kind <= MSG_CHANNEL_LAST:
            return False
        return super().process_packet(kind, number, packet)

    def process_opening(self, kind: int, packet: SSHPacket) -> bool | Awaitable[None]:
        """Do what a message says that is about opening a channel."""
        raise NotImplementedError

    def _refuse_request(self, packet: SSHPacket) -> bool:
        """Refuse what is asked of the whole connection: remote forwarding, say. Any answer is a sign of life."""
        packet.get_string()
        if packet.get_boolean():
            self.send_packet(MSG_REQUEST_FAILURE)
        return True

    # Writing and reading no more than is taken

    @property
    def busy(self) -> bool:
        """Whether what it is sent now would have to be kept: it does not read, or keys are being exchanged."""
        return self._full or not self._kex_complete

    def pause_writing(self) -> None:
        """The other end reads too slowly."""
        self._full = True
        self._regulate()

    def resume_writing(self) -> None:
        """The other end has caught up."""
        self._full = False
        self._regulate()

    def _send_deferred_packets(self) -> None:
        super()._send_deferred_packets()  # keys were exchanged
        self._regulate()

    def _recv_data(self) -> None:
        super()._recv_data()
        self._set_reading()

    def _regulate(self) -> None:
        self._set_reading()
        if self.peer is not None:
            self.peer._set_reading()  # noqa: SLF001 the same class

    def _set_reading(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        wanted = not (
            self._full
            or len(self._inpbuf) > MOST_INPUT
            or (self._auth_complete and self.peer is not None and self.peer.busy)
        )
        if wanted != self._reading:
            self._reading = wanted
            (transport.resume_reading if wanted else transport.pause_reading)()

    # Sending less than AsyncSSH would

    def send_packet(self, pkttype: int, *args: bytes, handler: Any = None) -> None:
        """Send a message. Those to be ignored are left out: they guard a mode of ciphers that is not offered."""
        if pkttype != MSG_IGNORE:
            super().send_packet(pkttype, *args, handler=handler)

    def log_sent_packet(self, *_: object, **__: object) -> None:
        """Log nothing."""

    def log_received_packet(self, *_: object, **__: object) -> None:
        """Log nothing."""


class PersonSide(Side, SSHServerConnection):
    """The connection from a person's client. The way to the project is made when the first channel is asked for."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        options: asyncssh.SSHServerConnectionOptions,
        reach: Callable[[PersonSide], Awaitable[Side]],
    ) -> None:
        super().__init__(loop, options)
        self._reach = reach

    def process_opening(self, kind: int, packet: SSHPacket) -> bool | Awaitable[None]:
        """Pass on what may be opened; refuse the rest."""
        if kind != MSG_CHANNEL_OPEN:
            raise asyncssh.ProtocolError("an answer to nothing that was asked")
        asked = opening.read(packet)
        if asked.refusal is not None:
            self.send_packet(MSG_CHANNEL_OPEN_FAILURE, *asked.failure())
        elif self.peer is None:
            return self._open_first(asked, packet)
        else:
            self.pass_on(kind, packet)
        return True

    async def _open_first(self, asked: opening.Opening, packet: SSHPacket) -> None:
        try:
            self.peer = await self._reach(self)
        except RefusedError as error:
            refusal = (asyncssh.OPEN_CONNECT_FAILED, f"Lyceum: {error}")
            self.send_packet(MSG_CHANNEL_OPEN_FAILURE, *asked.failure(refusal))
            return
        if self._transport is None:  # the person is gone meanwhile
            self.peer.abort()
            return
        self.peer.peer = self
        self.pass_on(MSG_CHANNEL_OPEN, packet)


class ProjectSide(Side, SSHClientConnection):
    """The connection to the SSH server in a project."""

    def process_opening(self, kind: int, packet: SSHPacket) -> bool:
        """Pass answers on; refuse what the project would open: a person's agent, display or ports."""
        if kind in {MSG_CHANNEL_OPEN_CONFIRMATION, MSG_CHANNEL_OPEN_FAILURE}:
            self.pass_on(kind, packet)
            return True
        packet.get_string()
        refused = opening.Opening(packet.get_uint32(), None)
        self.send_packet(MSG_CHANNEL_OPEN_FAILURE, *refused.failure())
        return True
