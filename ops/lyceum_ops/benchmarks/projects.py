"""Measures how fast projects start and how little memory they take, beside JupyterHub in the same run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial

import httpx

from lyceum_ops import preflight
from lyceum_ops.benchmarks import figures, instance, jupyterhub
from lyceum_ops.benchmarks.figures import Figure
from lyceum_ops.benchmarks.person import Person
from lyceum_ops.commands import lab as lab_commands
from lyceum_ops.commands import up
from lyceum_ops.errors import die
from lyceum_ops.progress import Progress

PORT = 26443
AT_ONCE = 20
SETTLE = 5.0  # seconds after a start in which what it needed ends again
Round = Callable[[Person], Awaitable[None]]


def run(progress: Progress, *, name: str, port: int, rounds: int, keep: bool, existing: bool) -> list[Figure]:
    """Measure an instance on one machine (made and removed, unless `existing`), and JupyterHub on the same computer."""
    preflight.check_root()
    jupyterhub.install(progress)
    if not existing:
        lab_commands.remove(name)
        up.run(name, single=True, port=port, disk_gigabytes=None, progress=progress)
    try:
        measured = asyncio.run(_measure(progress, name, rounds))
    except (OSError, httpx.HTTPError) as error:
        die(f"The measurement broke off: {error}", hint="What was measured so far is not shown: it would mislead.")
    finally:
        if not (keep or existing):
            lab_commands.remove(name)
    figures.show(measured, peer="JupyterHub")
    figures.write("projects", [figure.as_json() for figure in measured])
    return measured


async def _measure(progress: Progress, name: str, rounds: int) -> list[Figure]:
    async with AsyncExitStack() as stack:
        with progress.step(f"Make {AT_ONCE} projects and users"):
            ours = await stack.enter_async_context(instance.signed_in(name))
            peer = await stack.enter_async_context(jupyterhub.running())
            projects: list[Person] = []
            users: list[Person] = []
            for number in range(AT_ONCE):
                projects.append(await ours.project(f"bench {number}"))
                users.append(await peer.user(f"bench{number}"))
        with progress.step(f"Start until a terminal echoes, {rounds} times each"):
            terminal = await _alternately(projects[0], users[0], _until_terminal, rounds)
        with progress.step(f"Start until a notebook kernel has answered 1+1, {rounds} times each"):
            kernel = await _alternately(projects[0], users[0], _until_kernel, rounds)
        with progress.step(f"{AT_ONCE} at once, until the last terminal echoes"):
            at_once = (await _at_once(projects), await _at_once(users))
        with progress.step(f"Memory of {AT_ONCE} that idle"):
            memory = (await _idle_memory(projects), await _idle_memory(users))
    return [
        Figure("start until a terminal echoes", "s", *terminal, 0.1),
        Figure("start until a kernel answered 1+1", "s", *kernel, 0.5),
        Figure("memory (PSS) of one that idles", "MiB", *memory, 0.1),
        Figure(f"{AT_ONCE} started at once", "s", *at_once, 0.1),
    ]


async def _until_terminal(person: Person) -> None:
    await person.start()
    await person.terminal()


async def _until_kernel(person: Person) -> None:
    await person.start()
    await person.kernel()


async def _alternately(ours: Person, peer: Person, work: Round, rounds: int) -> tuple[list[float], list[float]]:
    """Time the work on both sides in turn, so that a noisy minute falls on both; stopped in between."""
    samples: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for person, times in zip((ours, peer), samples, strict=True):
            times.append(await _timed(partial(work, person)))
            await person.stop()
    return samples


async def _at_once(people: Sequence[Person]) -> list[float]:
    """Start all at the same moment; the time until the last one's terminal echoed."""
    took = await _timed(lambda: asyncio.gather(*(_until_terminal(person) for person in people)))
    await asyncio.gather(*(person.stop() for person in people))
    return [took]


async def _idle_memory(people: Sequence[Person]) -> list[float]:
    """Memory of each, all of them started and left alone."""
    await asyncio.gather(*(person.start() for person in people))
    await asyncio.sleep(SETTLE)
    used = [await asyncio.to_thread(person.memory) for person in people]
    await asyncio.gather(*(person.stop() for person in people))
    return used


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    began = time.monotonic()
    await work()
    return time.monotonic() - began
