"""What stands before the machines are touched, through ansible-playbook itself: the vault and the inventory's check."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.process("ansible-playbook")


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "inventories/cluster", tmp_path / "instance")
    return tmp_path / "instance"


def _playbook(inventory: Path, *arguments: str, name: str = "validate.yml") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return subprocess.run(  # noqa: S603 - our own playbook
        [sys.executable, "-m", "ansible", "playbook", "-i", inventory, f"playbooks/{name}", *arguments],
        check=False,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def _vault(inventory: Path) -> Path:
    return inventory / "group_vars/all/vault.yml"


def test_good_inventory_is_accepted_and_gets_its_secrets(inventory: Path) -> None:
    first = _playbook(inventory)
    assert first.returncode == 0, first.stdout + first.stderr
    sealed = _vault(inventory).read_bytes()
    assert sealed.startswith(b"$ANSIBLE_VAULT;")
    assert _playbook(inventory, "--limit", "hub2").returncode == 0
    assert _vault(inventory).read_bytes() == sealed


def test_only_looking_makes_nothing(inventory: Path) -> None:
    assert _playbook(inventory, "--syntax-check").returncode == 0
    assert _playbook(inventory, "--list-tasks").returncode == 0
    assert not _vault(inventory).exists()
    assert not (inventory / ".vault-password").exists()


def test_bad_inventory_is_refused_even_where_a_limit_leaves_the_fault_out(inventory: Path) -> None:
    settings = inventory / "group_vars/all/main.yml"
    settings.write_text(settings.read_text() + "lyceum__nams: [x]\n")
    hosts = inventory / "hosts.yml"
    hosts.write_text(hosts.read_text().replace("      storage__data_device: /dev/disk/by-id/virtio-storage\n", ""))
    refused = _playbook(inventory, "--limit", "hub1")
    told = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert "main.yml" in told
    assert "there is no variable lyceum__nams; did you mean lyceum__names?" in told
    assert "storage1 needs storage__data_device" in told
    assert "Traceback" not in told


def test_lost_key_of_the_vault_is_told(inventory: Path) -> None:
    assert _playbook(inventory).returncode == 0
    (inventory / ".vault-password").unlink()
    refused = _playbook(inventory)
    told = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert ".vault-password is not there" in told
    assert "put the key back" in told
    assert "Traceback" not in told


def test_folder_that_is_no_inventory(tmp_path: Path) -> None:
    refused = _playbook(tmp_path / "nothing")
    told = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert f"failed to parse inventory source {tmp_path}/nothing" in " ".join(told.split())
    assert "Traceback" not in told


def test_inventory_of_a_stack_is_accepted(tmp_path: Path) -> None:
    """With saved outputs, through Ansible itself: the plugin, the vault beside it, and the inventory's check."""
    folder = tmp_path / "instance"
    shutil.copytree(ROOT / "inventories/gcp", folder)
    shutil.copy(ROOT / "tests/unit/ops/inventory/stack-output.json", folder / "outputs.json")
    hosts = folder / "hosts.yml"
    hosts.write_text(hosts.read_text().replace("stack: medium", "outputs: outputs.json"))
    accepted = _playbook(folder)
    assert accepted.returncode == 0, accepted.stdout + accepted.stderr
    assert _vault(folder).exists()
    hosts.write_text(hosts.read_text().replace("outputs: outputs.json", "outputs: gone.json"))
    refused = _playbook(folder)
    told = " ".join((refused.stdout + refused.stderr).split())
    assert refused.returncode != 0
    assert "gone.json: No such file or directory" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("line", "said"), [(": : [", "this is no YAML"), ('lyceum__http_port: "{{ nothing }}"', "cannot be computed")]
)
def test_what_ansible_cannot_read_is_told_with_its_file(inventory: Path, line: str, said: str) -> None:
    """Ansible said of a mistake in group_vars that it was no YAML, or not defined, and not where."""
    settings = inventory / "group_vars/all/main.yml"
    number = len(settings.read_text().splitlines()) + 1
    settings.write_text(f"{settings.read_text()}{line}\n")
    refused = _playbook(inventory)
    assert refused.returncode != 0
    told = " ".join((refused.stdout + refused.stderr).split())
    assert f"group_vars/all/main.yml:{number}: " in told
    assert said in told


def test_a_deployment_of_one_hub_dumps_the_database_as_well(inventory: Path) -> None:
    """Hubs change tables."""
    listed = _playbook(inventory, "--limit", "hub2", "--list-hosts", name="dump-database.yml").stdout
    assert "hosts (1):\n      hub2" in listed
