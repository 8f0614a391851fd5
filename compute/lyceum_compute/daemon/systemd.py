"""The host's service manager, over D-Bus: units are started, stopped, limited and watched without a process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dbus_fast import BusType, DBusError, Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.unpack import unpack_variants

log = logging.getLogger(__name__)

_SERVICE = "org.freedesktop.systemd1"
_PATH = "/org/freedesktop/systemd1"
_MANAGER = "org.freedesktop.systemd1.Manager"
_UNIT = "org.freedesktop.systemd1.Unit"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_CALL_TIMEOUT = 30


class UnitError(Exception):
    """A unit could not be started, stopped or changed."""


@dataclass(frozen=True)
class UnitState:
    """What the service manager says of a unit."""

    name: str
    active: str
    """``active``, ``activating``, ``deactivating``, ``inactive`` or ``failed``."""


def escape(unit: str) -> str:
    """Return the last part of a unit's D-Bus path."""
    return "".join(c if c.isascii() and c.isalnum() else f"_{ord(c):02x}" for c in unit)


class Systemd:
    """A connection to the service manager.

    ``on_change`` is called with the escaped name (``escape``) of a unit whose properties changed, if it starts with
    ``prefix``.
    """

    def __init__(self, prefix: str, on_change: Callable[[str], None]) -> None:
        self._prefix = f"{_PATH}/unit/{escape(prefix)}"
        self._on_change = on_change
        self._bus = MessageBus(bus_type=BusType.SYSTEM)
        self._jobs: dict[str, asyncio.Future[str]] = {}
        self._asking = 0
        self._early: dict[str, str] = {}

    async def connect(self) -> None:
        """Connect and ask for the signals. Raises ``UnitError``."""
        try:
            await self._bus.connect()
        except (OSError, DBusError, EOFError) as error:
            raise UnitError(f"the system bus cannot be reached: {error}") from error
        self._bus.add_message_handler(self._take)
        rules = (
            f"type='signal',sender='{_SERVICE}',interface='{_MANAGER}',member='JobRemoved'",
            f"type='signal',sender='{_SERVICE}',interface='{_PROPERTIES}',member='PropertiesChanged',"
            f"path_namespace='{_PATH}/unit',arg0='{_UNIT}'",
        )
        for rule in rules:
            await self._call("AddMatch", "s", [rule], bus=True)
        await self._call("Subscribe")

    async def disconnected(self) -> None:
        """Wait until the connection is lost."""
        await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """End the connection."""
        self._bus.disconnect()

    async def start(self, *units: str, timeout: float) -> None:
        """Start units and wait until all are up. Raises ``UnitError``."""
        await self._jobs_done("StartUnit", units, timeout)

    async def start_alone(self, *units: str, timeout: float) -> None:
        """Start units without those that they need: one that needs another to be up is stopped again if it is not."""
        await self._jobs_done("StartUnit", units, timeout, mode="ignore-dependencies")

    async def stop(self, *units: str, timeout: float) -> None:
        """Stop units and wait until all are down. Raises ``UnitError``."""
        await self._jobs_done("StopUnit", units, timeout)

    async def set_properties(self, unit: str, properties: dict[str, Variant]) -> None:
        """Set properties of a unit, at once and until the next boot. Raises ``UnitError``."""
        await self._call("SetUnitProperties", "sba(sv)", [unit, True, [[k, v] for k, v in properties.items()]])

    async def revert(self, unit: str) -> None:
        """Forget the properties that were set. Raises ``UnitError``."""
        await self._call("RevertUnitFiles", "as", [[unit]])

    async def reset_failed(self, unit: str) -> None:
        """Forget that a unit failed."""
        try:
            await self._call("ResetFailedUnit", "s", [unit])
        except UnitError:
            log.debug("%s was not loaded", unit)

    async def property(self, unit: str, interface: str, name: str) -> Any:
        """Return a property of a unit. ``interface``: ``Unit``, ``Service``, ``Slice``. Raises ``UnitError``."""
        message = Message(
            destination=_SERVICE,
            path=f"{_PATH}/unit/{escape(unit)}",
            interface=_PROPERTIES,
            member="Get",
            signature="ss",
            body=[f"{_SERVICE}.{interface}", name],
        )
        return (await self._send(message))[0]

    async def active(self, unit: str) -> str:
        """Return whether a unit is ``active``, ``activating``, ``deactivating``, ``inactive`` or ``failed``."""
        return str(await self.property(unit, "Unit", "ActiveState"))

    async def units(self, *patterns: str) -> list[UnitState]:
        """Return the loaded units whose names match one of the shell patterns."""
        (found,) = await self._call("ListUnitsByPatterns", "asas", [[], list(patterns)])
        return [UnitState(entry[0], entry[3]) for entry in found]

    async def _jobs_done(self, method: str, units: tuple[str, ...], timeout: float, mode: str = "replace") -> None:
        """Queue a job for each unit and wait for all."""
        try:
            async with asyncio.timeout(timeout):
                results = await asyncio.gather(*(self._job(method, unit, mode) for unit in units))
        except TimeoutError as error:
            raise UnitError(f"{method} of {', '.join(units)} took longer than {timeout:g} s") from error
        for unit, result in zip(units, results, strict=True):
            if result not in {"done", "skipped"}:
                raise UnitError(f"{method} of {unit} ended with {result!r}")

    async def _job(self, method: str, unit: str, mode: str) -> str:
        """Queue a job and return its result. Its end may be signalled before the answer that names it is looked at."""
        self._asking += 1
        try:
            (path,) = await self._call(method, "ss", [unit, mode])
            if path in self._early:
                return self._early.pop(path)
            done = self._jobs.setdefault(path, asyncio.get_running_loop().create_future())
        finally:
            self._asking -= 1
            if self._asking == 0:
                self._early.clear()
        try:
            return await asyncio.shield(done)
        finally:
            self._jobs.pop(path, None)

    async def _call(
        self, member: str, signature: str = "", body: list[Any] | None = None, *, bus: bool = False
    ) -> list[Any]:
        message = Message(
            destination="org.freedesktop.DBus" if bus else _SERVICE,
            path="/org/freedesktop/DBus" if bus else _PATH,
            interface="org.freedesktop.DBus" if bus else _MANAGER,
            member=member,
            signature=signature,
            body=body or [],
        )
        return await self._send(message)

    async def _send(self, message: Message) -> list[Any]:
        try:
            async with asyncio.timeout(_CALL_TIMEOUT):
                answer = await self._bus.call(message)
        except (TimeoutError, OSError, EOFError) as error:
            raise UnitError(f"{message.member}: the service manager does not answer") from error
        if answer is None or answer.message_type is MessageType.ERROR:
            why = answer.body[0] if answer is not None and answer.body else "no answer"
            raise UnitError(f"{message.member}: {why}")
        return list(unpack_variants(answer.body))

    def _take(self, message: Message) -> None:
        """Look at a signal."""
        if message.message_type is not MessageType.SIGNAL:
            return
        if message.member == "JobRemoved" and message.interface == _MANAGER:
            _, path, _, result = message.body
            waiting = self._jobs.get(path)
            if waiting is not None and not waiting.done():
                waiting.set_result(result)
            elif waiting is None and self._asking:
                self._early[path] = result
        elif message.member == "PropertiesChanged" and (message.path or "").startswith(self._prefix):
            self._on_change(str(message.path).rpartition("/")[2])
