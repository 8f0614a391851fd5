"""Measures what many running, idle projects cost one compute machine."""

from __future__ import annotations

import asyncio
import os
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import httpx
import msgspec
from lyceum_stacks.plan import capacities

from lyceum_ops import checkout, preflight
from lyceum_ops.benchmarks import figures, instance
from lyceum_ops.benchmarks.instance import Instance
from lyceum_ops.commands import lab as lab_commands
from lyceum_ops.commands import plan, up
from lyceum_ops.errors import die
from lyceum_ops.lab.definition import SINGLE_MACHINE
from lyceum_ops.progress import Progress
from lyceum_ops.remote import of_lab

AT_ONCE = 10  # projects that are started or stopped side by side
MEMORY, DISK = 50, 100  # MB that each may use: the machine promises no more than it has
QUESTIONS = 200
REST = 30.0  # seconds over which the daemon's processor time is taken
DISK_GIGABYTES = 20
# What is recorded: MB of the machine's memory for each project.
CAPACITY = "compute.idle_memory"
OWNERSHIP = checkout.ROOT / "docs" / "cost-of-ownership.md"
# The aims: an answer's median in milliseconds, the daemon's share of a core, MB of memory for each project.
STATUS_AIM, CPU_AIM, MEMORY_AIM = 10.0, 0.01, 12.0


class Report(msgspec.Struct, frozen=True):
    """What was measured: status answers in milliseconds, the share of a core, MB (10^6 bytes) for each project."""

    running: int
    status: list[float]
    cpu: float
    memory: float


def run(progress: Progress, *, name: str, port: int, many: int, keep: bool, existing: bool, record_it: bool) -> None:
    """Fill an instance on one machine with projects that idle; it is made and removed, unless `existing`.

    With `record_it`, what was measured takes the place of an estimate in the table that plans stand on, and the page
    about three institutions is written anew.
    """
    preflight.check_root()
    if not existing:
        lab_commands.remove(name)
        up.run(name, single=True, port=port, disk_gigabytes=DISK_GIGABYTES, progress=progress)
    try:
        report = asyncio.run(_measure(progress, name, many, stop=keep or existing))
    except (OSError, httpx.HTTPError) as error:
        die(f"The measurement broke off: {error}", hint="What was measured so far is not shown: it would mislead.")
    finally:
        if not (keep or existing):
            lab_commands.remove(name)
    _show(report)
    figures.write("crowd", report)
    if report.memory <= 0:
        die("Memory was freed meanwhile by something else on this computer.", hint="Measure when it is at rest.")
    if record_it:
        source = f"./lyceum bench projects --many {many}: {os.cpu_count()} cores, {figures.processor()}"
        capacities.record(CAPACITY, Decimal(f"{report.memory:.2f}"), source, datetime.now(UTC).date())
        plan.run(plan.Wanted(ownership=str(OWNERSHIP)))
    figures.demand([name for name, value, aim, _ in _rows(report) if aim is not None and value >= aim])


async def _measure(progress: Progress, name: str, many: int, *, stop: bool) -> Report:
    async with instance.signed_in(name) as ours:
        with progress.step(f"Make {many} projects"):
            projects = [await _small_project(ours, number) for number in range(many)]
        before = _available_memory()
        with progress.step(f"Start {many} projects, {AT_ONCE} at once"):
            await _each(ours, projects, "start_project", "running")
        with progress.step("Let them idle, and ask the daemon"):
            probe = await asyncio.to_thread(_probe, name)
        used = (before - _available_memory()) / many
        if stop:
            with progress.step("Stop them"):
                await _each(ours, projects, "stop_project", "opened")
    return Report(probe.running, probe.milliseconds, probe.cpu, used)


async def _small_project(ours: Instance, number: int) -> str:
    """Make a project that has never run; its id."""
    project_id = str((await ours.call("create_project", title=f"crowd {number}"))["project_id"])
    await ours.call("set_quotas", project_id=project_id, memory=MEMORY, disk=DISK)
    return project_id


async def _each(ours: Instance, projects: Sequence[str], event: str, wanted: str) -> None:
    """Start or stop all, some at once, and wait until they have."""
    places = asyncio.Semaphore(AT_ONCE)

    async def change(project_id: str) -> None:
        async with places:
            await ours.change(project_id, event, wanted)

    await asyncio.gather(*(change(project_id) for project_id in projects))


class Probed(msgspec.Struct, frozen=True):
    """What status_probe.py prints."""

    milliseconds: list[float]
    cpu: float
    running: int


def _probe(name: str) -> Probed:
    machine = SINGLE_MACHINE[0][0]
    script = Path(__file__).with_name("status_probe.py").read_text(encoding="utf-8")
    python = "/opt/lyceum/compute/current/bin/python"
    found = of_lab(name).find(machine).run(
        python, "-", machine, str(QUESTIONS), str(REST), stdin=script, timeout=REST + 120
    )  # fmt: skip
    return msgspec.json.decode(found.stdout, type=Probed)


def _available_memory() -> float:
    """Memory of this computer that is free or can be freed, in MB (10^6 bytes)."""
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise OSError("/proc/meminfo does not tell MemAvailable")


def _rows(report: Report) -> tuple[tuple[str, float, float | None, str], ...]:
    """What is shown: a name, the figure, what it shall be under and its unit."""
    return (
        ("the daemon's answer about its status, median", statistics.median(report.status), STATUS_AIM, "ms"),
        ("the same, 95th percentile", figures.percentile(report.status, 95), None, "ms"),
        ("the daemon's processor time, of one core", 100 * report.cpu, 100 * CPU_AIM, "%"),
        ("memory of this computer for each project", report.memory, MEMORY_AIM, "MB"),
    )


def _show(report: Report) -> None:
    print(f"\n{report.running} running projects that idle")
    for name, value, aim, unit in _rows(report):
        verdict = "" if aim is None else f"  aim: under {aim:g} ({'met' if value < aim else 'missed'})"
        print(f"  {value:8.2f} {unit:2}  {name}{verdict}")
