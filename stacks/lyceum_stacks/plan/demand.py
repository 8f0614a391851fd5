"""What people ask of an instance at its busiest hour."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

import msgspec

from lyceum_stacks.plan.capacities import Capacities

#: Seconds between automatic saves of a project that changes (the hub's and the daemon's default).
SAVE_INTERVAL = 300


class Demand(msgspec.Struct, frozen=True):
    """Quantities at the busiest hour. Memory and disk in MB (10**6 bytes), rates each second."""

    weekly_users: int
    running: int
    projects: int
    open_projects: int
    memory: Decimal
    cores: Decimal
    open_disk: Decimal
    copies_disk: Decimal
    requests: Decimal
    bytes: Decimal
    operations: Decimal
    sign_ins: Decimal
    saves: Decimal


def of(weekly_users: int, figures: Capacities) -> Demand:
    """What so many weekly users ask for, by the figures."""
    users = Decimal(weekly_users)
    running = _up(users * figures.part("people.concurrent"))
    projects = _up(users * figures["people.projects"])
    opened = max(running, _up(users * figures["people.open_projects"]))
    return Demand(
        weekly_users=weekly_users,
        running=running,
        projects=projects,
        open_projects=opened,
        memory=running * figures["project.memory"],
        cores=running * figures["project.cores"],
        open_disk=opened * figures["project.disk"],
        copies_disk=projects * figures["project.disk"] * (1 + figures["project.snapshots"]),
        requests=running * figures["people.requests"],
        bytes=running * figures["people.egress"] / 1000,
        operations=running * figures["people.operations"],
        sign_ins=running * figures.part("people.sign_ins") / 60,
        saves=running * figures["project.changed"] / SAVE_INTERVAL,
    )


def _up(value: Decimal) -> int:
    return max(1, int(value.to_integral_value(ROUND_CEILING)))
