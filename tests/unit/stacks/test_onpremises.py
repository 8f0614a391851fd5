"""The same size on machines of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from lyceum_ops.inventory import locations, specs, validation
from lyceum_stacks import onpremises, sizes
from lyceum_stacks.errors import StackError

ROOT = Path(__file__).parents[3]
NAMES = ("small", "medium", "large")


@pytest.mark.parametrize("name", NAMES)
def test_inventory_is_accepted(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    onpremises.write(sizes.load(name), folder)
    hosts = yaml.safe_load((folder / "hosts.yml").read_text())["all"]
    settings = yaml.safe_load((folder / "group_vars/all/main.yml").read_text())
    machines = [
        validation.Machine(
            name=machine,
            groups=frozenset(group for group, entry in hosts["children"].items() if machine in entry["hosts"]),
            variables={**settings, **variables},
        )
        for machine, variables in hosts["hosts"].items()
    ]
    inventory = validation.Inventory(
        files=locations.read(folder),
        machines=machines,
        roles=specs.load_roles(ROOT / "roles"),
        roles_of_group=yaml.safe_load((ROOT / "playbooks/vars/groups.yml").read_text())["roles_of_group"],
        removed={},
    )
    assert validation.problems(inventory) == []
    assert len(machines) == sizes.load(name).instances - 1, "all but the admin machine"


def test_many_machines_have_addresses_of_their_own() -> None:
    large = sizes.load("large")
    groups = dict(large.groups) | {"compute": large.groups["compute"].model_copy(update={"count": 400})}
    found = yaml.safe_load(onpremises.hosts(large.model_copy(update={"groups": groups})))["all"]["hosts"]
    assert len({machine["ansible_host"] for machine in found.values()}) == len(found) > 400


def test_readme_says_what_to_buy() -> None:
    text = onpremises.readme(sizes.load("medium"))
    assert "| `compute` | 3 | 8 | 64 | 20 | 1,000 SSD | 200 running projects of 1,000 MB" in text
    assert "admin" not in text


def test_no_permission(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StackError, match="cannot write"):
        onpremises.write(sizes.load("small"), tmp_path / "file" / "inventory")
