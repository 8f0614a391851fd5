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
from lyceum_stacks.sizes import GroupName

TABLE = Path(__file__).with_name("hardware.csv")
#: Machines that stand by for the loss of one. Nobody lends one's own machines a second zone, so every kind has one.
SPARE = 1
#: Groups that may be on the same servers, as any may.
SHARING: tuple[GroupName, ...] = ("database", "hub", "edge")
HOURS_IN_MONTH = Decimal(730)


class Server(msgspec.Struct, frozen=True):
    """A server that can be bought. `memory`: GB; `disk`: TB that hold data, after mirroring; `usd`: its price."""

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
            name=row["name"],
            groups=tuple(row["groups"].split()),
            cores=Decimal(row["cores"]),
            memory=Decimal(row["memory_gb"]),
            disk=Decimal(row["disk_tb"]),
            usd=Decimal(row["usd"]),
            watts=Decimal(row["watts"]),
            units=Decimal(row["units"]),
            source=row["source"],
        )
        for row in reader
    )


def choose(demand: Demand, figures: Capacities) -> dict[GroupName, Chosen]:
    """The cheapest servers for each group to own, their power, room and people's time counted."""
    apart = {group: _cheapest(group, demand, figures) for group in GROUPS}
    shared = _shared(demand, figures, apart)
    return apart if shared is None or _cost(apart, figures) <= _cost(shared, figures) else shared


def bill(chosen: Mapping[GroupName, Chosen], figures: Capacities) -> Bill:
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


def _shared(demand: Demand, figures: Capacities, apart: Mapping[GroupName, Chosen]) -> dict[GroupName, Chosen] | None:
    """The same with all that hands work on to others on one kind of server, if one of it carries them together."""
    found: list[dict[GroupName, Chosen]] = []
    for server in servers():
        if not set(SHARING) <= set(server.groups):
            continue
        tightest = {group: limits(group, demand, server.machine(), figures) for group in SHARING}
        if sum(each[0].share for each in tightest.values()) > 1:
            continue
        first, *others = SHARING
        host = Chosen(first, server.name, 1 + SPARE, SPARE, tightest[first], int(server.disk * 1000))
        guests = {group: Chosen(group, server.name, 0, 0, tightest[group], 0, on=first) for group in others}
        found.append({**apart, first: host, **guests})
    return min(found, key=lambda chosen: _cost(chosen, figures), default=None)


def _cost(chosen: Mapping[GroupName, Chosen], figures: Capacities) -> Decimal:
    """What servers cost a month with the time of those who look after them."""
    work = (figures["work.machine"] + figures["work.hardware"]) * figures["work.rate"]
    return bill(chosen, figures).total + sum(found.count for found in chosen.values()) * work


def _cheapest(group: GroupName, demand: Demand, figures: Capacities) -> Chosen:
    best: tuple[Decimal, Chosen] | None = None
    for server in servers():
        if group not in server.groups:
            continue
        found = limits(group, demand, server.machine(), figures)
        chosen = Chosen(group, server.name, needed(found) + SPARE, SPARE, found, int(server.disk * 1000))
        cost = _cost({group: chosen}, figures)
        if best is None or cost < best[0]:
            best = (cost, chosen)
    if best is None:
        raise LookupError(f"hardware.csv has no server for {group}")
    return best[1]
