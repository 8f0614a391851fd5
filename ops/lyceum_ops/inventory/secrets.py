"""The secrets of an instance: generated on first use into the inventory's vault, never made anew.

`<inventory>/group_vars/all/vault.yml` holds them, encrypted as `ansible-vault` does it; `<inventory>/.vault-password`
holds the key, unless ANSIBLE_VAULT_PASSWORD_FILE names another. The plugin `playbooks/plugins/vars/lyceum_vault.py`
calls `ensure` when a playbook first asks for variables, so that nothing has to be run beforehand.
"""

import fcntl
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret, get_file_vault_secret
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from lyceum_ops.inventory import InventoryError

VARIABLE = "lyceum__secrets"
VAULT = Path("group_vars/all/vault.yml")
KEY = Path(".vault-password")
KEY_VARIABLE = "ANSIBLE_VAULT_PASSWORD_FILE"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike
_HEADER = "# Generated secrets of this instance. Look with ansible-vault view, change with ansible-vault edit.\n"

Secrets = dict[str, str]
Keys = Sequence[tuple[str, VaultSecret]]


def _password() -> str:
    """A password for programs: 190 bits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(38))


def _readable() -> str:
    """A password for people: 99 bits in four groups."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))


def _ssh_key() -> str:
    """A private key in OpenSSH's format."""
    key = ed25519.Ed25519PrivateKey.generate()
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    ).decode()


GENERATORS: Mapping[str, Callable[[], str]] = {
    "postgresql_owner": _password,
    "postgresql_hub": _password,
    "postgresql_storage": _password,
    "postgresql_dump": _password,
    "administrator_password": _readable,
    "sign_up_token": _readable,
    "ssh_host_key": _ssh_key,
    "ca_passphrase": _password,
}


@dataclass(frozen=True)
class Vault:
    """What an inventory's vault holds, and the keys that open it."""

    keys: Keys
    variables: Mapping[str, object]

    @property
    def secrets(self) -> Secrets:
        found = self.variables.get(VARIABLE) or {}
        return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def ensure(inventory: Path, *, given: Keys = ()) -> Vault:
    """Read the vault of an inventory folder; make it and its key if they are not there; add secrets that are missing.

    given: keys that Ansible was started with; used when the folder has no key of its own.
    """
    vault = read(inventory, given=given)
    if vault and not _missing(vault):
        return vault
    with _locked(inventory):
        vault = read(inventory, given=given) or Vault(
            keys=_existing_keys(inventory, given) or _make_key(inventory), variables={}
        )
        if missing := _missing(vault):
            added = vault.secrets | {name: GENERATORS[name]() for name in missing}
            vault = Vault(keys=vault.keys, variables={**vault.variables, VARIABLE: added})
            _write(inventory / VAULT, _encrypt(vault))
    return vault


def read(inventory: Path, *, given: Keys = ()) -> Vault | None:
    """Read the vault of an inventory folder, or None if there is none. Changes nothing."""
    path = inventory / VAULT
    try:
        sealed = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InventoryError(
            f"cannot read {path}: {error.strerror}", hint="make it readable for the user who deploys"
        ) from error
    keys = _existing_keys(inventory, given)
    if not keys:
        raise InventoryError(
            f"{path} is encrypted, but its key {inventory / KEY} is not there",
            hint=f"put the key back from where you keep a copy of it, or let {KEY_VARIABLE} name a file that holds it",
        )
    return Vault(keys=keys, variables=_decrypt(path, sealed, keys))


def administrator_password(inventory: Path) -> str:
    """The first password of the instance's administrator (generated if there is none yet)."""
    return ensure(inventory).secrets["administrator_password"]


def _missing(vault: Vault) -> list[str]:
    return [name for name in GENERATORS if not vault.secrets.get(name)]


def _existing_keys(inventory: Path, given: Keys) -> Keys:
    """The first that there is of: the folder's own key, what Ansible was given, what the environment names."""
    own = inventory / KEY
    if own.exists():
        return [("lyceum", _load_key(own))]
    if given:
        return given
    if named := os.environ.get(KEY_VARIABLE):
        return [("lyceum", _load_key(Path(named).expanduser()))]
    return []


def _load_key(path: Path) -> VaultSecret:
    try:
        secret = get_file_vault_secret(filename=str(path), loader=DataLoader())
        secret.load()
    except (AnsibleError, OSError) as error:
        raise InventoryError(
            f"cannot use {path} as the key of the vault: {error}", hint="it must hold the key in one line"
        ) from error
    return secret


def _make_key(inventory: Path) -> Keys:
    path = inventory / KEY
    _write(path, (_password() + "\n").encode())
    return [("lyceum", _load_key(path))]


def _decrypt(path: Path, sealed: bytes, keys: Keys) -> dict[str, object]:
    if not VaultLib(keys).is_encrypted(sealed):
        raise InventoryError(f"{path} is not encrypted", hint=f"encrypt it: ansible-vault encrypt {path}")
    try:
        text = VaultLib(keys).decrypt(sealed)
    except AnsibleError as error:
        raise InventoryError(
            f"{path} cannot be decrypted: the key is another one, or the file is damaged",
            hint="restore the file and its key from the same backup; they are never made anew, as passwords are in use",
        ) from error
    try:
        variables = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InventoryError(f"{path} holds no valid YAML", hint=f"mend it: ansible-vault edit {path}") from error
    if not isinstance(variables, dict) or not isinstance(variables.get(VARIABLE, {}), dict):
        raise InventoryError(
            f"{path} must hold a mapping with the mapping {VARIABLE}", hint=f"mend it: ansible-vault edit {path}"
        )
    return variables


def _encrypt(vault: Vault) -> bytes:
    text = _HEADER + yaml.safe_dump(
        dict(vault.variables), default_flow_style=False, allow_unicode=True, sort_keys=False
    )
    _, secret = vault.keys[0]
    return bytes(VaultLib(vault.keys).encrypt(text, secret=secret))


def _write(path: Path, content: bytes) -> None:
    """Replace a file in one step: it holds the old content or the new, never half of it."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise InventoryError(
            f"cannot write {path}: {error.strerror}", hint="let the user who deploys write into this folder"
        ) from error


@contextmanager
def _locked(inventory: Path) -> Iterator[None]:
    """Let one process at a time make secrets for this inventory. The folder itself is the lock: no file is left."""
    try:
        descriptor = os.open(inventory, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise InventoryError(f"cannot open the inventory {inventory}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
