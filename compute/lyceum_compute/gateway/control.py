"""The socket over which the compute daemon says whose connections are to end or to come: lines of JSON both ways."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
from contextlib import suppress
from pathlib import Path

import msgspec

from lyceum_compute.protocol.messages import AdmitConnection, DropConnections

from .links import Links
from .tickets import Tickets

log = logging.getLogger(__name__)

MAX_LINE = 4096
TIMEOUT = 10.0


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of ``{"drop": {"project_id", "account_id" or null}}``, ``{"activity": true}`` and
    ``{"admit": {"project_id", "ticket", "holders"}}``.
    """

    drop: DropConnections | None = None
    admit: AdmitConnection | None = None
    activity: bool = False


_decoder = msgspec.json.Decoder(Order)


def obey(links: Links, tickets: Tickets, line: bytes) -> bytes:
    """Do what a line says; return the answer."""
    try:
        order = _decoder.decode(line)
    except (ValueError, RecursionError) as error:
        return _line({"error": {"code": "invalid", "message": str(error)[:200]}})
    if order.activity:
        return _line({"activity": links.activity()})
    if order.admit is not None:
        tickets.admit(order.admit)
        return _line({"admitted": True})
    if order.drop is None:
        return _line({"error": {"code": "invalid", "message": "the line says nothing to be done"}})
    count = links.drop(order.drop.project_id, order.drop.account_id, order.drop.credential)
    log.info("ended %d connections to %s", count, order.drop.project_id, extra={"action": "drop"})
    return _line({"dropped": count})


def _line(message: object) -> bytes:
    return msgspec.json.encode(message) + b"\n"


class Control:
    """The control socket; only root is listened to."""

    def __init__(self, links: Links, tickets: Tickets, path: str, *, root: int = 0) -> None:
        self._links = links
        self._tickets = tickets
        self._path = Path(path)
        self._root = root
        self._server: asyncio.Server | None = None

    async def listen(self) -> None:
        """Listen; what an earlier gateway left there is replaced."""
        self._server = await asyncio.start_unix_server(self._serve, sock=_bound(self._path), limit=MAX_LINE)

    def step_aside(self) -> None:
        """Leave the name to the next gateway; the daemon finds this one beside it, for the connections that go on."""
        self._path = self._path.rename(f"{self._path}.{os.getpid()}")

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._uid(writer) != self._root:
                log.warning("refused a caller on the control socket", extra={"action": "refused"})
                return
            async with asyncio.timeout(TIMEOUT):
                while line := await reader.readline():
                    writer.write(obey(self._links, self._tickets, line))
                    await writer.drain()
        except (OSError, ValueError):  # gone, too slow, or a line too long
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    @staticmethod
    def _uid(writer: asyncio.StreamWriter) -> int:
        sock: socket.socket = writer.get_extra_info("socket")
        credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", credentials)[1])


def _bound(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.bind(str(path))
    path.chmod(0o600)
    return sock
