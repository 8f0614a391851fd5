"""From a question to a plan: demand, machines, money and people's time, with the reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from lyceum_stacks.cost.report import Report
from lyceum_stacks.plan import capacities, cloud, demand, hardware
from lyceum_stacks.plan.capacities import Capacities, Capacity
from lyceum_stacks.plan.cloud import Chosen
from lyceum_stacks.plan.demand import Demand
from lyceum_stacks.plan.question import Question
from lyceum_stacks.sizes import GroupName, Size

#: The figure is varied by so much, up and down, to see what the total owes to it.
VARIED = Decimal("0.5")
#: Months over which the hours of setting up are spread.
SPREAD = 36


class Work(msgspec.Struct, frozen=True):
    """People's time: hours a month, hours once, and USD a month with the latter spread over three years."""

    hours: Decimal
    setup: Decimal
    monthly: Decimal


class Plan(msgspec.Struct, frozen=True):
    """What is needed, and what it costs a month in USD.

    Attributes:
        report: what the machines cost in the cloud, or None.
        bill: what own machines cost, or None.
    """

    question: Question
    demand: Demand
    groups: Mapping[GroupName, Chosen]
    work: Work
    used: Sequence[Capacity]
    size: Size | None = None
    report: Report | None = None
    bill: hardware.Bill | None = None

    @property
    def machines(self) -> Decimal:
        """What machines, disks and traffic cost a month, without people."""
        if self.report is not None:
            return self.report.known
        return self.bill.total if self.bill is not None else Decimal(0)

    @property
    def monthly(self) -> Decimal:
        """All of it."""
        return self.machines + self.work.monthly

    @property
    def per_user(self) -> Decimal:
        """What one weekly user costs a month, people's time included."""
        return self.monthly / self.demand.weekly_users

    @property
    def bottleneck(self) -> Chosen:
        """The group that is nearest to its limit, spare machines left aside: the first to be added to."""
        carrying = [found for found in self.groups.values() if not found.on]
        return max(carrying, key=lambda found: found.bottleneck.share / (found.count - found.spare))


class Effect(msgspec.Struct, frozen=True):
    """What the total owes to one figure: the monthly total with it halved and with half as much again."""

    capacity: Capacity
    less: Decimal
    more: Decimal

    @property
    def span(self) -> Decimal:
        """How far the two lie apart."""
        return abs(self.more - self.less)


def plan(question: Question, table: Capacities | None = None, *, alternatives: bool = True) -> Plan:
    """Answer a question; raises `WrongUse` where no machine carries what is asked."""
    figures = question.capacities(table or capacities.load())
    wanted = demand.of(question.planned_users, figures)
    if question.on_premises:
        found = hardware.choose(wanted, figures)
        owned = hardware.bill(found, figures)
        work = _work(found, wanted, figures, own=True)
        return Plan(question, wanted, found, work, _used(figures), bill=owned)
    found = cloud.choose(wanted, figures, question.region)
    size = cloud.size(wanted, figures, found)
    report = cloud.price(size, question.region, alternatives=alternatives)
    work = _work(found, wanted, figures, own=False)
    return Plan(question, wanted, found, work, _used(figures), size=size, report=report)


def sensitivity(found: Plan, table: Capacities | None = None, *, most: int = 5) -> list[Effect]:
    """The figures that the total of a plan owes most to, the largest effect first.

    In the cloud only machines and their disks are reckoned anew; the rest of the bill stays as it is in the plan.
    """
    figures = found.question.capacities(table or capacities.load())
    effects = [_effect(found, figures, capacity) for capacity in found.used]
    return sorted(effects, key=lambda effect: effect.span, reverse=True)[:most]


def roughly(found: Plan, weekly_users: int, figures: Capacities) -> Decimal:
    """What another number of users would cost a month: machines and disks anew, the rest of the bill as in the plan.

    What depends on usage is taken in proportion to the users, what is fixed as it is.
    """
    wanted = demand.of(weekly_users, figures)
    if found.report is None or found.size is None:
        chosen = hardware.choose(wanted, figures)
        return hardware.bill(chosen, figures).total + _work(chosen, wanted, figures, own=True).monthly
    region = found.question.region
    chosen = cloud.choose(wanted, figures, region)
    machines = cloud.outline(cloud.size(wanted, figures, chosen), region)
    fixed = found.report.fixed - cloud.outline(found.size, region)
    by_usage = (found.report.known - found.report.fixed) * weekly_users / found.demand.weekly_users
    return machines + fixed + by_usage + _work(chosen, wanted, figures, own=False).monthly


def _effect(found: Plan, figures: Capacities, capacity: Capacity) -> Effect:
    users = found.demand.weekly_users
    less, more = (
        roughly(found, users, figures.changed({capacity.key: _within(capacity, capacity.value * factor)}))
        for factor in (1 - VARIED, 1 + VARIED)
    )
    return Effect(capacity, less, more)


def _within(capacity: Capacity, value: Decimal) -> Decimal:
    """A part of a whole stays one, and memory is not promised less than once."""
    if capacity.unit.startswith("%"):
        return min(value, Decimal(100))
    return max(value, Decimal(1)) if capacity.key == "compute.overcommit" else value


def _work(found: Mapping[GroupName, Chosen], wanted: Demand, figures: Capacities, *, own: bool) -> Work:
    count = sum(chosen.count for chosen in found.values())
    each = figures["work.machine"] + (figures["work.hardware"] if own else 0)
    hours = figures["work.base"] + count * each + Decimal(wanted.weekly_users) / 1000 * figures["work.users"]
    setup = figures["work.setup"]
    return Work(hours, setup, (hours + setup / SPREAD) * figures["work.rate"])


def _used(figures: Capacities) -> list[Capacity]:
    return [
        msgspec.structs.replace(figures.rows[key], value=figures[key], source="given with the question")
        if figures.given(key)
        else figures.rows[key]
        for key in list(figures.asked)
    ]
