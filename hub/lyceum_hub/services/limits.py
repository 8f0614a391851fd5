"""How often something may be tried, counted over all hubs."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import timedelta

from lyceum_hub.db import attempts
from lyceum_hub.db.attempts import Limit
from lyceum_hub.db.database import Database
from lyceum_hub.errors import TooManyError
from lyceum_hub.settings import LimitSettings

MINUTE = timedelta(minutes=1)
HALF_HOUR = timedelta(minutes=30)
HOUR = timedelta(hours=1)


def network_of(address: str) -> str:
    """Return what counts as one caller: an IPv4 address, or the /64 of an IPv6 address (one customer has all of it)."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


class Limits:
    """Failed sign-ins by address of e-mail and by caller, and sign-ups by caller."""

    def __init__(self, database: Database, settings: LimitSettings) -> None:
        self._database = database
        self._settings = settings

    async def check_sign_in(self, email_address: str, address: str) -> None:
        """Raise ``TooManyError`` if there were too many failures."""
        async with self._database.connection() as connection:
            wait = await attempts.wait_time(connection, self._sign_in(email_address, address))
        self._refuse(wait, "sign-ins")

    async def count_failed_sign_in(self, email_address: str, address: str) -> None:
        """Count a failure. Raises ``TooManyError`` when others that came at the same time filled the limit first."""
        async with self._database.transaction() as connection:
            wait = await attempts.record(connection, self._sign_in(email_address, address))
        self._refuse(wait, "sign-ins")

    async def count_sign_up(self, address: str) -> None:
        """Count a sign-up, or raise ``TooManyError``."""
        limits = [Limit("sign_up", network_of(address), self._settings.sign_up_per_half_hour, HALF_HOUR)]
        async with self._database.transaction() as connection:
            wait = await attempts.record(connection, limits)
        self._refuse(wait, "sign-ups")

    def _sign_in(self, email_address: str, address: str) -> Sequence[Limit]:
        settings = self._settings
        caller = network_of(address)
        return [
            Limit("sign_in_email", email_address, settings.sign_in_per_minute, MINUTE),
            Limit("sign_in_email", email_address, settings.sign_in_per_hour, HOUR),
            Limit("sign_in_address", caller, settings.sign_in_address_per_minute, MINUTE),
            Limit("sign_in_address", caller, settings.sign_in_address_per_hour, HOUR),
        ]

    @staticmethod
    def _refuse(wait: int, what: str) -> None:
        if wait:
            raise TooManyError(
                f"Too many failed {what}. Try again in {_spoken(wait)}.".replace("failed sign-ups", "sign-ups"), wait
            )


def _spoken(seconds: int) -> str:
    if seconds < 90:
        return f"{seconds} seconds"
    return f"{round(seconds / 60)} minutes"
