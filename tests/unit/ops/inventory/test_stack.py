"""Inventories made of what a stack put out: whole, in the shape of the others, and nothing believed unseen."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from lyceum_ops import programs
from lyceum_ops.inventory import InventoryError, locations, specs, stack, validation

ROOT = Path(__file__).parents[4]
SAVED = Path(__file__).with_name("stack-output.json")


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """inventories/gcp with saved outputs."""
    folder = tmp_path / "gcp"
    shutil.copytree(ROOT / "inventories/gcp", folder)
    hosts = folder / "hosts.yml"
    hosts.write_text(hosts.read_text().replace("stack: medium", "outputs: outputs.json"))
    shutil.copy(SAVED, folder / "outputs.json")
    return folder


def _describe(folder: Path, **content: object) -> Path:
    path = folder / "hosts.yml"
    path.write_text(yaml.safe_dump({"plugin": "lyceum_stack", **content}))
    return path


def _outputs(**changes: Any) -> dict[str, Any]:
    content = json.loads(SAVED.read_text())
    content["lyceum"].update(changes)
    return content


def _refused(content: object) -> str:
    with pytest.raises(InventoryError) as caught:
        stack.build(content, source="it", folder=Path("/inventory"))
    assert "\n" not in caught.value.message
    return caught.value.message


def _machine(**changes: Any) -> dict[str, Any]:
    machines = {"hub1": {**_outputs()["lyceum"]["machines"]["hub1"], **changes}}
    return _outputs(machines=machines)


def test_machines_are_in_the_groups_of_any_inventory(inventory: Path) -> None:
    found = stack.load(inventory / "hosts.yml")
    assert {name: group for name, (group, _) in found.machines.items()} == {
        "edge1": "edge", "edge2": "edge", "hub1": "hub", "hub2": "hub", "db1": "database",
        "compute1": "compute", "compute2": "compute", "compute3": "compute", "storage1": "storage",
    }  # fmt: skip


def test_inventory_is_accepted(inventory: Path) -> None:
    found = stack.load(inventory / "hosts.yml")
    settings = yaml.safe_load((inventory / "group_vars/all/main.yml").read_text())
    common = {name: value for name, value in found.variables.items() if validation.VARIABLE.fullmatch(name)}
    machines = [
        validation.Machine(name=name, groups=frozenset({group}), variables={**common, **settings, **variables})
        for name, (group, variables) in found.machines.items()
    ]
    whole = validation.Inventory(
        files=locations.read(inventory),
        machines=machines,
        roles=specs.load_roles(ROOT / "roles"),
        roles_of_group=yaml.safe_load((ROOT / "playbooks/vars/groups.yml").read_text())["roles_of_group"],
        removed={},
    )
    assert validation.problems(whole) == []


def test_data_disks_go_by_names_that_stay(inventory: Path) -> None:
    machines = stack.load(inventory / "hosts.yml").machines
    assert machines["compute1"][1]["compute__data_device"] == "/dev/disk/by-id/google-lyceum-projects"
    assert machines["storage1"][1]["storage__data_device"] == "/dev/disk/by-id/google-lyceum-storage"


def test_ssh_goes_through_the_proxy(inventory: Path) -> None:
    arguments = shlex.split(stack.load(inventory / "hosts.yml").machines["hub1"][1]["ansible_ssh_common_args"])
    options = dict(option.split("=", 1) for option in arguments[1::2])
    assert set(arguments[::2]) == {"-o"}
    assert options["HostKeyAlias"] == "campus-hub1"
    assert options["ProxyCommand"] == (
        "gcloud compute start-iap-tunnel campus-hub1 %p --listen-on-stdin --project=campus-cloud --zone=europe-west4-a --verbosity=error"
    )
    assert shlex.split(options["UserKnownHostsFile"])[0] == str(inventory / "known_hosts")


def test_ssh_within_the_network_needs_no_proxy(inventory: Path) -> None:
    path = _describe(inventory, outputs="outputs.json", ssh="direct")
    assert "ProxyCommand" not in stack.load(path).machines["hub1"][1]["ansible_ssh_common_args"]


def test_user_of_keys_but_not_of_os_login() -> None:
    assert "ansible_user" not in stack.build(_outputs(), source="it", folder=Path("/i")).variables
    assert stack.build(_outputs(ssh_user="ada"), source="it", folder=Path("/i")).variables["ansible_user"] == "ada"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([], "it: there is no output lyceum, of which inventories are made"),
        ({}, "it: there is no output lyceum, of which inventories are made"),
        ({"lyceum": "[secret]"}, "it: there is no output lyceum, of which inventories are made"),
        (_outputs(version=2), "it: the output lyceum has version 2; this Lyceum reads 1"),
        (_outputs(machines={}), "it: it has no machine"),
        ({"lyceum": {"version": 1}}, "it: the output lyceum is incomplete (KeyError('project'))"),
        (_machine(address=None), "it: hub1 has no address yet, but None"),
        (_machine(address="04da6b54-80e4-46f7-96ec-b56ff0331ba9"), "it: hub1 has no address yet, but '04da6b54-80e4-46f7-96ec-b56ff0331ba9'"),
        (_machine(instance="x; rm -rf /"), "it: instance of hub1: 'x; rm -rf /' is no name"),
        (_machine(zone="-oProxyCommand=x"), "it: zone of hub1: '-oProxyCommand=x' is no name"),
        (_outputs(project="$(id)"), "it: project: '$(id)' is no name"),
        (_machine(variables={"ansible_connection": "local"}), "it: 'ansible_connection' is no variable of a role"),
        (_machine(variables={"compute__data_device": "{{ lookup('pipe', 'id') }}"}), "it: a variable holds a template"),
    ],
)  # fmt: skip
def test_outputs_that_cannot_be_used(content: object, says: str) -> None:
    assert _refused(content) == says


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({}, "give either stack (its name) or outputs (a file)"),
        ({"stack": "medium", "outputs": "x"}, "give either stack (its name) or outputs (a file)"),
        ({"stak": "medium"}, "there is no setting stak; did you mean stack?"),
        ({"stack": "medium", "ssh": "open"}, "ssh must be one of proxy, direct, not 'open'"),
    ],
)
def test_description_that_cannot_be_used(tmp_path: Path, content: dict[str, object], says: str) -> None:
    path = _describe(tmp_path, **content)
    with pytest.raises(InventoryError) as caught:
        stack.load(path)
    assert caught.value.message == f"{path}: {says}"


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match=r"cannot read .*outputs.json: No such file or directory"):
        stack.load(_describe(tmp_path, outputs="outputs.json"))


def test_truncated_file(tmp_path: Path) -> None:
    (tmp_path / "outputs.json").write_text(SAVED.read_text()[:300])
    with pytest.raises(InventoryError, match=r"outputs.json: it is no JSON \(.* in line \d+\)"):
        stack.load(_describe(tmp_path, outputs="outputs.json"))


def test_without_the_engine_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "find", lambda _: None)
    with pytest.raises(InventoryError) as caught:
        stack.load(_describe(tmp_path, stack="medium"))
    assert "Pulumi's engine is not installed here" in caught.value.message
    assert "www.pulumi.com/docs/install" in str(caught.value.hint)


def test_other_inventories_are_not_of_this_kind() -> None:
    assert stack.is_description(ROOT / "inventories/gcp/hosts.yml")
    assert not stack.is_description(ROOT / "inventories/cluster/hosts.yml")
    assert not stack.is_description(ROOT / "nothing")


def test_passphrase_of_the_caller_goes_before_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "STACKS", tmp_path)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE_FILE", raising=False)
    (tmp_path / ".passphrase").write_text("x")
    assert stack.engine_environment()["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(tmp_path / ".passphrase")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "mine")
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in stack.engine_environment()
