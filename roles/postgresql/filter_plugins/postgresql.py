"""What PostgreSQL keeps of a password: computed here, so that no password reaches SQL, an argument list or a log."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

ITERATIONS = 4096


def postgresql_verifier(password: str, role: str) -> str:
    """Return the SCRAM-SHA-256 verifier of a role's password (RFC 5803), as ``pg_authid.rolpassword`` holds it.

    The salt follows from password and role, so that the same password gives the same verifier and a second run
    changes nothing. That is no weakness with passwords of high entropy, and these are generated.
    """
    if not (password.isascii() and password.isprintable() and password):
        raise AnsibleFilterError(f"The password of {role} must be printable ASCII; mend the inventory's vault.yml.")
    secret = password.encode()
    salt = hmac.digest(secret, f"lyceum postgresql {role}".encode(), "sha256")[:16]
    salted = hashlib.pbkdf2_hmac("sha256", secret, salt, ITERATIONS)
    stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    return f"SCRAM-SHA-256${ITERATIONS}:{_base64(salt)}${_base64(stored_key)}:{_base64(server_key)}"


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


class FilterModule:
    """The filters of this role."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"postgresql_verifier": postgresql_verifier}
