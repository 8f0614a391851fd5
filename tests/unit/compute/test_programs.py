from __future__ import annotations

import asyncio

import pytest
from lyceum_compute import programs

pytestmark = pytest.mark.process("sh")


async def test_output_and_exit_code() -> None:
    completed = await programs.run("sh", "-c", "cat; echo oops >&2; exit 3", timeout=10, stdin=b"in")
    assert (completed.returncode, completed.stdout, completed.complaint) == (3, b"in", "oops")


async def test_the_environment_is_explicit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "x")
    completed = await programs.run("sh", "-c", "echo $SECRET$ADDED; pwd", timeout=10, environment={"ADDED": "y"})
    assert completed.stdout == b"y\n/\n"


async def test_only_the_last_of_much_output_is_kept() -> None:
    completed = await programs.run("sh", "-c", "yes | head -c 1000000; echo end", timeout=10)
    assert len(completed.stdout) == programs.KEPT
    assert completed.stdout.endswith(b"end\n")


async def test_one_that_takes_too_long_is_ended_with_all_it_started() -> None:
    with pytest.raises(programs.ProgramError, match="longer than"):
        await programs.run("sh", "-c", "sleep 100 & sleep 100", timeout=0.1)


async def test_cancelling_ends_it() -> None:
    task = asyncio.create_task(programs.run("sh", "-c", "sleep 100", timeout=100))
    await asyncio.sleep(0.05)
    task.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_one_that_is_not_there() -> None:
    with pytest.raises(programs.ProgramError, match="cannot be started"):
        await programs.run("lyceum-no-such-program", timeout=1)


async def test_a_failure_can_be_an_error() -> None:
    with pytest.raises(programs.ProgramError, match="oops") as caught:
        await programs.check("sh", "-c", "echo oops >&2; exit 1", timeout=10)
    assert caught.value.completed is not None
