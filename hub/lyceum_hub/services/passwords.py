"""Passwords: what is a good one, and checking one without stopping everything else."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from lyceum_hub.errors import InvalidError, UnavailableError

#: What anybody would try first, of those that are long enough.
FIRST_TRIED = {"password", "12345678", "123456789", "1234567890", "password1", "qwertyuiop"}

LEAST = 8
MOST = 1024

T = TypeVar("T")

#: The first choice of the OWASP password storage cheat sheet: 46 MiB and about 40 ms for each.
_hasher = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)


def check_rules(password: str, *, email_address: str, field: str = "password") -> None:
    """Raise ``InvalidError`` for a password that nobody should use (NIST SP 800-63B: length counts, kinds do not)."""
    if len(password) < LEAST:
        raise InvalidError(f"The password must have at least {LEAST} characters.", field)
    if len(password) > MOST:
        raise InvalidError(f"The password must have at most {MOST} characters.", field)
    lowered = password.lower()
    if lowered in {email_address, email_address.partition("@")[0]}:
        raise InvalidError("The password must not be the e-mail address.", field)
    if len(set(lowered)) < 3 or lowered in {
        "password",
        "12345678",
        "123456789",
        "1234567890",
        "password1",
        "qwertyuiop",
    }:
        raise InvalidError("This password is among the first that anybody would try. Choose another.", field)


class Passwords:
    """Hashes and verifies in a few threads of its own: two at a time, and no endless queue before them."""

    def __init__(self, *, threads: int = 2, queue: int = 200) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._room = threads + queue
        self._nobody = _hasher.hash(secrets.token_urlsafe())

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """Return what to store."""
        return await self._run(lambda: _hasher.hash(_normal(password)))

    async def verify(self, stored: str | None, password: str) -> tuple[bool, str | None]:
        """Return whether the password fits, and what to store instead if the stored hash is out of date.

        Takes the same time if there is nothing stored.
        """
        return await self._run(lambda: self._verify(stored, _normal(password[: MOST + 1])))

    def _verify(self, stored: str | None, password: str) -> tuple[bool, str | None]:
        try:
            _hasher.verify(stored or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False, None
        if stored is None:
            return False, None
        return True, _hasher.hash(password) if _hasher.check_needs_rehash(stored) else None

    async def _run(self, work: Callable[[], T]) -> T:
        if self._room <= 0:
            raise UnavailableError("Too many people are signing in at this moment. Try again shortly.")
        self._room -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._room += 1


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
