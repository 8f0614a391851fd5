"""Asking a hub whether a key opens a project, and for the way to the project."""

from __future__ import annotations

import asyncio
import base64
import logging
import random
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

import msgspec
from lyceum_compute.protocol.client import TlsAddress
from lyceum_compute.protocol.identity import Identity, IdentityError

log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 3.0
#: Seconds for a hub to say whether a key fits.
ANSWER_TIMEOUT = 10.0
#: Seconds for a project to be there: it may have to be started, or even brought to its host.
START_TIMEOUT = 330.0
MOST = 64 * 1024


class RefusedError(Exception):
    """A hub, or the project's host, says no; the message is for the person who asked."""


class UnavailableError(RefusedError):
    """No hub, or not the project's host, can be reached."""


class Way(msgspec.Struct, frozen=True):
    """The way to a project: its compute host, and the ticket that its gateway was told to expect."""

    host: str
    ticket: str


class _Error(msgspec.Struct, frozen=True):
    code: str
    message: str


class _Refusal(msgspec.Struct, frozen=True):
    error: _Error


class Hubs:
    """The hub processes of the instance; whichever answers is as good as any other."""

    def __init__(self, addresses: Sequence[tuple[str, int]], identity: Identity) -> None:
        self._addresses = [TlsAddress("hub", host, port, identity) for host, port in addresses]

    async def may_enter(self, project_id: UUID, key: bytes) -> bool:
        """Return whether a public key (in the wire's format) opens a project. Raises ``UnavailableError``."""
        status, _ = await self._ask("/internal/ssh/authorise", _question(project_id, key), ANSWER_TIMEOUT)
        return status == 204

    async def way(self, project_id: UUID, key: bytes) -> Way:
        """Return the way to a project, which is started if it does not run. Raises ``RefusedError``."""
        status, body = await self._ask("/internal/ssh/connect", _question(project_id, key), START_TIMEOUT)
        try:
            if status == 200:
                return msgspec.json.decode(body, type=Way)
            raise RefusedError(msgspec.json.decode(body, type=_Refusal).error.message)
        except msgspec.DecodeError as error:
            raise UnavailableError("The hub's answer makes no sense.") from error

    async def _ask(self, path: str, body: bytes, timeout: float) -> tuple[int, bytes]:
        for address in random.sample(self._addresses, len(self._addresses)):
            try:
                async with asyncio.timeout(timeout):
                    status, answer = await _post(address, path, body)
            except (OSError, IdentityError, ValueError) as error:  # TimeoutError is an OSError
                log.warning("%s cannot be asked: %s", address, error or "too slow", extra={"action": "ask"})
                continue
            return status, answer
        raise UnavailableError("Nothing of the instance answers at the moment. Try again shortly.")


def _question(project_id: UUID, key: bytes) -> bytes:
    return msgspec.json.encode({"project_id": str(project_id), "key": base64.b64encode(key).decode()})


async def _post(address: TlsAddress, path: str, body: bytes) -> tuple[int, bytes]:
    """Return status and body of the answer. Raises ``OSError``, ``IdentityError`` or ``ValueError``."""
    async with asyncio.timeout(CONNECT_TIMEOUT):
        reader, writer = await address.open()
    try:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {address.host}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        writer.write(head.encode() + body)
        answer = await _all(reader)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    first, separator, rest = answer.partition(b"\r\n\r\n")
    version, status, *_ = first.split(b" ", 2)
    if not separator or version != b"HTTP/1.1":
        raise ValueError("the answer makes no sense")
    return int(status), rest


async def _all(reader: asyncio.StreamReader) -> bytes:
    """Read to the end, which is not far off."""
    answer = b""
    while data := await reader.read(MOST):
        answer += data
        if len(answer) > MOST:
            raise ValueError("the answer is too long")
    return answer
