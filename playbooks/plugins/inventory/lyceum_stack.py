"""Reads the machines of an inventory from a Pulumi stack. How stands in ops/lyceum_ops/inventory/stack.py."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin
from ansible.template import trust_as_template

_OPS = str(Path(__file__).resolve().parents[3] / "ops")
if _OPS not in sys.path:
    sys.path.append(_OPS)

from lyceum_ops.inventory import InventoryError, stack  # noqa: E402 - the path to it is only known now

DOCUMENTATION = """
    name: lyceum_stack
    short_description: The machines of a Pulumi stack
    description:
      - Makes an inventory of what C(pulumi stack output --json) says, or of a file that holds it.
    options:
      plugin:
        description: Marks the file as one for this plugin.
        required: true
        choices: [lyceum_stack]
      stack:
        description: The stack's name. Pulumi's engine is asked for its outputs.
      outputs:
        description: Instead of O(stack), a file with the outputs; relative to the inventory's folder.
      ssh:
        description: How machines are reached; by Google's Identity-Aware Proxy, or from within their network.
        choices: [proxy, direct]
        default: proxy
"""


class InventoryModule(BaseInventoryPlugin):  # type: ignore[misc]  # Ansible has no types
    """Adds the machines, their groups and variables."""

    NAME = stack.PLUGIN

    def verify_file(self, path: str) -> bool:
        return bool(super().verify_file(path)) and Path(path).name == "hosts.yml" and stack.is_description(Path(path))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        try:
            found = stack.load(Path(path))
        except InventoryError as error:
            raise AnsibleParserError(f"{error.message}. {error.hint or ''}".strip()) from None
        for name, value in found.variables.items():
            inventory.set_variable("all", name, _plain(value))
        for group in stack.GROUPS:
            inventory.add_group(group)
        for name, (group, variables) in found.machines.items():
            inventory.add_host(name, group)
            for variable, value in variables.items():
                inventory.set_variable(name, variable, _plain(value))


def _plain(value: Any) -> Any:
    """A value like any that stands in an inventory's file. It holds no template: `stack` has seen to it."""
    if isinstance(value, str):
        return trust_as_template(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value
