"""`./lyceum test`: the checks, then everything in tests/ against labs of its own, which are removed afterwards.

A stage is a name and a function; stages of one group run side by side. A stage that fails does not keep later groups
from running, unless they stand on it: all that can be learnt from one run is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from lyceum_ops import checkout, checks, deploy, programs
from lyceum_ops.commands import lab as lab_commands
from lyceum_ops.commands import up
from lyceum_ops.errors import Failure, die
from lyceum_ops.lab import inventory, manager
from lyceum_ops.progress import Progress

CLUSTER = "test"
SINGLE = "testsingle"
CLUSTER_PORT = 28443
SINGLE_PORT = 27443
# Folders of tests that look at an instance, in the order in which a failure tells most.
FOLDERS = ("hosts", "lab", "instance", "browser")
SINGLE_FOLDERS = ("hosts", "instance", "browser")


@dataclass
class Run:
    """One run of all tests: what failed so far."""

    progress: Progress
    failures: list[str] = field(default_factory=list)

    def stage(self, name: str, work: Callable[[], object]) -> bool:
        """Do one stage; a failure is noted and told at the end."""
        try:
            with self.progress.step(name):
                work()
        except Failure as failure:
            self.failures.append(f"{name}: {failure.message}")
            return False
        return True

    def together(self, stages: Sequence[tuple[str, Callable[[], object]]]) -> bool:
        """Do stages side by side; returns whether all went well."""
        with ThreadPoolExecutor(max_workers=2) as pool:
            return all(list(pool.map(lambda stage: self.stage(*stage), stages)))


def run(progress: Progress, *, keep: bool, only: Sequence[str] = ()) -> None:
    """Run everything, or only the named groups (checks, cluster, single); `keep` leaves the labs up."""
    made = Run(progress)
    with ExitStack() as stack:
        if not keep:
            for name in (CLUSTER, SINGLE):
                stack.callback(lab_commands.remove, name)
        for name, group in GROUPS.items():
            if not only or name in only:
                group(made)
    if made.failures:
        listed = "\n".join(f"  - {failure}" for failure in made.failures)
        die(f"{len(made.failures)} stages failed:\n{listed}", hint=f"All that was said: {progress.log_file}")
    progress.line("All tests passed.")


def static(run_: Run) -> None:
    """What needs no lab."""
    run_.stage("Checks", lambda: checks.run((), run_.progress))


def cluster(run_: Run) -> None:
    """The default machines: brought up, deployed twice, looked at from all sides, shut down and brought back."""
    if not run_.stage("Bring the cluster up", lambda: bring_up(run_, CLUSTER, CLUSTER_PORT, single=False)):
        return
    path = inventory.link_of(checkout.ROOT, CLUSTER)
    run_.stage("Deploy again: nothing changes", lambda: expect_no_change(path, run_.progress, check=False))
    run_.stage("Deploy with --check: nothing would change", lambda: expect_no_change(path, run_.progress, check=True))
    for folder in FOLDERS:
        run_.stage(f"Cluster: tests/{folder}", partial(pytest, folder, path))
    run_.stage("Shut down: nothing is left; bring it back: all is there", lambda: check_down_and_up(run_.progress))


def single(run_: Run) -> None:
    """The same on one machine."""
    if not run_.stage("Bring the single machine up", lambda: bring_up(run_, SINGLE, SINGLE_PORT, single=True)):
        return
    path = inventory.link_of(checkout.ROOT, SINGLE)
    for folder in SINGLE_FOLDERS:
        run_.stage(f"Single machine: tests/{folder}", partial(pytest, folder, path))


GROUPS: dict[str, Callable[[Run], None]] = {"checks": static, "cluster": cluster, "single": single}


def bring_up(run_: Run, name: str, port: int, *, single: bool) -> None:
    """Bring a lab up from nothing: what an earlier run left is removed."""
    lab_commands.remove(name)
    up.run(name, single=single, port=port, disk_gigabytes=None, progress=run_.progress)


def expect_no_change(path: Path, progress: Progress, *, check: bool) -> None:
    """Deploy, and refuse any change."""
    outcome = deploy.site(path, progress, check=check)
    if outcome.changes:
        changed = ", ".join(f"{host} ({count})" for host, count in outcome.changed.items() if count)
        die(f"A deployment of what is deployed changed something: {changed}.")


def check_down_and_up(progress: Progress) -> None:
    """Shut the cluster down, look for traces, and bring it up: nothing but booting may be needed."""
    lab_commands.down(CLUSTER, progress)
    if left := manager.traces(CLUSTER):
        die(f"After down there still is: {', '.join(left)}.")
    up.run(CLUSTER, single=False, port=None, disk_gigabytes=None, progress=progress)


def pytest(folder: str, inventory_path: Path) -> None:
    """Run a folder of tests against an instance."""
    path = checkout.ROOT / "tests" / folder
    if not path.is_dir():
        die(f"There is no folder tests/{folder}.")
    lines: list[str] = []
    code = programs.stream(
        [sys.executable, "-m", "pytest", "-q", str(path), f"--inventory={inventory_path}"],
        lines.append,
        extra_environment=deploy.ansible_environment() | {"PYTHONPATH": "", "PLAYWRIGHT_BROWSERS_PATH": "0"},
        directory=checkout.ROOT,
    )
    for line in lines:
        deploy.log.debug(line)
    if code != 0:
        die("\n".join(lines[-25:]))
