"""Who a request comes from: the gateway has said so. Nothing else can connect to the socket."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

ACCOUNT = "X-Lyceum-Account"
#: The person's name, percent-encoded UTF-8.
NAME = "X-Lyceum-Name"
MAX_NAME = 200
_ACCOUNT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CHANGES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Person:
    """A person as collaborators see them."""

    account: str
    name: str

    @property
    def initials(self) -> str:
        """First letters of the first and the last word of the name."""
        words = self.name.split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def of(headers: Mapping[str, str]) -> Person | None:
    """Return whose request this is; None if no account is named."""
    account = headers.get(ACCOUNT, "")
    if not _ACCOUNT.fullmatch(account):
        return None
    words = "".join(character if character.isprintable() else " " for character in unquote(headers.get(NAME, "")))
    return Person(account, " ".join(words[:MAX_NAME].split()) or f"Account {account[:8]}")


def comes_from_elsewhere(method: str, headers: Mapping[str, str]) -> bool:
    """Tell whether a page of another origin makes this request, with its visitor's rights.

    Browsers say where a request comes from; other clients need not. Following a link from elsewhere is fine, as long as
    it changes nothing.
    """
    origin, host = headers.get("Origin"), headers.get("X-Forwarded-Host") or headers.get("Host", "")
    if origin is not None and urlsplit(origin.lower()).netloc != host.lower():
        return True
    if headers.get("Sec-Fetch-Site", "none") in {"none", "same-origin"}:
        return False
    return method not in _CHANGES_NOTHING or headers.get("Sec-Fetch-Mode") != "navigate"
