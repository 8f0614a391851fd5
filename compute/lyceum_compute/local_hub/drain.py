"""Reading, and dropping, what background programs go on writing after their command was answered.

Were their pipes closed, they would be ended by the next write.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import threading
from contextlib import suppress

CHUNK = 65536
#: Seconds between two rounds, so that a program that writes without end costs little.
PAUSE = 0.005


class Drain:
    """Empties pipes in a thread of its own, started with the first of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._selector: selectors.BaseSelector | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self, descriptor: int) -> None:
        """Empty the non-blocking pipe from now on, and close it when all its writers are gone."""
        with self._lock:
            if self._selector is None:
                self._selector = selectors.EpollSelector()
                self._thread = threading.Thread(target=self._run, args=(self._selector,), daemon=True)
                self._selector.register(descriptor, selectors.EVENT_READ)
                self._thread.start()
            else:
                self._selector.register(descriptor, selectors.EVENT_READ)

    @property
    def open(self) -> int:
        """How many pipes are being emptied."""
        with self._lock:
            return len(self._selector.get_map()) if self._selector is not None else 0

    def _run(self, selector: selectors.BaseSelector) -> None:
        while not self._stop.is_set():
            for key, _ in selector.select(0.5):
                self._empty(selector, key.fd)
            self._stop.wait(PAUSE)

    def _empty(self, selector: selectors.BaseSelector, descriptor: int) -> None:
        try:
            more = os.read(descriptor, CHUNK)
        except BlockingIOError:
            return
        if not more:
            with self._lock:
                selector.unregister(descriptor)
            os.close(descriptor)

    def hand_over(self) -> None:
        """Leave the pipes that are still open to small programs that outlive this one."""
        if self._thread is None or self._selector is None:
            return
        self._stop.set()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            os.set_blocking(key.fd, True)
            with suppress(OSError):
                subprocess.Popen(
                    ["/bin/cat"],
                    stdin=key.fd,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                ).returncode = 0  # nobody waits for it: the project's init does
            os.close(key.fd)
        self._selector.close()
