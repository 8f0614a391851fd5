"""Checks the whole inventory on the control machine. The rules stand in ops/lyceum_ops/inventory/validation.py."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase

_ROOT = Path(__file__).resolve().parents[3]
if str(_ROOT / "ops") not in sys.path:
    sys.path.append(str(_ROOT / "ops"))

from lyceum_ops.inventory import locations, specs, validation  # noqa: E402 - the path to it is only known now


class ActionModule(ActionBase):  # type: ignore[misc]  # Ansible has no types
    """Fails with every problem of the inventory, each with the file to mend. Connects to no machine."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}
        folder = _folder(variables["ansible_inventory_sources"])
        files = locations.read(folder)
        inventory = validation.Inventory(
            files=files,
            machines=list(_machines(variables["hostvars"], variables["groups"], files)),
            roles=specs.load_roles(_ROOT / "roles"),
            roles_of_group=self._task.args["roles_of_group"],
            removed=self._task.args["removed_variables"],
        )
        if found := validation.problems(inventory):
            listed = "\n".join(f"  {problem}" for problem in found)
            raise AnsibleActionFail(f"The inventory cannot work, so nothing was touched. Mend it here:\n{listed}")
        advice = validation.warnings(inventory)
        return {"changed": False, "warnings": advice, "advice": advice, "machines": len(inventory.machines)}


def _folder(sources: list[str]) -> Path:
    """The inventory's folder, as short as it can be written."""
    if len(sources) != 1 or "," in sources[0]:
        raise AnsibleActionFail("Give one inventory, as a folder: -i inventories/<name>")
    path = Path(sources[0])
    path = path.parent if path.is_file() else path
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _machines(
    hostvars: Mapping[str, Mapping[str, Any]], groups: Mapping[str, list[str]], files: locations.Files
) -> Iterator[validation.Machine]:
    for name in groups["all"]:
        if name != "localhost":
            yield validation.Machine(
                name=name,
                groups=frozenset(group for group, members in groups.items() if name in members),
                variables=_variables(name, hostvars[name], files),
            )


def _variables(machine: str, found: Mapping[str, Any], files: locations.Files) -> dict[str, Any]:
    values = {}
    for name in found:
        if name == "ansible_host" or validation.VARIABLE.fullmatch(name):
            try:
                values[name] = found[name]
            except AnsibleError as error:
                place = files.place(name, host=machine)
                raise AnsibleActionFail(f"{place}: {name} cannot be computed for {machine}: {error}") from None
    return values
