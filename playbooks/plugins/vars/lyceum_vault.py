"""Opens the inventory's vault before group_vars are read, and makes it on first use.

What it does stands in ops/lyceum_ops/inventory/secrets.py.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ansible import context
from ansible.errors import AnsibleParserError
from ansible.plugins.vars import BaseVarsPlugin

_OPS = str(Path(__file__).resolve().parents[3] / "ops")
if _OPS not in sys.path:
    sys.path.append(_OPS)

from lyceum_ops.inventory import InventoryError, locations, secrets  # noqa: E402 - the path to it is only known now

DOCUMENTATION = """
    name: lyceum_vault
    short_description: Opens the inventory's vault, and makes it on first use
    description:
      - Hands the key in C(<inventory>/.vault-password) to Ansible, so that C(group_vars/all/vault.yml) can be read.
      - When a playbook is run, generates the key, the vault and single secrets that are missing.
"""

_OPENED: set[str] = set()


class VarsModule(BaseVarsPlugin):  # type: ignore[misc]  # Ansible has no types
    """Gives no variables itself: the vault is a file of group_vars, read as any other."""

    def get_vars(self, loader: Any, path: str, entities: Any) -> dict[str, Any]:  # noqa: ARG002 - Ansible calls it so
        if path not in _OPENED:
            _OPENED.add(path)
            inventory = Path(path).resolve()
            if (inventory / "group_vars" / "all").is_dir() and (inventory / "hosts.yml").is_file():
                _open_vault(loader, inventory)
        return {}


def _open_vault(loader: Any, inventory: Path) -> None:
    given: Sequence[Any] = loader._vault.secrets or []
    try:
        locations.read(inventory)  # Ansible would say that something is no YAML, but not in which file
        vault = secrets.ensure(inventory, given=given) if _runs_a_playbook() else secrets.read(inventory, given=given)
    except InventoryError as error:
        raise AnsibleParserError(f"{error.message.rstrip('.')}. {error.hint or ''}".strip()) from None
    if vault:
        loader.set_vault_secrets([*given, *(key for key in vault.keys if key not in given)])


def _runs_a_playbook() -> bool:
    """Whether a playbook is really run: looking at an inventory or checking syntax must not write anything."""
    arguments = context.CLIARGS
    only_looks = any(arguments.get(name) for name in ("syntax", "listhosts", "listtasks", "listtags"))
    return "listtasks" in arguments and not only_looks
