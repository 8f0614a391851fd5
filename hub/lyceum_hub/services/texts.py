"""What people may type: addresses of e-mail, names, titles."""

from __future__ import annotations

import re
import unicodedata

from lyceum_hub.errors import InvalidError

_EMAIL = re.compile(r"[^\s@\"<>(),:;\\\[\]\x00-\x20\x7f]+@[^\s@\"<>(),:;\\\[\]_\x00-\x20\x7f]+")


def email_address(text: str, field: str = "email_address") -> str:
    """Return an address in its one normal form (NFKC, lower case). Raises ``InvalidError``."""
    normal = unicodedata.normalize("NFKC", text).strip().lower()
    local, _, domain = normal.rpartition("@")
    labels = domain.split(".")
    proper = (
        _EMAIL.fullmatch(normal)
        and len(normal) <= 254
        and len(local) <= 64
        and not (local.startswith(".") or local.endswith(".") or ".." in local)
        and all(label and len(label) <= 63 and label[0] != "-" and label[-1] != "-" for label in labels)
    )
    if not proper:
        raise InvalidError("This is not an e-mail address.", field)
    return normal


def line(text: str, field: str, *, most: int, least: int = 0) -> str:
    """Return a text of one line, without blanks around it. Raises ``InvalidError``."""
    stripped = unicodedata.normalize("NFC", text).strip()
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in stripped):
        raise InvalidError(f"{field} must be one line without control characters.", field)
    if not least <= len(stripped) <= most:
        raise InvalidError(f"{field} must have {least} to {most} characters.", field)
    return stripped


def paragraph(text: str, field: str, *, most: int) -> str:
    """Return a text of any number of lines. Raises ``InvalidError``."""
    normal = unicodedata.normalize("NFC", text).replace("\r\n", "\n")
    if any(unicodedata.category(character) == "Cc" and character not in "\n\t" for character in normal):
        raise InvalidError(f"{field} must not have control characters.", field)
    if len(normal) > most:
        raise InvalidError(f"{field} must have at most {most} characters.", field)
    return normal
