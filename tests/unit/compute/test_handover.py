"""A restart as the service manager does it: the keeper ends, the worker goes on with what it has."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import lyceum_compute
import pytest

pytestmark = pytest.mark.process("python")

#: Says its number once it works; then a word when it was let go of, and another when whoever feeds it stops.
PROGRAM = """
import asyncio, os, signal, sys
from lyceum_compute.handover import keep

async def serve(handover):
    loop, fed = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, print, "reloaded")
    loop.add_reader(0, lambda: os.read(0, 1) or fed.set())
    print(os.getpid(), flush=True)
    await handover.wait()
    print("let go", flush=True)
    handover.listens_no_more()
    await fed.wait()
    print("served", flush=True)

def work(handover):
    asyncio.run(serve(handover))
    return 0

sys.exit(keep(work))
"""


@contextmanager
def kept() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start the program; yield its keeper and the number of its worker."""
    command = [sys.executable, "-u", "-c", PROGRAM]
    where = {**os.environ, "PYTHONPATH": str(Path(lyceum_compute.__file__).parents[1])}
    with subprocess.Popen(command, env=where, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as keeper:  # noqa: S603 our own program
        assert keeper.stdout is not None
        worker = int(keeper.stdout.readline())
        try:
            yield keeper, worker
        finally:
            for process in (keeper.pid, worker):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_worker_that_is_let_go_of_serves_to_the_end(how: signal.Signals) -> None:
    with kept() as (keeper, _):
        assert keeper.stdout is not None
        assert keeper.stdin is not None
        keeper.send_signal(how)
        assert keeper.wait(10) == (0 if how == signal.SIGTERM else -signal.SIGKILL)
        assert keeper.stdout.readline() == "let go\n"
        keeper.stdin.close()
        assert keeper.stdout.read() == "served\n"


def test_a_reload_is_the_workers() -> None:
    with kept() as (keeper, _):
        assert keeper.stdout is not None
        keeper.send_signal(signal.SIGHUP)
        assert keeper.stdout.readline() == "reloaded\n"


def test_a_worker_that_falls_takes_its_keeper_along() -> None:
    with kept() as (keeper, worker):
        os.kill(worker, signal.SIGKILL)
        assert keeper.wait(10) == 1
