"""What the two ways to other hosts share: lasting connections, and errors in the hub's own terms."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AsyncExitStack
from typing import Any, Self, TypeVar

from lyceum_compute.protocol.client import Client, TlsAddress
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.identity import Identity

from lyceum_hub.errors import HubError, UnavailableError
from lyceum_hub.settings import HostSettings

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Seconds that a connection may be away before people are told that the host cannot be reached.
PATIENCE = 3.0

#: Codes that mean a mistake between services, of which the person who called learns no details.
_INTERNAL = {"internal", "malformed", "unknown_operation"}


class Host:
    """One host of a service, and the connections to it.

    The first connection carries events and short calls; long calls (``work``) have others, so that a hundred commands
    that take their time never stand in the way of a project's start.
    """

    def __init__(
        self,
        service: str,
        settings: HostSettings,
        identity: Identity,
        *,
        event_type: Any = None,
        on_event: Callable[[str, Any], None] | None = None,
        on_connected: Callable[[str, bool], None] | None = None,
        workers: int = 0,
    ) -> None:
        self.name = settings.name
        self.settings = settings
        self._lost: float | None = time.monotonic()
        self._told = on_connected
        address = TlsAddress(service, settings.name, settings.port, identity)
        self._control = Client(
            address,
            event_type=event_type,
            on_event=(lambda event: on_event(settings.name, event)) if on_event else None,
            on_connected=self._on_connected,
        )
        self._workers = [Client(address) for _ in range(workers)]
        self._turn = itertools.cycle(self._workers or [self._control])

    async def enter(self, stack: AsyncExitStack) -> None:
        """Keep the connections until the stack ends."""
        for client in (self._control, *self._workers):
            await stack.enter_async_context(client)

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._control.connected

    @property
    def unreachable(self) -> bool:
        """Whether there has been no connection for longer than a restart takes."""
        return self._lost is not None and time.monotonic() - self._lost > PATIENCE

    async def request(
        self, operation: str, arguments: Any, result_type: type[T], *, timeout: float, work: bool = False
    ) -> T:
        """Return the result of an operation. Raises ``HubError``."""
        client = next(self._turn) if work else self._control
        try:
            return await client.request(operation, arguments, result_type, timeout=timeout)
        except FaultError as error:
            raise self._own(error, operation) from error

    def _own(self, error: FaultError, operation: str) -> HubError:
        if error.code == "unavailable":
            log.info("%s: %s", operation, error, extra={"action": operation, "host": self.name})
            if not self.connected:
                return UnavailableError(f"{self.name} cannot be reached at the moment. Try again shortly.")
            return UnavailableError(error.message)
        if error.code in _INTERNAL:
            log.error(
                "%s failed on %s: %s", operation, self.name, error, extra={"action": operation, "host": self.name}
            )
            return HubError("internal", f"Something went wrong on {self.name}.")
        return HubError(error.code, error.message)

    def _on_connected(self, connected: bool) -> None:
        self._lost = None if connected else time.monotonic()
        if self._told is not None:
            self._told(self.name, connected)


class Hosts:
    """All hosts of one service. ``async with`` keeps the connections."""

    def __init__(self, what: str, hosts: Iterable[Host]) -> None:
        self._what = what
        self._hosts = {host.name: host for host in hosts}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for host in self._hosts.values():
            await host.enter(self._stack)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def __iter__(self) -> Iterator[Host]:
        return iter(self._hosts.values())

    def get(self, name: str) -> Host:
        """Return a host by its name. Raises ``UnavailableError`` for one that the settings do not name."""
        try:
            return self._hosts[name]
        except KeyError:
            raise UnavailableError(f"The {self._what} host {name} is not part of this site's settings.") from None

    def unreachable(self, name: str | None) -> bool:
        """Whether a host has been away for a while, or is none of ours."""
        if name is None:
            return False
        host = self._hosts.get(name)
        return host is None or host.unreachable
