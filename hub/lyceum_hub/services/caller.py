"""Who calls."""

from __future__ import annotations

import hashlib
from uuid import UUID

import msgspec


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with a valid session or API key."""

    account_id: UUID
    email_address: str
    administrator: bool
    token_hash: bytes
    """Of the session or API key."""
    api_key: bool = False


def name_of(token_hash: bytes) -> str:
    """Return the name by which other services know a session or API key, which tells nothing of it."""
    return hashlib.sha256(b"name" + token_hash).hexdigest()[:32]


def hash_of(token: str) -> bytes:
    """Return what is stored instead of a token. The tokens are random, so one fast hash is enough."""
    return hashlib.sha256(token.encode()).digest()
