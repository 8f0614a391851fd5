"""A shell in a pseudo-terminal, and those who look at it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import termios
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from lyceum_compute.local_hub.commands import prefer_as_victim

from . import messages
from .history import History
from .messages import Session, Size
from .modes import is_answer
from .viewer import EXITED, NOT_TAKEN, RESTARTING, Ending, Viewer

#: Bytes read in one go, after which the terminal pauses a moment: a program that prints without end costs little.
BURST = 64 * 1024
PAUSE = 0.005
#: Bytes typed that a program has not yet taken.
MAX_TYPED = 1024 * 1024
#: Bytes written before the shell ended that may still be in the pseudo-terminal.
MAX_REST = 256 * 1024
#: How often, with how many seconds between, a shell is told to end before it is killed.
HANG_UP_TRIES = 10
HANG_UP_PAUSE = 0.3

_IUTF8 = 0o40000
_INTERRUPTS = (b"\x03", b"\x1a", b"\x1c")


class Terminal:
    """One terminal. It lives until its shell ends, whoever looks at it or not."""

    def __init__(self, name: str, size: Size, on_end: Callable[[Terminal], None]) -> None:
        """Start the shell. Raises ``OSError`` if the project has no pseudo-terminal or process left."""
        self.name = name
        self.created = datetime.now(UTC)
        self.size = size.within_bounds()
        self.viewers: list[Viewer] = []
        self.history = History()
        self._loop = asyncio.get_running_loop()
        self._on_end = on_end
        self._typed = bytearray()
        self._reading = False
        self._resting: asyncio.TimerHandle | None = None
        self._closed = False
        self._master, slave = os.openpty()
        try:
            self._process = _start_shell(name, self._master, slave, self.size)
        except BaseException:
            os.close(self._master)
            raise
        finally:
            os.close(slave)
        os.set_blocking(self._master, False)
        self._ended = os.pidfd_open(self._process.pid)
        self._loop.add_reader(self._ended, self._end)
        self._update_reading()

    # Viewers

    def attach(self, viewer: Viewer) -> None:
        """Let a viewer see the terminal: its scrollback first."""
        self.viewers.append(viewer)
        before = self.size
        self.fit()
        past = self.history.replay()
        viewer.message(messages.hello(self.name, self.size, len(past)))
        if past:
            viewer.output(past, self._loop.time())
        if self.size == before and self.history.was_cut and self.history.alternate_screen:
            self._ask_to_redraw()
        self._update_reading()

    def detach(self, viewer: Viewer) -> None:
        """Let a viewer go."""
        if viewer in self.viewers:
            self.viewers.remove(viewer)
            self.fit()
            self._update_reading()

    def fit(self) -> None:
        """Make the terminal as large as fits all its viewers."""
        if not self.viewers or self._closed:
            return
        size = Size(
            min(viewer.size.rows for viewer in self.viewers), min(viewer.size.columns for viewer in self.viewers)
        ).within_bounds()
        if size != self.size:
            self.size = size
            termios.tcsetwinsize(self._master, (size.rows, size.columns))
            for viewer in self.viewers:
                viewer.message(messages.size_changed(size))

    def acknowledge(self, viewer: Viewer, count: int) -> None:
        """Take note of what a viewer has processed. Raises ``NonsenseError``."""
        viewer.flow.acknowledge(count, self._loop.time())
        self._update_reading()

    def check(self) -> None:
        """Give up viewers who are stuck."""
        now = self._loop.time()
        for viewer in list(self.viewers):
            viewer.check(now)

    def describe(self) -> Session:
        """Return the terminal's entry in the listing."""
        return Session(
            session=self.name,
            created=self.created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            rows=self.size.rows,
            columns=self.size.columns,
            viewers=len(self.viewers),
            command=self._foreground(),
        )

    def _foreground(self) -> str:
        try:
            with open(f"/proc/{os.tcgetpgrp(self._master)}/comm", encoding="utf-8", errors="replace") as name:  # noqa: PTH123 no pathlib
                return name.read(64).strip()
        except OSError:
            return ""

    def _ask_to_redraw(self) -> None:
        """Make a full-screen program, part of whose drawing is lost, draw anew: its size changes for a moment."""
        for rows in (max(1, self.size.rows - 1), self.size.rows):
            termios.tcsetwinsize(self._master, (rows, self.size.columns))

    # What is typed

    def type(self, viewer: Viewer, data: bytes) -> None:
        """Take what a viewer types. One who types without end at a program that takes nothing is disconnected."""
        if self._closed or (is_answer(data) and viewer is not self.viewers[0]):
            return  # of several emulators that answer a program's question, the first is enough
        if data in _INTERRUPTS:
            self._typed.clear()
        if len(self._typed) + len(data) > MAX_TYPED:
            viewer.abandon(NOT_TAKEN)
            return
        self._typed += data
        self._write()

    def _write(self) -> None:
        try:
            while self._typed:
                del self._typed[: os.write(self._master, self._typed)]
        except BlockingIOError:
            self._loop.add_writer(self._master, self._write)
            return
        except OSError:
            self._typed.clear()  # nobody is there to take it
        self._loop.remove_writer(self._master)

    # What is printed

    def _update_reading(self) -> None:
        """Read from the terminal while some viewer has room, or none is there."""
        wanted = (
            not self._closed
            and self._resting is None
            and (not self.viewers or any(viewer.flow.has_room for viewer in self.viewers))
        )
        if wanted and not self._reading:
            self._loop.add_reader(self._master, self._read)
        elif self._reading and not wanted:
            self._loop.remove_reader(self._master)
        self._reading = wanted

    def _read(self) -> None:
        length = self._take(BURST)
        if length is None or length >= BURST // 2:
            # None: no process has the terminal open just now; look again later
            self._resting = self._loop.call_later(PAUSE if length else 0.2, self._rested)
        self._update_reading()

    def _rested(self) -> None:
        self._resting = None
        self._update_reading()

    def _take(self, limit: int) -> int | None:
        """Pass on at most ``limit`` bytes of output; return how many, None if there can be none."""
        parts: list[bytes] = []
        length = 0
        with suppress(BlockingIOError):
            while length < limit:
                try:
                    part = os.read(self._master, BURST)
                except BlockingIOError:
                    raise
                except OSError:
                    part = b""
                if not part:
                    if not parts:
                        return None
                    break
                parts.append(part)
                length += len(part)
        if parts:
            self._show(b"".join(parts))
        return length

    def _show(self, output: bytes) -> None:
        self.history.append(output)
        now = self._loop.time()
        for viewer in list(self.viewers):
            viewer.output(output, now)

    # The end

    def hang_up(self, tries: int = HANG_UP_TRIES) -> None:
        """End the shell as if the line had been cut; its process group is killed if that is not enough.

        The signal is sent several times: a shell that was just about to wait for input sleeps through the first.
        """
        if self._closed:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGHUP if tries else signal.SIGKILL)
            os.killpg(self._process.pid, signal.SIGCONT)
        if tries:
            self._loop.call_later(HANG_UP_PAUSE, self.hang_up, tries - 1)

    def _end(self) -> None:
        """The shell has ended: show its last words, then let the viewers go."""
        status = self._process.wait()
        self._take(MAX_REST)
        code = status if status >= 0 else 128 - status
        for viewer in self.viewers:
            viewer.message(messages.exited(code))
        self._close(EXITED)
        self._on_end(self)

    def stop(self) -> None:
        """Let go of the terminal because the console server ends: the kernel hangs it up."""
        if not self._closed:
            self._close(RESTARTING)
            self._process.returncode = 0  # nobody waits for it any more: the project's init does

    def _close(self, ending: Ending) -> None:
        self._closed = True
        if self._resting is not None:
            self._resting.cancel()
        self._update_reading()
        self._loop.remove_writer(self._master)
        self._loop.remove_reader(self._ended)
        os.close(self._ended)
        os.close(self._master)
        for viewer in self.viewers:
            viewer.finish(ending)


def _start_shell(name: str, master: int, slave: int, size: Size) -> subprocess.Popen[bytes]:
    """Start a login shell whose controlling terminal is ``slave``."""
    termios.tcsetwinsize(master, (size.rows, size.columns))
    attributes = termios.tcgetattr(slave)
    attributes[0] |= _IUTF8
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LYCEUM_TERMINAL": name}
    process = subprocess.Popen(
        ["/usr/bin/setsid", "--ctty", "--", "/bin/bash", "--login"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=os.environ.get("HOME", "/"),
        env=environment,
    )
    prefer_as_victim(process.pid)
    return process
