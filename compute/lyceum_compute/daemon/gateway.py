"""The gateway on this host, told over its control socket."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from lyceum_compute.protocol.errors import FaultError

from .layout import check_id

if TYPE_CHECKING:
    from lyceum_compute.protocol.messages import DropConnections

TIMEOUT = 5


async def drop(path: str, arguments: DropConnections) -> None:
    """End the open connections of an account (or all) to a project, and wait for it. Raises ``FaultError``."""
    check_id(arguments.project_id)
    line = msgspec.json.encode({"drop": arguments}) + b"\n"
    try:
        async with asyncio.timeout(TIMEOUT):
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                writer.write(line)
                await writer.drain()
                answer = await reader.readline()
            finally:
                writer.close()
    except (FileNotFoundError, ConnectionRefusedError):
        return  # no gateway, no connections
    except OSError as error:  # TimeoutError is one
        raise FaultError("unavailable", "the gateway does not answer") from error
    if not answer:
        raise FaultError("unavailable", "the gateway did not confirm")
