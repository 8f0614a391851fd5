"""Measures how fast projects start and how little memory they take, beside JupyterHub in the same run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial

import httpx
import msgspec

from lyceum_ops import preflight
from lyceum_ops.benchmarks import figures, instance, jupyterhub, throughput
from lyceum_ops.benchmarks.figures import Figure
from lyceum_ops.benchmarks.instance import Project
from lyceum_ops.benchmarks.person import Person
from lyceum_ops.commands import lab as lab_commands
from lyceum_ops.commands import up
from lyceum_ops.errors import die
from lyceum_ops.progress import Progress

PORT = 26443
AT_ONCE = 20
SETTLE = 5.0  # seconds after a start in which what it needed ends again
Round = Callable[[Person], Awaitable[None]]
Both = tuple[list["Sample"], list["Sample"]]


def run(progress: Progress, *, name: str, port: int, rounds: int, keep: bool, existing: bool) -> None:
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
    beside, ways = measured
    figures.show(beside, peer="JupyterHub")
    figures.show(ways, ours="HAProxy to gateway", peer="direct")
    figures.write("projects", [figure.as_json() for figure in (*beside, *ways)])
    figures.demand([figure.name for figure in beside if not figure.met])


class Sample(msgspec.Struct, frozen=True):
    """One start: seconds until what was waited for was there, and MiB of memory at that moment."""

    seconds: float
    memory: float


async def _measure(progress: Progress, name: str, rounds: int) -> tuple[list[Figure], list[Figure]]:
    """Return figures beside JupyterHub, and those of two ways to a project's program."""
    crowds = max(1, rounds // 3)
    async with AsyncExitStack() as stack:
        with progress.step(f"Make {AT_ONCE} projects and users"):
            ours = await stack.enter_async_context(instance.signed_in(name))
            peer = await stack.enter_async_context(jupyterhub.running())
            projects: list[Project] = [await ours.project(f"bench {number}") for number in range(AT_ONCE)]
            users: list[Person] = [await peer.user(f"bench{number}") for number in range(AT_ONCE)]
        with progress.step(f"Start until a terminal echoes, {rounds} times each"):
            terminal = await _alternately(projects[0], users[0], _until_terminal, rounds)
        with progress.step(f"Start until a notebook kernel has answered 1+1, {rounds} times each"):
            kernel = await _alternately(projects[0], users[0], _until_kernel, rounds)
        with progress.step(f"{AT_ONCE} at once, until the last terminal echoes, {crowds} times each"):
            at_once = await _at_once(projects, users, crowds)
        with progress.step(f"Memory of {AT_ONCE} that idle"):
            memory = (await _idle_memory(projects), await _idle_memory(users))
        with progress.step("Throughput of the way to a project's program"):
            await projects[0].start()
            ways = await throughput.measure(projects[0])
            await projects[0].stop()
    return [
        Figure("start until a terminal echoes", "s", *_seconds(terminal), 0.1),
        Figure("start until a kernel answered 1+1", "s", *_seconds(kernel), 0.5),
        Figure("memory (PSS) of one that idles", "MiB", *memory, 0.1),
        Figure(f"{AT_ONCE} started at once", "s", *at_once, 0.1),
        Figure("memory of JupyterLab and a kernel", "MiB", *_memory(kernel)),
    ], ways


def _seconds(samples: Both) -> tuple[list[float], list[float]]:
    ours, peers = ([sample.seconds for sample in side] for side in samples)
    return ours, peers


def _memory(samples: Both) -> tuple[list[float], list[float]]:
    ours, peers = ([sample.memory for sample in side] for side in samples)
    return ours, peers


async def _until_terminal(person: Person) -> None:
    await person.start()
    await person.terminal()


async def _until_kernel(person: Person) -> None:
    await person.start()
    await person.kernel()


async def _alternately(ours: Person, peer: Person, work: Round, rounds: int) -> Both:
    """Do the work on both sides in turn, so that a noisy minute falls on both; stopped in between."""
    samples: Both = ([], [])
    for _ in range(rounds):
        for person, taken in zip((ours, peer), samples, strict=True):
            seconds = await _timed(partial(work, person))
            taken.append(Sample(seconds, await asyncio.to_thread(person.memory)))
            await person.stop()
    return samples


async def _at_once(ours: Sequence[Person], peers: Sequence[Person], times: int) -> tuple[list[float], list[float]]:
    """Start all of a side at the same moment, the sides in turn; the time until the last one's terminal echoed."""
    samples: tuple[list[float], list[float]] = ([], [])
    for _ in range(times):
        for people, taken in zip((ours, peers), samples, strict=True):
            together = partial(asyncio.gather, *(_until_terminal(person) for person in people))
            taken.append(await _timed(together))
            await asyncio.gather(*(person.stop() for person in people))
    return samples


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
