"""The vault of an inventory: made once, completed, never made anew; clear words when it cannot be read."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from ansible.parsing.vault import VaultLib
from lyceum_ops.inventory import InventoryError, secrets


@pytest.fixture
def inventory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(secrets.KEY_VARIABLE, raising=False)
    (tmp_path / "group_vars/all").mkdir(parents=True)
    return tmp_path


def _seal(inventory: Path, variables: object) -> None:
    keys = secrets.ensure(inventory).keys
    (inventory / secrets.VAULT).write_bytes(VaultLib(keys).encrypt(yaml.safe_dump(variables), secret=keys[0][1]))


def test_first_use_makes_every_secret_and_a_key_that_only_the_owner_reads(inventory: Path) -> None:
    vault = secrets.ensure(inventory)
    assert vault.secrets.keys() == secrets.GENERATORS.keys()
    assert len(set(vault.secrets.values())) == len(vault.secrets)
    for path in (inventory / secrets.KEY, inventory / secrets.VAULT):
        assert path.stat().st_mode & 0o777 == 0o600
    sealed = (inventory / secrets.VAULT).read_text()
    assert sealed.startswith("$ANSIBLE_VAULT;")
    assert not any(value in sealed for value in vault.secrets.values())


def test_second_use_changes_nothing(inventory: Path) -> None:
    first = secrets.ensure(inventory)
    before = (inventory / secrets.VAULT).read_bytes()
    assert secrets.ensure(inventory).secrets == first.secrets
    assert (inventory / secrets.VAULT).read_bytes() == before


def test_missing_secret_is_added_and_all_else_stays(inventory: Path) -> None:
    first = secrets.ensure(inventory).secrets
    _seal(inventory, {"other": 1, secrets.VARIABLE: {k: v for k, v in first.items() if k != "postgresql_dump"}})
    vault = secrets.ensure(inventory)
    assert vault.variables["other"] == 1
    assert vault.secrets["postgresql_dump"]
    assert {**vault.secrets, "postgresql_dump": ""} == {**first, "postgresql_dump": ""}


def test_many_at_once_agree(inventory: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: secrets.ensure(inventory).secrets, range(8)))
    assert all(one == found[0] for one in found)


def test_reading_makes_nothing(inventory: Path) -> None:
    assert secrets.read(inventory) is None
    assert not (inventory / secrets.KEY).exists()


def test_password_of_the_administrator(inventory: Path) -> None:
    assert secrets.administrator_password(inventory) == secrets.ensure(inventory).secrets["administrator_password"]


def test_key_can_be_elsewhere(inventory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "elsewhere"
    key.write_text("a key of their own\n")
    monkeypatch.setenv(secrets.KEY_VARIABLE, str(key))
    first = secrets.ensure(inventory).secrets
    assert not (inventory / secrets.KEY).exists()
    assert secrets.ensure(inventory).secrets == first


def test_missing_key_is_not_made_anew(inventory: Path) -> None:
    secrets.ensure(inventory)
    (inventory / secrets.KEY).unlink()
    with pytest.raises(InventoryError, match=r"its key .*\.vault-password is not there"):
        secrets.ensure(inventory)
    assert not (inventory / secrets.KEY).exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"lyceum__secrets: {}\n", "is not encrypted"),
        (b"$ANSIBLE_VAULT;1.1;AES256\n6162\n", "cannot be decrypted"),
    ],
)
def test_damaged_vault(inventory: Path, content: bytes, message: str) -> None:
    secrets.ensure(inventory)
    (inventory / secrets.VAULT).write_bytes(content)
    with pytest.raises(InventoryError, match=message) as caught:
        secrets.ensure(inventory)
    assert "vault.yml" in caught.value.message
    assert (inventory / secrets.VAULT).read_bytes() == content


def test_another_key(inventory: Path) -> None:
    secrets.ensure(inventory)
    (inventory / secrets.KEY).write_text("another\n")
    with pytest.raises(InventoryError, match="the key is another one"):
        secrets.ensure(inventory)


@pytest.mark.parametrize("variables", [["a list"], {secrets.VARIABLE: "a text"}])
def test_vault_of_another_shape(inventory: Path, variables: object) -> None:
    _seal(inventory, variables)
    with pytest.raises(InventoryError, match="must hold a mapping"):
        secrets.ensure(inventory)


def test_folder_that_cannot_be_written(inventory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> tuple[int, str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(secrets.tempfile, "mkstemp", refuse)
    with pytest.raises(InventoryError, match=r"cannot write .*: Permission denied"):
        secrets.ensure(inventory)
