"""The gateway on this host, told and asked over its control socket."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from lyceum_compute.protocol.errors import FaultError

from .layout import check_id

if TYPE_CHECKING:
    from lyceum_compute.protocol.messages import AdmitConnection, DropConnections

TIMEOUT = 5
#: Bytes of the gateway's longest answer.
LONGEST = 1 << 20


class Answer(msgspec.Struct, frozen=True):
    """What the gateway answers, of all that it does."""

    activity: dict[str, float] | None = None


async def drop(path: str, arguments: DropConnections) -> None:
    """End the open connections of an account (or all) to a project, and wait for it. Raises ``FaultError``."""
    check_id(arguments.project_id)
    if b"" in await _ask_all(path, {"drop": arguments}):
        raise FaultError("unavailable", "the gateway did not confirm")


async def activity(path: str) -> dict[str, float]:
    """Return how many seconds ago bytes last went to or from each project, for the last day. Raises ``FaultError``."""
    found: dict[str, float] = {}
    for answer in await _ask_all(path, {"activity": True}):
        try:
            told = msgspec.json.decode(answer, type=Answer).activity or {}
        except msgspec.DecodeError as error:
            raise FaultError("unavailable", "the gateway's answer makes no sense") from error
        found |= {project: min(ago, found.get(project, ago)) for project, ago in told.items()}
    return found


async def admit(path: str, arguments: AdmitConnection) -> None:
    """Let an SSH connection with a ticket in, once. Raises ``FaultError``."""
    check_id(arguments.project_id)
    if not await _ask(path, {"admit": arguments}):
        raise FaultError("unavailable", "the gateway is not there")


async def _ask_all(path: str, order: dict[str, object]) -> list[bytes]:
    """Return the answers of the gateway and of those before it whose connections go on. Raises ``FaultError``."""
    place = Path(path)
    earlier = await asyncio.to_thread(lambda: list(place.parent.glob(f"{place.name}.*")))
    answers = await asyncio.gather(*(_ask(str(one), order) for one in (place, *earlier)))
    return [answer for answer in answers if answer is not None]


async def _ask(path: str, order: dict[str, object]) -> bytes | None:
    """Return the gateway's answer, or None if there is no gateway, and so no connection. Raises ``FaultError``."""
    try:
        async with asyncio.timeout(TIMEOUT):
            reader, writer = await asyncio.open_unix_connection(path, limit=LONGEST)
            try:
                writer.write(msgspec.json.encode(order) + b"\n")
                await writer.drain()
                return await reader.readline()
            finally:
                writer.close()
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except (OSError, ValueError) as error:  # TimeoutError is one; ValueError: a line too long
        raise FaultError("unavailable", "the gateway does not answer") from error
