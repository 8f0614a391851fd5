"""Password rules, hashing, and its bounded queue."""

from __future__ import annotations

import asyncio

import pytest
from argon2 import PasswordHasher
from lyceum_hub.errors import InvalidError, UnavailableError
from lyceum_hub.services.passwords import Passwords, check_rules


@pytest.mark.parametrize("password", ["short", "x" * 1025, "ada@example.org", "ADA.LOVELACE", "aaaaaaaaaa", "password"])
def test_bad_passwords_are_refused(password: str) -> None:
    address = "ada.lovelace@example.org" if password == "ADA.LOVELACE" else "ada@example.org"
    with pytest.raises(InvalidError) as refused:
        check_rules(password, email_address=address)
    assert refused.value.field == "password"


def test_length_alone_makes_a_good_password() -> None:
    check_rules("correct horse battery", email_address="ada@example.org")
    check_rules("日本語のパスワード", email_address="ada@example.org")


async def test_what_was_hashed_is_verified_in_any_composition() -> None:
    passwords = Passwords(threads=1)
    stored = await passwords.hash("caf\N{LATIN SMALL LETTER E WITH ACUTE}-password")
    assert await passwords.verify(stored, "cafe\N{COMBINING ACUTE ACCENT}-password") == (True, None)
    assert await passwords.verify(stored, "another") == (False, None)
    assert await passwords.verify(None, "another") == (False, None)
    assert await passwords.verify("not a hash", "another") == (False, None)
    passwords.close()


async def test_an_outdated_hash_is_renewed() -> None:
    passwords = Passwords(threads=1)
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("a good password")
    fits, renewed = await passwords.verify(weak, "a good password")
    assert fits
    assert renewed is not None
    assert await passwords.verify(renewed, "a good password") == (True, None)
    passwords.close()


async def test_the_queue_is_bounded() -> None:
    passwords = Passwords(threads=1, queue=1)
    results = await asyncio.gather(*(passwords.hash("x") for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(result, UnavailableError) for result in results) == 3
    assert await passwords.hash("x")  # there is room again
    passwords.close()
