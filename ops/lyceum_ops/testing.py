"""`./lyceum test`: the checks, then everything in tests/ against labs of its own, which are removed afterwards.

A stage is a name and a function; stages of one group run side by side. A stage that fails does not keep later groups
from running, unless they stand on it: all that can be learnt from one run is.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from lyceum_ops import build, checkout, checks, deploy, preflight, programs
from lyceum_ops.commands import lab as lab_commands
from lyceum_ops.commands import up
from lyceum_ops.errors import Failure, die
from lyceum_ops.lab import inventory, machines, manager
from lyceum_ops.progress import Progress

CLUSTER = "test"
SINGLE = "testsingle"
MACHINES = 14  # at most so many at once: the cluster, and beside it what the lab's own tests boot
CLUSTER_PORT = 28443
SINGLE_PORT = 27443
# Tests that look at an instance, in the order in which a failure tells most; what stops parts of it comes last.
LOOKS = (
    ("machines", ("tests/hosts",), ""),
    ("from outside", ("tests/instance",), "not faults"),
    ("in a browser", ("tests/browser",), ""),
    ("when parts of it fall", ("tests/instance",), "faults"),
)
# What the tests call beyond what a lab needs, with the Debian package that brings it.
PROGRAMS = {"usr/bin/chromium": "chromium", "usr/lib/postgresql/*/bin/initdb": "postgresql"}


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
    prepare(progress)
    chosen = [(name, group) for name, group in GROUPS.items() if not only or name in only]
    with ExitStack() as stack:
        if not keep:
            for name in (CLUSTER, SINGLE):
                stack.callback(lab_commands.remove, name)
        for name, group in chosen:
            if name in ALONE:
                group(made)
        made.together([(name, partial(group, made)) for name, group in chosen if name not in ALONE])
        if "cluster" in dict(chosen) and machines.running(CLUSTER):
            thorough(made)
    if made.failures:
        listed = "\n".join(f"  - {failure}" for failure in made.failures)
        die(f"{len(made.failures)} stages failed:\n{listed}", hint=f"All that was said: {progress.log_file}")
    progress.line("All tests passed.")


def prepare(progress: Progress) -> None:
    """Install and build what groups need that run side by side, so that they do not do it at once."""
    preflight.check_root()
    preflight.check_host()
    preflight.make_room_for_watches(MACHINES, progress)
    preflight.install_packages(progress)
    missing = [package for pattern, package in PROGRAMS.items() if not any(Path("/").glob(pattern))]
    if "postgresql" in missing:  # its programs only: no database of its own, so no service either
        settings = Path("/etc/postgresql-common/createcluster.conf")
        settings.parent.mkdir(exist_ok=True)
        if not settings.exists():
            settings.write_text("create_main_cluster = false\n", encoding="utf-8")
    if missing:
        preflight.install(missing, progress)
    for title, part in build.parts().items():
        with progress.step(title):
            part()


def static(run_: Run) -> None:
    """What needs no lab."""
    run_.stage("Checks", lambda: checks.run((), run_.progress))
    run_.stage("Hub against PostgreSQL", lambda: pytest("tests/integration"))


def cluster(run_: Run) -> None:
    """The default machines: brought up, deployed twice, looked at from all sides, shut down and brought back."""
    if not run_.stage("Bring the cluster up", lambda: bring_up(run_, CLUSTER, CLUSTER_PORT, single=False)):
        return
    path = inventory.link_of(checkout.ROOT, CLUSTER)
    run_.stage("Deploy again: nothing changes", lambda: expect_no_change(path, run_.progress, check=False))
    run_.stage("Deploy with --check: nothing would change", lambda: expect_no_change(path, run_.progress, check=True))
    look(run_, "Cluster", path)
    run_.stage("Shut down: nothing is left; bring it back: all is there", lambda: check_down_and_up(run_.progress))


def single(run_: Run) -> None:
    """The same on one machine; then the lab itself, and the roles that have scenarios of their own."""
    if run_.stage("Bring the single machine up", lambda: bring_up(run_, SINGLE, SINGLE_PORT, single=True)):
        path = inventory.link_of(checkout.ROOT, SINGLE)
        look(run_, "Single machine", path, "not several")
    lab_commands.remove(SINGLE)
    run_.stage("The lab itself", lambda: pytest("tests/lab"))
    for scenario in sorted(checkout.ROOT.glob("roles/*/molecule/default")):
        role = scenario.parent.parent
        run_.stage(f"Role {role.name} by itself", partial(molecule, role))


GROUPS: dict[str, Callable[[Run], None]] = {"checks": static, "cluster": cluster, "single": single}
# Groups that are done before the others, which run side by side.
ALONE = ("checks",)


def look(run_: Run, what: str, path: Path, *marks: str) -> None:
    """Look at an instance from all sides, by the tests whose marks fit."""
    for name, folders, mark in LOOKS:
        chosen = " and ".join(filter(None, [mark, "not thorough", *marks]))
        run_.stage(f"{what}, {name}", partial(pytest, *folders, "-m", chosen, f"--inventory={path}"))


def thorough(run_: Run) -> None:
    """What uses a machine up, on the cluster when nothing else runs beside it: others would wait in vain meanwhile."""
    path = inventory.link_of(checkout.ROOT, CLUSTER)
    run_.stage(
        "Cluster, used up and attacked", lambda: pytest("tests/instance", "-m", "thorough", f"--inventory={path}")
    )


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


def pytest(*arguments: str) -> None:
    """Run a part of the tests."""
    told([sys.executable, "-m", "pytest", "-q", "--tb=short", *arguments], directory=checkout.ROOT)


def molecule(role: Path) -> None:
    """Run a role's scenario: create, converge, again without a change, verify, destroy."""
    with tempfile.TemporaryDirectory(prefix="molecule-") as state:  # and not what an earlier run has left
        told(
            [str(Path(sys.executable).parent / "molecule"), "test"],
            directory=role,
            environment={"MOLECULE_EPHEMERAL_DIRECTORY": state},
        )


def told(command: Sequence[str], *, directory: Path, environment: Mapping[str, str] | None = None) -> None:
    """Run a command of tests; its output goes to the log, and its end into the failure."""
    lines: list[str] = []
    code = programs.stream(
        command,
        lines.append,
        extra_environment=deploy.ansible_environment() | {"PYTHONPATH": ""} | dict(environment or {}),
        directory=directory,
    )
    for line in lines:
        deploy.log.debug(line)
    if code != 0:
        die("\n".join(lines[-40:]))
