#!/usr/bin/python
"""Brings a systemd unit into a state: running what is on the disk now, or failing with the end of its journal."""

from __future__ import annotations

import datetime as dt
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: lyceum_unit
short_description: Bring a systemd unit into a state, by what is on the disk now
description:
  - Starts a unit and enables it. A unit that runs, but was started before its own files or one of I(restart_for)
    changed, is restarted; one that was not reloaded since one of I(reload_for) changed is reloaded. So a run that was
    interrupted between a change and its handler is made good by the next.
  - Where it fails, the message ends with the unit's journal.
options:
  name: {type: str, required: true, description: The unit.}
  state: {type: str, choices: [started, restarted, reloaded], default: started, description: What to do at least.}
  enabled: {type: bool, default: true, description: Whether it starts with the machine.}
  restart_for: {type: list, elements: path, default: [], description: Files that the unit reads when it starts.}
  reload_for: {type: list, elements: path, default: [], description: Files that a reload reads as well.}
"""

PROPERTIES = (
    "LoadState,ActiveState,UnitFileState,NeedDaemonReload,FragmentPath,DropInPaths,"
    "InactiveExitTimestamp,StateChangeTimestamp"
)
JOURNAL_LINES = 40


@dataclass(frozen=True)
class Unit:
    """What systemd says of a unit."""

    loaded: bool
    active: bool
    enabled: bool
    outdated: bool
    files: tuple[Path, ...]
    started: float
    changed: float

    @classmethod
    def of(cls, properties: dict[str, str]) -> Unit:
        """Read ``systemctl show``."""
        paths = [properties.get("FragmentPath", ""), *properties.get("DropInPaths", "").split()]
        return cls(
            loaded=properties.get("LoadState") == "loaded",
            active=properties.get("ActiveState") in {"active", "reloading", "refreshing"},
            enabled=properties.get("UnitFileState") in {"enabled", "static", "alias", "generated"},
            outdated=properties.get("NeedDaemonReload") == "yes",
            files=tuple(Path(path) for path in paths if path),
            started=_seconds(properties.get("InactiveExitTimestamp", "")),
            changed=_seconds(properties.get("StateChangeTimestamp", "")),
        )

    def action(self, state: str, restart_for: Iterable[Path], reload_for: Iterable[Path]) -> str | None:
        """What to ask of systemd, if anything: start, restart or reload."""
        if not self.active:
            return "restart" if state == "restarted" else "start"
        if state == "restarted" or newest([*self.files, *restart_for]) > self.started:
            return "restart"
        if state == "reloaded" or newest(reload_for) > max(self.started, self.changed):
            return "reload"
        return None


def newest(files: Iterable[Path]) -> float:
    """When the last of some files (a link: it or its target) changed, in seconds since 1970; a missing one is 0."""
    present = [path for path in files if path.exists()]
    return max((max(path.stat().st_mtime, path.lstat().st_mtime) for path in present), default=0.0)


def _seconds(timestamp: str) -> float:
    """Read a time as ``systemctl show --timestamp=us+utc`` prints it; empty (never) is 0."""
    if not timestamp or timestamp == "n/a":
        return 0.0
    return dt.datetime.strptime(f"{timestamp}+0000", "%a %Y-%m-%d %H:%M:%S.%f UTC%z").timestamp()


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, capture_output=True, text=True, check=False)


def _show(name: str) -> Unit:
    shown = _run("systemctl", "show", "--timestamp=us+utc", f"--property={PROPERTIES}", "--", name).stdout
    return Unit.of(dict(line.split("=", 1) for line in shown.splitlines() if "=" in line))


def bring(module: AnsibleModule) -> list[str]:
    """Do what is needed; return it, as words of ``systemctl``. Fails the task where systemd refuses."""
    name, state = module.params["name"], module.params["state"]
    restart_for, reload_for = ([Path(path) for path in module.params[key]] for key in ("restart_for", "reload_for"))
    unit, steps = _show(name), []
    if unit.outdated or not unit.loaded:
        _ask(module, "daemon-reload")
        unit = _show(name)
    if not unit.loaded and not module.check_mode:
        module.fail_json(msg=f"There is no unit {name} on this machine.")
    if module.params["enabled"] and not unit.enabled:
        steps.append("enable")
    if action := unit.action(state, restart_for, reload_for):
        steps.append(action)
    for step in steps:
        _ask(module, step, name)
    return steps


def _ask(module: AnsibleModule, verb: str, *units: str) -> None:
    if module.check_mode and verb != "daemon-reload":
        return
    done = _run("systemctl", verb, "--", *units) if units else _run("systemctl", verb)
    if done.returncode == 0:
        return
    message = f"systemctl {verb} {' '.join(units)} failed: {done.stderr.strip()}"
    if units:
        journal = _run("journalctl", f"--unit={units[0]}", "--no-pager", f"--lines={JOURNAL_LINES}", "--output=cat")
        message += f"\nIts journal ends with:\n{journal.stdout}"
    module.fail_json(msg=message)


def main() -> None:
    """Run as a module of Ansible."""
    lists: dict[str, Any] = {"type": "list", "elements": "path", "default": []}
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["started", "restarted", "reloaded"], "default": "started"},
            "enabled": {"type": "bool", "default": True},
            "restart_for": lists,
            "reload_for": lists,
        },
        supports_check_mode=True,
    )
    steps = bring(module)
    module.exit_json(changed=bool(steps), steps=steps)


if __name__ == "__main__":
    main()
