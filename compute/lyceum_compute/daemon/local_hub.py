"""The way to a project's local hub. What answers there is a stranger's program: everything is bounded and checked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from lyceum_compute.protocol.client import Connection, UnixAddress
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.framing import decode_as
from lyceum_compute.protocol.messages import FAULT_STATUS, PROJECT_OPERATIONS, Exec

if TYPE_CHECKING:
    from pathlib import Path

    import msgspec

#: Starting Python in a project that has used up its CPU quota takes this long at worst.
CONNECT_TIMEOUT = 10.0
OPERATION_TIMEOUT = 60.0
#: Operations on whole trees, which may be large.
TREE_TIMEOUT = 600.0
TREES = frozenset({"copy_path", "rename_path", "delete_path", "empty_trash", "unpack_archive"})
EXEC_LONGEST = 600.0
EXEC_GRACE = 20.0
CALLS_AT_ONCE = 32
#: Answers of megabytes that are taken in at once: 32 of 16 MiB would be half a gigabyte of the daemon's.
LARGE_AT_ONCE = 2
LONGEST_MESSAGE = 2000


class LocalHub:
    """One project's local hub, called over its socket: one connection carries one call."""

    def __init__(self, socket: Path) -> None:
        self._address = UnixAddress(str(socket))
        self._turns = asyncio.Semaphore(CALLS_AT_ONCE)
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)

    async def call(self, operation: str, raw: msgspec.Raw) -> Any:
        """Return the result of an operation of ``PROJECT_OPERATIONS``. Raises ``FaultError``."""
        kind, result_kind = PROJECT_OPERATIONS[operation]
        arguments = decode_as(raw, kind, f"the arguments of {operation}")
        timeout = _timeout(operation, arguments)
        if self._turns.locked():
            raise FaultError("too_many", f"the project has {CALLS_AT_ONCE} calls under way already")
        async with self._turns:
            return await self._call(operation, arguments, result_kind, timeout)

    async def _call(self, operation: str, arguments: Any, result_kind: Any, timeout: float) -> Any:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                reader, writer = await self._address.open()
        except OSError as error:  # TimeoutError is one
            raise FaultError("not_running", "the project is not running") from error
        connection = Connection(self._address, reader, writer, turns=self._large)
        reading = asyncio.create_task(connection.run())
        try:
            return await connection.request(operation, arguments, result_kind, timeout=timeout)
        except FaultError as error:
            raise own(error) from error
        finally:
            reading.cancel()
            await asyncio.wait([reading])


def _timeout(operation: str, arguments: Any) -> float:
    if not isinstance(arguments, Exec):
        return TREE_TIMEOUT if operation in TREES else OPERATION_TIMEOUT
    if not 0 < arguments.timeout <= EXEC_LONGEST:
        raise FaultError("invalid", f"timeout: more than 0 and at most {EXEC_LONGEST:g} seconds")
    return arguments.timeout + EXEC_GRACE


def own(error: FaultError) -> FaultError:
    """Return a fault that may be passed on: with a known code and a short message."""
    if error.code == "unavailable":
        return FaultError("unavailable", "the project did not answer; it may have just ended, or be out of memory")
    if error.code == "timed_out":
        return FaultError("timed_out", "the project did not answer in time")
    code = error.code if error.code in FAULT_STATUS else "internal"
    return FaultError(code, error.message[:LONGEST_MESSAGE])
