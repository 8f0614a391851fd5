"""Inventories that cannot work are refused with the file and line to mend; the examples are accepted."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from lyceum_ops.inventory import locations, specs, validation

ROOT = Path(__file__).parents[4]
GROUPS = yaml.safe_load((ROOT / "playbooks/vars/groups.yml").read_text())["roles_of_group"]
ROLES = specs.load_roles(ROOT / "roles")


def _machines(folder: Path) -> list[validation.Machine]:
    """The machines as Ansible would read them from these (simple) files."""
    hosts = yaml.safe_load((folder / "hosts.yml").read_text())["all"]
    settings = yaml.safe_load((folder / "group_vars/all/main.yml").read_text()) or {}
    return [
        validation.Machine(
            name=name,
            groups=frozenset(group for group, entry in hosts["children"].items() if name in entry["hosts"]),
            variables={**settings, **(variables or {})},
        )
        for name, variables in hosts["hosts"].items()
    ]


def _problems(folder: Path, removed: dict[str, str] | None = None) -> list[str]:
    found = validation.problems(
        validation.Inventory(
            files=locations.read(folder),
            machines=_machines(folder),
            roles=ROLES,
            roles_of_group=GROUPS,
            removed=removed or {},
        )
    )
    return [str(problem).removeprefix(f"{folder}/") for problem in found]


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "inventories/cluster", tmp_path / "cluster")
    return tmp_path / "cluster"


def _edit(path: Path, change: Callable[[Any], None]) -> None:
    content = yaml.safe_load(path.read_text())
    change(content)
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def _set(folder: Path, **variables: object) -> None:
    _edit(folder / "group_vars/all/main.yml", lambda settings: settings.update(variables))


def _line(path: Path, text: str) -> int:
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)


@pytest.mark.parametrize("example", ["single", "cluster"])
def test_examples_are_accepted(example: str) -> None:
    assert _problems(ROOT / "inventories" / example) == []


def test_missing_group(cluster: Path) -> None:
    _edit(cluster / "hosts.yml", lambda hosts: hosts["all"]["children"].pop("storage"))
    found = _problems(cluster)
    assert "hosts.yml: the group storage is missing or has no machine; every instance needs one" in found
    assert any("storage1 is in none of the groups" in problem for problem in found)


def test_second_database(cluster: Path) -> None:
    _edit(cluster / "hosts.yml", lambda hosts: hosts["all"]["children"]["database"]["hosts"].update(hub1=None))
    assert any("several machines" in problem for problem in _problems(cluster))


@pytest.mark.parametrize(
    ("machine", "variable"), [("compute1", "compute__data_device"), ("storage1", "storage__data_device")]
)
def test_no_data_disk(cluster: Path, machine: str, variable: str) -> None:
    _edit(cluster / "hosts.yml", lambda hosts: hosts["all"]["hosts"][machine].pop(variable))
    line = _line(cluster / "hosts.yml", f"{machine}:")
    assert [problem for problem in _problems(cluster) if f"{machine} needs {variable}" in problem] == [
        f"hosts.yml:{line}: {machine} needs {variable}: an empty disk or partition for its data, as /dev/disk/by-id/..."
    ]


@pytest.mark.parametrize("device", ["vdb", "/dev/../etc/passwd", "/dev/vdb; reboot", "/etc/passwd"])
def test_bad_data_disk(cluster: Path, device: str) -> None:
    _edit(cluster / "hosts.yml", lambda hosts: hosts["all"]["hosts"]["compute1"].update(compute__data_device=device))
    assert any("must be a device" in problem for problem in _problems(cluster))


def test_one_disk_for_two_purposes(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "inventories/single", tmp_path / "single")
    device = {"compute__data_device": "/dev/vdb", "storage__data_device": "/dev/vdb"}
    _edit(tmp_path / "single/hosts.yml", lambda hosts: hosts["all"]["hosts"]["lyceum1"].update(device))
    assert any("uses /dev/vdb twice" in problem for problem in _problems(tmp_path / "single"))


def test_machine_that_stands_twice(cluster: Path) -> None:
    path = cluster / "hosts.yml"
    path.write_text(path.read_text().replace("    hub2:\n      ansible_host", "    hub1:\n      ansible_host"))
    assert any("hub1 stands twice in the same place" in problem for problem in _problems(cluster))


def test_two_machines_with_one_address(cluster: Path) -> None:
    _edit(cluster / "hosts.yml", lambda hosts: hosts["all"]["hosts"]["hub2"].update(ansible_host="192.0.2.21"))
    assert any("hub1 and hub2 have the same address 192.0.2.21" in problem for problem in _problems(cluster))


def test_name_instead_of_an_address(cluster: Path) -> None:
    _edit(cluster / "hosts.yml", lambda hosts: hosts["all"]["hosts"]["hub2"].update(ansible_host="hub2.example.org"))
    assert any("set lyceum__address" in problem for problem in _problems(cluster))
    _edit(cluster / "hosts.yml", lambda hosts: hosts["all"]["hosts"]["hub2"].update(lyceum__address="192.0.2.99"))
    assert _problems(cluster) == []


@pytest.mark.parametrize("name", ["Hub_2", "-hub", "hub 2", "h" * 70])
def test_bad_machine_name(cluster: Path, name: str) -> None:
    def rename(hosts: Any) -> None:
        hosts["all"]["hosts"][name] = hosts["all"]["hosts"].pop("hub2")
        hosts["all"]["children"]["hub"]["hosts"] = {"hub1": None, name: None}

    _edit(cluster / "hosts.yml", rename)
    assert any("is no host name" in problem for problem in _problems(cluster))


def test_unknown_variable_names_the_line_and_the_nearest(cluster: Path) -> None:
    _set(cluster, lyceum__sign_ups="open")
    line = _line(cluster / "group_vars/all/main.yml", "lyceum__sign_ups")
    assert _problems(cluster) == [
        f"group_vars/all/main.yml:{line}: there is no variable lyceum__sign_ups; did you mean lyceum__sign_up?"
    ]


def test_unknown_variable_of_one_machine(cluster: Path) -> None:
    _edit(cluster / "hosts.yml", lambda hosts: hosts["all"]["hosts"]["db1"].update(postgresql__zzzzzzzz=1))
    line = _line(cluster / "hosts.yml", "postgresql__zzzzzzzz")
    assert _problems(cluster) == [f"hosts.yml:{line}: there is no variable postgresql__zzzzzzzz"]


def test_removed_variable_names_its_replacement(cluster: Path) -> None:
    _set(cluster, lyceum__old="x")
    (found,) = _problems(cluster, {"lyceum__old": "use lyceum__site_name"})
    assert found.endswith("lyceum__old was removed: use lyceum__site_name")


def test_removed_variables_are_not_declared_any_more() -> None:
    removed = yaml.safe_load((ROOT / "playbooks/vars/removed-variables.yml").read_text())["removed_variables"]
    assert not removed.keys() & specs.declared(ROLES).keys()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("lyceum__sign_up", "opne", "must be one of open, token, closed, not 'opne'"),
        ("lyceum__https_port", "443", "must be a whole number, not '443'"),
        ("lyceum__https_port", True, "must be a whole number, not True"),
        ("lyceum__https_port", 70000, "is no port"),
        ("lyceum__names", "localhost", "must be a list, not 'localhost'"),
        ("lyceum__names", ["https://localhost"], "must be a name or an address"),
        ("lyceum__names", ["localhost:8443"], "must be a name or an address"),
        ("lyceum__names", ["localhost", "localhost"], "a name stands twice"),
        ("lyceum__names", [1], "lyceum__names[0] must be a text"),
        ("lyceum__names", [], "lyceum__names is not set"),
        ("lyceum__site_name", 7, "must be a text"),
        ("lyceum__administrator_email", "nobody", "is no address of e-mail"),
        ("lyceum__administrator_email", "", "lyceum__administrator_email is not set"),
        ("lyceum__project_domain", "https://x", "must be a domain"),
        ("lyceum__project_domain", "10.0.0.1", "must be a domain"),
        ("lyceum__project_domain", "lyceum.example.org", "is one of lyceum__names"),
        ("lyceum__https_port", 80, "lyceum__http_port: 80 is lyceum__https_port's already"),
        ("lyceum__ssh_port", 443, "443 is lyceum__https_port's already"),
        ("lyceum__hub_processes", 0, "out of range"),
        ("lyceum__public_certificate", "/nowhere.pem", "there is no file /nowhere.pem"),
        ("lyceum__public_certificate", "/etc/hostname", "go together"),
    ],
)
def test_bad_value_names_the_file(cluster: Path, name: str, value: object, message: str) -> None:
    _set(cluster, **{name: value})
    assert any(message in problem and problem.startswith("group_vars/all/main.yml") for problem in _problems(cluster))


@pytest.mark.parametrize("stray", ["group_vars/computes.yml", "group_vars/stroage/main.yml", "host_vars/hub3.yml"])
def test_file_that_nobody_reads(cluster: Path, stray: str) -> None:
    (cluster / stray).parent.mkdir(exist_ok=True)
    (cluster / stray).write_text("{}\n")
    assert any("so this would not be read; did you mean" in problem for problem in _problems(cluster))


def test_no_inventory_at_all(tmp_path: Path) -> None:
    inventory = validation.Inventory(
        files=locations.read(tmp_path / "nothing"), machines=[], roles=ROLES, roles_of_group=GROUPS, removed={}
    )
    (problem,) = validation.problems(inventory)
    assert "inventories/README.md" in problem.message


def test_missing_project_domain_is_warned_of() -> None:
    def warnings(example: str) -> list[str]:
        folder = ROOT / "inventories" / example
        machines = _machines(folder)
        files = locations.read(folder)
        inventory = validation.Inventory(files=files, machines=machines, roles=ROLES, roles_of_group=GROUPS, removed={})
        return validation.warnings(inventory)

    assert warnings("cluster") == []
    assert "has the hub's origin" in warnings("single")[0]
