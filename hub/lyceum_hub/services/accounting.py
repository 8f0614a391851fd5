"""Reading what compute hosts counted, and keeping it: each hour once, however many hubs there are."""

from __future__ import annotations

import asyncio
import logging
import math
import random
import re
from datetime import UTC, datetime, timedelta

from lyceum_compute.protocol.messages import AccountedHour

from lyceum_hub.compute_client import ComputeHosts
from lyceum_hub.db import usage
from lyceum_hub.db.database import Database
from lyceum_hub.errors import HubError

log = logging.getLogger(__name__)

#: Seconds between two readings of a host.
EVERY = 60.0
#: Days for which hours are kept; what is older is kept by the day.
HOURS_KEPT = 31
#: What one project cannot use more of in an hour, whatever a host says.
MOST = {"cpu_seconds": 3_600.0 * 10_000, "memory_gb_hours": 10_000.0, "disk": 1e10, "running_seconds": 3_600.0}
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Answers of one host that are taken at a time: each holds a thousand hours.
MOST_ANSWERS = 100


class Accounting:
    """Reads the hosts' ledgers."""

    def __init__(self, database: Database, compute: ComputeHosts) -> None:
        self._database = database
        self._compute = compute

    async def run(self) -> None:
        """Read all hosts again and again until cancelled."""
        while True:
            await asyncio.sleep(EVERY * random.uniform(0.7, 1.3))  # noqa: S311 not for secrets
            for host in self._compute:
                if host.connected:
                    await self._read_or_log(host.name)

    async def _read_or_log(self, host: str) -> None:
        try:
            await self.read(host)
        except HubError as error:
            log.info("%s", error.message, extra={"action": "accounting", "host": host})
        except Exception:  # the boundary of one host's reading: what one tells keeps no other from being read
            log.exception("a ledger could not be read", extra={"action": "accounting", "host": host})

    async def read(self, host: str) -> None:
        """Read what a host counted since it was read last; what another hub is reading is left to it."""
        for _ in range(MOST_ANSWERS):
            async with self._database.connection() as connection:
                ledger, sequence = await usage.mark(connection, host)
            answer = await self._compute.accounting(host, ledger, sequence)
            if not answer.hours:
                return
            async with self._database.transaction() as connection:
                if not await usage.lock_accounting(connection, host):
                    return
                if await usage.mark(connection, host) != (ledger, sequence):
                    continue
                now = datetime.now(UTC)
                await usage.write(connection, host, answer.ledger, [hour for hour in answer.hours if sane(hour, now)])
                await usage.set_mark(connection, host, answer.ledger, max(hour.sequence for hour in answer.hours))

    async def fold(self) -> None:
        """Keep by the day what is older than a month."""
        async with self._database.transaction() as connection:
            await usage.fold(connection, datetime.now(UTC).date() - timedelta(days=HOURS_KEPT))


def sane(hour: AccountedHour, now: datetime) -> bool:
    """Whether what a host says of an hour can be: a host may be somebody else's by now."""
    if hour.hour.tzinfo is None or not now - timedelta(days=HOURS_KEPT - 1) < hour.hour < now + timedelta(hours=1):
        return False
    if hour.hour != hour.hour.replace(minute=0, second=0, microsecond=0):
        return False
    values = {name: getattr(hour, name) for name in MOST}
    return _ID.fullmatch(hour.project_id) is not None and all(
        math.isfinite(value) and 0 <= value <= MOST[name] * 1.001 for name, value in values.items()
    )
