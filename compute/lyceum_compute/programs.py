"""The one place from which outside programs are run: argument lists, an explicit environment, time limits.

Nothing goes through a shell. What a program prints is kept up to a limit; secrets are never arguments.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shlex
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

log = logging.getLogger(__name__)

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root"}
KEPT = 64 * 1024


@dataclass(frozen=True)
class Completed:
    """How a program ended, and the last of what it printed."""

    argv: tuple[str, ...]
    returncode: int
    stdout: bytes
    stderr: bytes

    @property
    def complaint(self) -> str:
        """The last line on standard error, for a message."""
        lines = self.stderr.decode(errors="replace").strip().splitlines()
        return lines[-1][:500] if lines else f"exit code {self.returncode}"


class ProgramError(Exception):
    """A program could not be run, took too long, or failed."""

    def __init__(self, argv: Sequence[str], why: str, completed: Completed | None = None) -> None:
        super().__init__(f"{argv[0]}: {why}")
        self.argv = tuple(argv)
        self.why = why
        self.completed = completed


async def run(
    *argv: str,
    timeout: float,
    stdin: bytes | None = None,
    environment: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
) -> Completed:
    """Run a program and return how it ended. Raises ``ProgramError`` if it cannot be started or takes too long.

    It and all that it started are killed when the time is up or the caller is cancelled.
    """
    log.debug("running %s", shlex.join(argv), extra={"action": "run"})
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE if stdin is not None else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**ENVIRONMENT, **(environment or {})},
            cwd="/",
            pass_fds=pass_fds,
            start_new_session=True,
        )
    except OSError as error:
        raise ProgramError(argv, f"cannot be started: {error.strerror}") from error
    try:
        async with asyncio.timeout(timeout):
            stdout, stderr, _ = await asyncio.gather(
                _last(process.stdout), _last(process.stderr), _feed(process, stdin)
            )
            returncode = await process.wait()
    except TimeoutError as error:
        raise ProgramError(argv, f"took longer than {timeout:g} s") from error
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await asyncio.shield(process.wait())
    return Completed(tuple(argv), returncode, stdout, stderr)


async def check(*argv: str, timeout: float, stdin: bytes | None = None) -> Completed:
    """Run a program that must succeed. Raises ``ProgramError`` if it does not."""
    completed = await run(*argv, timeout=timeout, stdin=stdin)
    if completed.returncode != 0:
        raise ProgramError(argv, f"failed: {completed.complaint}", completed)
    return completed


async def _last(stream: asyncio.StreamReader | None) -> bytes:
    """Read a stream to its end, keeping the last of it."""
    kept = b""
    while stream is not None and (data := await stream.read(KEPT)):
        kept = (kept + data)[-KEPT:]
    return kept


async def _feed(process: asyncio.subprocess.Process, stdin: bytes | None) -> None:
    if process.stdin is None or stdin is None:
        return
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(stdin)
        await process.stdin.drain()
    process.stdin.close()
