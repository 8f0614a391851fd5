"""Measures how long deploying takes, and where the time goes."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import msgspec

from lyceum_ops import checkout, deploy, programs
from lyceum_ops.benchmarks import figures
from lyceum_ops.commands import lab as lab_commands
from lyceum_ops.commands import up
from lyceum_ops.errors import die
from lyceum_ops.lab import inventory
from lyceum_ops.progress import Progress

LAB = "bench"
PORT = 26443
PINGS = 3
AIM = 12.0


class Report(msgspec.Struct, frozen=True):
    """What was measured. Times in seconds; `roles` are shares of the second run of the site."""

    stages: dict[str, float]
    first_site: float
    second_site: float
    second_changes: int
    ping: float
    roles: dict[str, float]

    @property
    def ratio(self) -> float:
        """The second run of the site, in pings."""
        return self.second_site / self.ping


def run(progress: Progress, *, name: str, port: int, keep: bool, existing: bool) -> None:
    """Bring a lab up (from nothing, unless `existing`), run the site again, ping, and print it all."""
    began = len(progress.steps)
    if not existing:
        lab_commands.remove(name)
    up.run(name, single=False, port=None if existing else port, disk_gigabytes=None, progress=progress)
    stages = {step.name: round(step.seconds, 1) for step in progress.steps[began:]}
    path = inventory.link_of(checkout.ROOT, name)
    try:
        with progress.step("Run the site again"):
            outcome = deploy.site(path, progress)
        with progress.step(f"Ping all machines, {PINGS} times"):
            ping = statistics.median(_ping(path) for _ in range(PINGS))
    finally:
        if not (keep or existing):
            lab_commands.remove(name)
    total = sum(outcome.seconds_by_role().values()) or 1.0
    roles = {role: round(seconds / total, 3) for role, seconds in outcome.seconds_by_role().items()}
    report = Report(
        stages, stages.get("Deploy", 0.0), round(outcome.seconds, 2), outcome.changes, round(ping, 2), roles
    )
    _show(report)
    figures.write("deploy", msgspec.to_builtins(report) | {"ratio": round(report.ratio, 2)})
    figures.demand(["the second run in pings"] if report.ratio > AIM else [])


def _ping(path: Path) -> float:
    began = time.monotonic()
    result = programs.run(
        [deploy.ansible_program("ansible"), f"--inventory={path}", "all", "--module-name=ping"],
        extra_environment=deploy.ansible_environment(),
        directory=checkout.ROOT,
        check=False,
        timeout=120,
    )
    if result.code != 0:
        die("Not every machine answers a ping.", hint=result.stdout[-500:])
    return time.monotonic() - began


def _show(report: Report) -> None:
    print("\nStages of up")
    for name, seconds in report.stages.items():
        print(f"  {seconds:7.1f} s  {name}")
    print("\nSecond run of the site")
    print(f"  {report.second_site:7.1f} s  with {report.second_changes} changes")
    print(f"  {report.ping:7.2f} s  ansible all -m ping (median of {PINGS})")
    print(f"  {report.ratio:7.1f}    times a ping (aim: at most {AIM:g})")
    print("\nShare of each role in it")
    for role, share in report.roles.items():
        print(f"  {share:7.1%}  {role}")
