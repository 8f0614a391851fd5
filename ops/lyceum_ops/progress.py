"""What a person sees of long work: the names of steps and how long each took. Everything else goes to the log."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

log = logging.getLogger("lyceum")


@dataclass
class Step:
    """One piece of work with a name. What it finds worth telling goes into `note`."""

    name: str
    note: str = ""
    seconds: float = 0.0


@dataclass
class Progress:
    """Prints steps as they begin and end; safe to use from several threads."""

    verbose: bool = False
    steps: list[Step] = field(default_factory=list)
    log_file: Path | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _began: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        """Print a line, and log it."""
        log.info(text)
        with self._lock:
            print(text, flush=True)

    def line(self, text: str) -> None:
        """Print a line with the time since the command began."""
        self.say(f"[{time.monotonic() - self._began:6.1f} s] {text}")

    def detail(self, text: str) -> None:
        """Log a line; print it only for `--verbose`."""
        log.debug(text)
        if self.verbose:
            with self._lock:
                print(f"             {text}", flush=True)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Do a step: its name is printed when it begins, its time when it ends."""
        step = Step(name)
        began = time.monotonic()
        self.line(f"{name} ...")
        try:
            yield step
        except BaseException:
            self.line(f"{name}: failed after {time.monotonic() - began:.1f} s")
            raise
        step.seconds = time.monotonic() - began
        self.steps.append(step)
        note = f": {step.note}" if step.note else ""
        self.line(f"{name}{note} ({step.seconds:.1f} s)")


def start_log(folder: Path, command: str) -> Path:
    """Send everything that is logged to a new file in `folder`, and remove all but the latest two hundred."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in sorted(folder.glob("*.log"))[:-199]:
        old.unlink(missing_ok=True)
    path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{command}.log"
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(threadName)s %(name)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    log.debug("arguments: %r, Python %s", sys.argv, sys.version)
    return path
