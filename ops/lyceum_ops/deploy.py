"""Runs a playbook on an inventory and tells its steps: play by play, role by role."""

from __future__ import annotations

import logging
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from lyceum_ops import checkout, programs
from lyceum_ops.errors import Failure, die
from lyceum_ops.inventory import stack
from lyceum_ops.progress import Progress

log = logging.getLogger("lyceum.ansible")

PLUGINS = Path(__file__).parent / "ansible_plugins" / "callback"
MARK = "\x1elyceum "
SITE = "site.yml"
LAST_LINES = 100


@dataclass
class Outcome:
    """What a run of a playbook did. Times are in seconds."""

    seconds: float = 0.0
    changed: dict[str, int] = field(default_factory=dict)
    tasks: list[dict[str, Any]] = field(default_factory=list)

    @property
    def changes(self) -> int:
        """Changes on all machines together."""
        return sum(self.changed.values())

    def seconds_by_role(self) -> dict[str, float]:
        """Time of each role, the longest first; tasks outside roles count as their play's."""
        totals: dict[str, float] = {}
        for task in self.tasks:
            name = task["role"] or task["play"]
            totals[name] = totals.get(name, 0.0) + task["seconds"]
        return dict(sorted(totals.items(), key=lambda item: item[1], reverse=True))


class Reader:
    """Turns the callback's lines into steps for a person, and into an `Outcome`."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._play = ""
        self._step: tuple[str, str] | None = None
        self._step_began = 0.0
        self._changes = 0
        self._task: dict[str, Any] = {}
        self.failures: list[str] = []
        self.said: deque[str] = deque(maxlen=LAST_LINES)
        self.hosts: dict[str, dict[str, int]] = {}
        self.outcome = Outcome()

    def line(self, text: str) -> None:
        """Take one line of Ansible's output."""
        if not text.startswith(MARK):
            self._progress.detail(text)
            self.said.append(text)
            return
        event = msgspec.json.decode(text.removeprefix(MARK), type=dict[str, Any])
        getattr(self, f"_on_{event.pop('event')}")(**event)

    def _on_play(self, name: str) -> None:
        self._end_step()
        self._play = name

    def _on_task(self, **task: Any) -> None:
        self._task = task
        step = (self._play, task["role"])
        if step != self._step:
            self._end_step()
            self._step, self._step_began, self._changes = step, time.monotonic(), 0

    def _on_task_end(self, **task: Any) -> None:
        self.outcome.tasks.append({"play": self._play, **task})

    def _on_changed(self, host: str) -> None:
        self._changes += 1
        log.debug("changed on %s: %s", host, self._task.get("name"))

    def _on_advice(self, said: str) -> None:
        self._progress.line(f"  Warning: {said}")

    def _on_failed(self, host: str, said: str) -> None:
        where = f"role {self._task['role']}" if self._task.get("role") else self._play
        self.failures.append(f"{host}: {self._task.get('name', '')} ({where})\n{_indent(said)}".rstrip())

    def _on_end(self, hosts: dict[str, dict[str, int]]) -> None:
        self._end_step()
        self.hosts = hosts
        self.outcome.changed = {host: counts["changed"] for host, counts in hosts.items()}

    def _end_step(self) -> None:
        if self._step is None:
            return
        name = ": ".join(part for part in self._step if part)
        changes = f", {self._changes} changed" if self._changes else ""
        self._progress.line(f"  {name} ({time.monotonic() - self._step_began:.1f} s{changes})")
        self._step = None


def playbook(
    name: str, inventory: Path, progress: Progress, *, limit: str = "", check: bool = False, extra: Sequence[str] = ()
) -> Outcome:
    """Run a playbook; raises `Failure` with what the machines said when one of them failed."""
    arguments = [
        ansible_program("ansible-playbook"),
        f"--inventory={inventory}",
        *([f"--limit={limit},localhost"] if limit else []),
        *(["--check"] if check else []),
        *extra,
        str(checkout.ROOT / "playbooks" / name),
    ]
    reader = Reader(progress)
    began = time.monotonic()
    code = programs.stream(
        arguments, reader.line, extra_environment=ansible_environment(steps=True), directory=checkout.ROOT
    )
    reader.outcome.seconds = time.monotonic() - began
    if reader.failures:
        raise Failure("The deployment failed.\n" + "\n".join(reader.failures), hint="Mend the cause and run it again.")
    if code != 0:
        raise Failure(
            f"ansible-playbook ended with {programs.describe_code(code)}.\n{_last_errors([*reader.said])}".rstrip()
        )
    return reader.outcome


def site(inventory: Path, progress: Progress, *, limit: str = "", check: bool = False) -> Outcome:
    """Bring the machines of an inventory to what the site's playbook describes."""
    return playbook(SITE, check_inventory(inventory), progress, limit=limit, check=check)


def check_inventory(inventory: Path) -> Path:
    """Refuse an inventory that is not there; returns its absolute path."""
    path = inventory.absolute()
    if not path.exists() and not inventory.is_absolute():
        path = checkout.ROOT / inventory
    if not path.exists():
        known = sorted(entry.name for entry in (checkout.ROOT / "inventories").iterdir() if entry.is_dir())
        die(f"There is no inventory {inventory}.", hint=f"In inventories/: {', '.join(known)}. For a lab: ./lyceum up")
    if path.is_dir() and not (path / "hosts.yml").is_file():
        die(f"{inventory} is no inventory: it has no hosts.yml.", hint="inventories/README.md shows its shape.")
    if stack.is_description(path / stack.HOSTS):
        stack.load(path / stack.HOSTS)  # so that what is wrong with it is told by us, and not by a parser
    return path


def ansible_program(name: str) -> str:
    """Path of one of Ansible's programs: the one beside our Python."""
    return str(Path(sys.executable).parent / name)


def ansible_environment(*, steps: bool = False) -> dict[str, str]:
    """What Ansible's programs need: this checkout's settings, and the virtual environment they run in."""
    path = programs.environment()["PATH"]
    made = {
        **stack.engine_environment(),  # an inventory may be a stack's, and its machines be reached by gcloud
        "ANSIBLE_CONFIG": str(checkout.ROOT / "ansible.cfg"),
        "PATH": f"{Path(sys.executable).parent}:{path}",
        "PYTHONPATH": str(checkout.ROOT / "ops"),
        "PYTHONUNBUFFERED": "1",
    }
    if steps:
        made |= {"ANSIBLE_STDOUT_CALLBACK": "lyceum_steps", "ANSIBLE_CALLBACK_PLUGINS": str(PLUGINS)}
        made |= {"ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_NOCOLOR": "1"}
    return made


def _last_errors(said: Sequence[str]) -> str:
    """The last words that Ansible said of an error outside any task: those of a parser, say."""
    first = next((number for number, line in enumerate(said) if "ERROR" in line), max(0, len(said) - 8))
    return _indent("\n".join(said[first : first + 8]))


def _indent(text: str, *, lines: int = 12) -> str:
    kept = text.splitlines()
    shown = kept if len(kept) <= lines else [*kept[:2], "...", *kept[-(lines - 3) :]]
    return "\n".join(f"    {line}" for line in shown)
