"""The page docs/cost-of-ownership.md: three institutions, in the cloud and on own machines, with what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from lyceum_stacks.plan import capacities, planner
from lyceum_stacks.plan.cloud import Chosen
from lyceum_stacks.plan.limits import figure
from lyceum_stacks.plan.planner import Plan
from lyceum_stacks.plan.question import Question
from lyceum_stacks.plan.text import amount

INSTITUTIONS = (
    ("A school or an institute", 200),
    ("A faculty or a small university", 2000),
    ("A large university", 20_000),
)


def page() -> str:
    """The whole page as Markdown."""
    parts = [_HEAD]
    for title, users in INSTITUTIONS:
        plans = [
            planner.plan(Question(weekly_users=users, on_premises=own), alternatives=not own) for own in (False, True)
        ]
        parts += [f"## {title}: {users:,} weekly users", _table(*plans), _machines(*plans), _sensitivity(plans[0])]
    parts += ["## What this rests on", _basis()]
    return "\n\n".join(parts) + "\n"


_HEAD = """# What it costs to own

Written by `./lyceum plan --ownership docs/cost-of-ownership.md`, from the price table (`./lyceum prices check` tells
how old it is) and the table of capacities at the end. Prices are list prices in USD, without tax, a month; the cloud
is Google's in europe-west4, on demand with the discount that comes by itself. **People's time and own hardware are
estimates**, and so is every figure that the last table calls one. Put your own in (`./lyceum plan --help`), or measure
(`./lyceum bench projects --many 300 --record`)."""


def _table(cloud: Plan, own: Plan) -> str:
    lines = ["| a month, USD | Google Cloud | own machines |", "|---|---:|---:|"]
    rows: list[tuple[str, Decimal, Decimal]] = [
        ("machines, disks, traffic; for own ones also power and room", cloud.machines, own.machines),
        ("people's time (an estimate)", cloud.work.monthly, own.work.monthly),
        ("**in all**", cloud.monthly, own.monthly),
    ]
    lines += [f"| {name} | {amount(left)} | {amount(right)} |" for name, left, right in rows]
    lines.append(f"| for each weekly user | {cloud.per_user:,.2f} | {own.per_user:,.2f} |")
    lines.append(f"| hours of people's time | {figure(cloud.work.hours)} | {figure(own.work.hours)} |")
    purchase = own.bill.purchase if own.bill else Decimal(0)
    lines.append(f"| to be paid at the start | 0 | {amount(purchase)} |")
    others = {other.model: other.total for other in cloud.report.alternatives} if cloud.report else {}
    bought = "; ".join(f"{model}: {amount(total)}" for model, total in others.items() if "commitment" in model)
    return "\n".join(lines) + (f"\n\nThe cloud's machines, disks and traffic under a {bought}." if bought else "")


def _machines(cloud: Plan, own: Plan) -> str:
    lines = ["| group | Google Cloud | own machines | why so many in the cloud |", "|---|---|---|---|"]
    for name, found in cloud.groups.items():
        other = own.groups[name]
        lines.append(f"| {name} | {found.count} x {found.machine} | {_owned(other)} | {found.words} |")
    return "\n".join(lines)


def _owned(found: Chosen) -> str:
    return f"on those of {found.on}" if found.on else f"{found.count} x {found.machine}"


def _sensitivity(plan: Plan) -> str:
    lines = [
        "What the cloud's total owes most to:", "",
        "| assumption | value | with half of it | with half as much again |", "|---|---|---:|---:|",
    ]  # fmt: skip
    for effect in planner.sensitivity(plan):
        row = effect.capacity
        lines.append(f"| {row.name} | {figure(row.value)} {row.unit} | {amount(effect.less)} | {amount(effect.more)} |")
    return "\n".join(lines)


def _basis() -> str:
    rows: Sequence[capacities.Capacity] = list(capacities.load().rows.values())
    lines = ["| figure | | value | basis | source |", "|---|---|---|---|---|"]
    lines += [
        f"| {row.name} | `{row.key}` | {figure(row.value)} {row.unit} | {row.basis}, {row.day} | {row.source} |"
        for row in rows
    ]
    return "\n".join(lines)
