"""The inventory that is generated for a lab."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from lyceum_ops.errors import Failure
from lyceum_ops.lab import definition, inventory
from lyceum_ops.lab.definition import DEFAULT_MACHINES, Lab, with_machines


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Lab:
    monkeypatch.setattr(definition, "STATE", tmp_path / "state")
    monkeypatch.setattr(definition, "RUNTIME", tmp_path / "run")
    return with_machines(Lab("try", port=9443), DEFAULT_MACHINES, "image")


def test_it_is_linked_into_the_checkout(lab: Lab, tmp_path: Path) -> None:
    link = inventory.write(lab, tmp_path)
    assert link == tmp_path / "inventories" / "lab-try"
    assert link.resolve() == lab.places.inventory
    assert inventory.link_of(tmp_path, "lab") == tmp_path / "inventories" / "lab"


def test_hosts_stand_in_their_groups_with_their_disks(lab: Lab, tmp_path: Path) -> None:
    hosts = yaml.safe_load((inventory.write(lab, tmp_path) / "hosts.yml").read_text())["all"]
    assert set(hosts["hosts"]) == {name for name, _ in DEFAULT_MACHINES}
    assert set(hosts["children"]["compute"]["hosts"]) == {"compute1", "compute2"}
    assert hosts["hosts"]["compute1"]["compute__data_device"] == "/dev/lyceum-projects"
    assert hosts["hosts"]["storage1"]["storage__data_device"] == "/dev/lyceum-storage"
    assert set(hosts["hosts"]["edge1"]) == {"ansible_host"}


def test_two_labs_never_share_open_connections(lab: Lab, tmp_path: Path) -> None:
    other = with_machines(Lab("other"), DEFAULT_MACHINES, "image")
    folders = {
        yaml.safe_load((inventory.write(each, tmp_path) / "hosts.yml").read_text())["all"]["vars"][
            "ansible_control_path_dir"
        ]
        for each in (lab, other)
    }
    assert len(folders) == 2


def test_ports_follow_the_lab_and_settings_are_left_to_people(lab: Lab, tmp_path: Path) -> None:
    variables = inventory.write(lab, tmp_path) / "group_vars" / "all"
    (variables / "main.yml").write_text("lyceum__site_name: Mine\n")
    moved = Lab("try", machines=lab.machines, port=10443)
    inventory.write(moved, tmp_path)
    assert yaml.safe_load((variables / "ports.yml").read_text()) == {
        "lyceum__https_port": 10443,
        "lyceum__http_port": 10080,
        "lyceum__ssh_port": 10022,
    }
    assert inventory.settings_of(moved) == {"lyceum__site_name": "Mine"}


def test_every_host_key_is_known_beforehand(lab: Lab, tmp_path: Path) -> None:
    inventory.write(lab, tmp_path)
    known = (lab.places.ssh / "known_hosts").read_text().splitlines()
    assert [line.split()[0] for line in known] == [f"{machine.name},{machine.address}" for machine in lab.machines]
    assert len({line.split()[2] for line in known}) == len(known)
    settings = (lab.places.ssh / "config").read_text()
    assert "StrictHostKeyChecking yes" in settings
    assert (lab.places.ssh / "id_ed25519").stat().st_mode & 0o777 == 0o600


def test_a_folder_in_the_way_of_the_link_is_not_removed(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "inventories" / "lab-try").mkdir(parents=True)
    with pytest.raises(Failure, match="in the way"):
        inventory.write(lab, tmp_path)
