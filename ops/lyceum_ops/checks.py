"""Every check that needs no lab, in one list: `./lyceum check` runs it, and .pre-commit-config.yaml names the same."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from lyceum_ops import checkout, deploy, programs
from lyceum_ops.building import web
from lyceum_ops.errors import UsageFailure, die
from lyceum_ops.progress import Progress

PACKAGES = (
    "hub/lyceum_hub",
    "compute/lyceum_compute",
    "compute/jupyter/lyceum_jupyter",
    "storage/lyceum_storage",
    "ssh/lyceum_ssh",
    "stacks/lyceum_stacks",
    "ops/lyceum_ops",
)


@dataclass(frozen=True)
class Check:
    """One check: a command run in a folder of the checkout, and for what files it is worth running."""

    name: str
    command: tuple[str, ...]
    says: str
    files: str
    folder: str = "."
    needs: Callable[[], object] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def _own(*words: str) -> tuple[str, ...]:
    """A command of our own, or of a package in the virtual environment."""
    return (str(Path(sys.executable).parent / words[0]), *words[1:])


def _ours(module: str, *words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *words)


def _web(name: str, *words: str) -> Check:
    command = ("npm", "run", "--silent", *words)
    return Check(
        f"web-{name}", command, f"web client: {name}", r"^web/", folder="web", needs=web.install,
        environment=web.node_environment(),
    )  # fmt: skip


def all_checks() -> tuple[Check, ...]:
    """The list. The slowest stand first, so that they do not end last."""
    python = r"\.py$"
    ansible = r"^(roles|playbooks|inventories)/"
    return (
        Check(
            "ansible-lint", _own("ansible-lint", "--offline"), "Ansible content, profile production", ansible,
            environment=deploy.ansible_environment(),
        ),
        Check(
            "unit-tests", _ours("pytest", "-q", "tests/unit"), "unit tests", r"\.(py|sql|toml|j2)$",
            environment={"PATH": deploy.ansible_environment()["PATH"]},
        ),
        Check("mypy", _own("mypy", *PACKAGES), "types, strictly", python),
        _web("test", "test"),
        _web("lint", "lint"),
        _web("types", "typecheck"),
        _web("format", "format:check"),
        Check("ruff", _own("ruff", "check", "."), "Python's style and common mistakes", python),
        Check("ruff-format", _own("ruff", "format", "--check", "."), "Python's layout", python),
        Check(
            "imports", _own("lint-imports"), "which package may import which", python,
            environment={"PYTHONPATH": "hub:compute:compute/jupyter:storage:ssh:stacks:ops"},
        ),
        Check("readmes", _ours("lyceum_ops.role_readme", "--check"), "roles: README, defaults, specs agree", ansible),
        Check("yamllint", _own("yamllint", "--strict", "."), "YAML", r"\.ya?ml$"),
        Check("shellcheck", _own("shellcheck", "lyceum", ".ci/run"), "shell files", r"^(lyceum|\.ci/run)$"),
        Check("registries", _ours("lyceum_ops.registries"), "no package registry is named in a file", r""),
    )  # fmt: skip


def run(names: Sequence[str], progress: Progress) -> None:
    """Run the named checks, or all; raises `Failure` with what the failed ones said."""
    known = {check.name: check for check in all_checks()}
    for name in names:
        if name not in known:
            raise UsageFailure(f"There is no check {name!r}.", hint=f"Checks: {', '.join(known)}.")
    chosen = [known[name] for name in names] or list(known.values())
    with ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2)) as pool:
        results = list(pool.map(lambda check: _run(check, progress), chosen))
    failed = [(check, said) for check, said in zip(chosen, results, strict=True) if said is not None]
    if failed:
        told = "\n\n".join(f"--- {check.name}: {shlex.join(check.command)}\n{said.rstrip()}" for check, said in failed)
        print(f"\n{told}")
        die(
            f"{len(failed)} of {len(chosen)} checks failed: {', '.join(check.name for check, _ in failed)}.",
            hint=f"One alone: ./lyceum check {failed[0][0].name}",
        )
    progress.line(f"All {len(chosen)} checks passed.")


def _run(check: Check, progress: Progress) -> str | None:
    """Run a check; returns what it said if it failed."""
    if check.needs is not None:
        check.needs()
    began = time.monotonic()
    environment = {"PYTHONPATH": f"{checkout.ROOT / 'ops'}:{checkout.ROOT / 'stacks'}", **check.environment}
    result = programs.run(
        check.command,
        directory=checkout.ROOT / check.folder,
        extra_environment=environment,
        check=False,
        timeout=1200,
    )
    word = "ok" if result.code == 0 else "FAILED"
    progress.line(f"{check.name:<14} {word} ({time.monotonic() - began:.1f} s)  {check.says}")
    return None if result.code == 0 else result.stdout + result.stderr
