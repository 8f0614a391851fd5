"""The filters of single roles."""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from ansible.errors import AnsibleFilterError

ROLES = Path(__file__).parents[3] / "roles"


def _load(role: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{role}_filters", ROLES / role / f"filter_plugins/{role}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


postgresql = _load("postgresql")
static = _load("static")


def test_a_verifier_is_what_a_client_with_the_password_proves() -> None:
    """RFC 5802: StoredKey = H(HMAC(SaltedPassword, "Client Key")), ServerKey = HMAC(SaltedPassword, "Server Key")."""
    mechanism, parameters, keys = postgresql.postgresql_verifier("correct horse", "lyceum_hub").split("$")
    iterations, salt = parameters.split(":")
    stored, server = (base64.b64decode(part) for part in keys.split(":"))
    salted = hashlib.pbkdf2_hmac("sha256", b"correct horse", base64.b64decode(salt), int(iterations))
    assert mechanism == "SCRAM-SHA-256"
    assert int(iterations) >= 4096
    assert hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest() == stored
    assert hmac.digest(salted, b"Server Key", "sha256") == server


def test_a_verifier_is_always_the_same_and_each_roles_own() -> None:
    first = postgresql.postgresql_verifier("secret", "lyceum_hub")
    assert first == postgresql.postgresql_verifier("secret", "lyceum_hub")
    assert first != postgresql.postgresql_verifier("secret", "lyceum_dump")
    assert "secret" not in first


@pytest.mark.parametrize("password", ["", "grün", "line\nbreak"])
def test_a_password_that_clients_may_read_differently_is_refused(password: str) -> None:
    with pytest.raises(AnsibleFilterError, match="lyceum_hub"):
        postgresql.postgresql_verifier(password, "lyceum_hub")


def test_a_release_is_named_after_all_that_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("page")
    first = static.static_release(str(tmp_path))
    assert first == static.static_release(str(tmp_path))
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/a.js").write_text("script")
    second = static.static_release(str(tmp_path))
    (tmp_path / "assets/a.js").rename(tmp_path / "assets/b.js")
    assert len({first, second, static.static_release(str(tmp_path))}) == 3


def test_a_web_client_that_is_not_built_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(AnsibleFilterError, match="build the web client"):
        static.static_release(str(tmp_path))
