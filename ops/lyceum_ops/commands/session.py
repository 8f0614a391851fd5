"""Around every command: the log file, progress, and where to look when it failed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from lyceum_ops import checkout
from lyceum_ops.progress import Progress, start_log


@contextmanager
def session(command: str, *, verbose: bool = False) -> Iterator[Progress]:
    """Begin a command: what it does is logged from here on."""
    os.umask(0o022)
    yield Progress(verbose=verbose, log_file=start_log(checkout.LOGS, command))
