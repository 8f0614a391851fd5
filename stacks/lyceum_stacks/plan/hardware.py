"""A plan for machines of one's own: which servers to buy, and what owning them costs a month."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path

import msgspec

from lyceum_stacks.plan.capacities import Capacities
from lyceum_stacks.plan.cloud import Chosen
from lyceum_stacks.plan.demand import Demand
from lyceum_stacks.plan.limits import GROUPS, Machine, limits, needed

TABLE = Path(__file__).with_name("hardware.csv")
#: Machines that stand by for the loss of one. Nobody lends one's own machines a second zone, so every kind has one.
SPARE = 1
HOURS_IN_MONTH = Decimal(730)


class Server(msgspec.Struct, frozen=True):
    """A server that can be bought. `disk`: TB that hold data, after mirroring; `usd`: what it costs to buy."""

    name: str
    groups: Sequence[str]
    cores: Decimal
    memory: Decimal
    disk: Decimal
    usd: Decimal
    watts: Decimal
    units: Decimal
    source: str

    def machine(self) -> Machine:
        """What it offers."""
        return Machine(self.name, self.cores, self.memory * 1000, self.disk * 1_000_000)


class Bill(msgspec.Struct, frozen=True):
    """What the servers cost a month, in USD, and what must be paid to buy them."""

    purchase: Decimal
    parts: Mapping[str, Decimal]

    @property
    def total(self) -> Decimal:
        """All of it, a month."""
        return sum(self.parts.values(), Decimal(0))


@cache
def servers() -> tuple[Server, ...]:
    """The servers that a plan may buy."""
    reader = csv.DictReader(io.StringIO(TABLE.read_text(encoding="utf-8")))
    return tuple(
        Server(
            row["name"], tuple(row["groups"].split()),
            *(Decimal(row[key]) for key in ("cores", "memory_gb", "disk_tb", "usd", "watts", "units")), row["source"],
        )
        for row in reader
    )  # fmt: skip


def choose(demand: Demand, figures: Capacities) -> dict[str, Chosen]:
    """The cheapest servers for each group to own, their power, room and people's time counted."""
    return {group: _cheapest(group, demand, figures) for group in GROUPS}


def bill(chosen: Mapping[str, Chosen], figures: Capacities) -> Bill:
    """What owning the servers costs."""
    known = {server.name: server for server in servers()}
    bought = [(known[found.machine], found.count) for found in chosen.values()]
    purchase = sum((server.usd * count for server, count in bought), Decimal(0)) * (1 + figures.part("own.network"))
    watts = sum((server.watts * count for server, count in bought), Decimal(0))
    units = sum((server.units * count for server, count in bought), Decimal(0))
    return Bill(
        purchase,
        {
            "servers and network, written off": purchase / (12 * figures["own.years"]),
            "repair and spare parts": purchase * figures.part("own.repair") / 12,
            "power and cooling": watts / 1000 * HOURS_IN_MONTH * figures["own.cooling"] * figures["own.power"],
            "room": units * figures["own.room"],
            "line to the internet": figures["own.line"],
        },
    )


def _cheapest(group: str, demand: Demand, figures: Capacities) -> Chosen:
    best: tuple[Decimal, Chosen] | None = None
    for server in servers():
        if group not in server.groups:
            continue
        found = limits(group, demand, server.machine(), figures)
        chosen = Chosen(group, server.name, needed(found) + SPARE, SPARE, found, int(server.disk * 1000))
        work = (figures["work.machine"] + figures["work.hardware"]) * figures["work.rate"]
        cost = bill({group: chosen}, figures).total + chosen.count * work
        if best is None or cost < best[0]:
            best = (cost, chosen)
    if best is None:
        raise LookupError(f"hardware.csv has no server for {group}")
    return best[1]
