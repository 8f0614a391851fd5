"""Telling the service manager that the service is ready and alive (``sd_notify``)."""

from __future__ import annotations

import asyncio
import os
import socket


def notify(state: str) -> None:
    """Send a state such as ``READY=1``; without a service manager nothing happens."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.connect(f"\0{path[1:]}" if path.startswith("@") else path)
        sock.sendall(state.encode())


async def watchdog() -> None:
    """Tell the service manager again and again that the event loop runs, as often as it asked for."""
    interval = int(os.environ.get("WATCHDOG_USEC", "0")) / 3_000_000
    while interval:
        notify("WATCHDOG=1")
        await asyncio.sleep(interval)
