"""Services whose restart ends no connection.

The process that the service manager knows only keeps another, which does the work. Told to end (or killed), it lets go
of that one: the worker listens no more, serves the connections that it has until they end, and then ends too. What the
service manager starts next listens in its place, with new code and settings. The unit needs ``KillMode=process``, as
Debian's ssh.service has it, and ``NotifyAccess=all``.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
from collections.abc import Callable

_HEARD = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
#: Seconds in which a worker that was let go of listens no more.
PATIENCE = 5.0


class Handover:
    """A worker's end of the two pipes to its keeper."""

    def __init__(self, lifeline: int, listening: int) -> None:
        self._lifeline = lifeline
        self._listening = listening

    async def wait(self) -> None:
        """Return when the keeper lets go, or is gone."""
        loop = asyncio.get_running_loop()
        gone = asyncio.Event()
        loop.add_reader(self._lifeline, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(self._lifeline)

    def listens_no_more(self) -> None:
        """Let the next one listen."""
        os.close(self._listening)


def keep(work: Callable[[Handover], int]) -> int:
    """Run ``work`` in a process of its own; return its exit code, or 0 when told to end (it goes on, then).

    SIGHUP is passed on. To be called before there are threads or an event loop.
    """
    lifeline, held = os.pipe()
    listening, kept = os.pipe()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
    worker = os.fork()
    if worker == 0:
        os.close(held)
        os.close(listening)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return work(Handover(lifeline, kept))
    os.close(lifeline)
    os.close(kept)
    while True:
        heard = signal.sigwait(_HEARD)
        if heard == signal.SIGHUP:
            os.kill(worker, signal.SIGHUP)
        elif heard != signal.SIGCHLD:
            os.close(held)
            select.select([listening], [], [], PATIENCE)
            return 0
        elif os.waitpid(worker, os.WNOHANG) != (0, 0):
            return 1  # a worker ends by itself only if something is wrong; the service manager starts anew
