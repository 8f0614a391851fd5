"""A plan as text for a terminal, and as plain values for JSON."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from lyceum_stacks.cost import document, text
from lyceum_stacks.plan.limits import figure, measure
from lyceum_stacks.plan.planner import Plan

SCHEMA = 1
CENT = Decimal("0.01")


def plain(plan: Plan, today: date) -> str:
    """The whole plan: the demand, the machines with their reasons, the costs, and what all of it rests on."""
    parts = [_head(plan), _machines(plan), _costs(plan, today), _basis(plan)]
    return "\n\n".join(parts)


def of(plan: Plan) -> dict[str, Any]:
    """The plan for programs; money as decimal strings, as `./lyceum cost --json` has it."""
    wanted = plan.demand
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "weekly_users": wanted.weekly_users,
        "on_premises": plan.question.on_premises,
        "region": "" if plan.question.on_premises else plan.question.region,
        "demand": {name: _number(getattr(wanted, name)) for name in wanted.__struct_fields__},
        "groups": [
            {
                "name": chosen.group,
                "machine": chosen.machine,
                "count": chosen.count,
                "spare": chosen.spare,
                "on": chosen.on,
                "disk_gb": chosen.disk,
                "bottleneck": chosen.bottleneck.what,
                "reason": chosen.words,
                "limits": [
                    {
                        "what": limit.what,
                        "unit": limit.unit,
                        "needed": _number(limit.needed),
                        "each": _number(limit.each),
                    }
                    for limit in chosen.limits
                ],
            }
            for chosen in plan.groups.values()
        ],
        "bottleneck": {"group": plan.bottleneck.group, "what": plan.bottleneck.bottleneck.what},
        "currency": "USD",
        "machines": document.money(plan.machines),
        "people": document.money(plan.work.monthly),
        "people_hours": _number(plan.work.hours),
        "total": document.money(plan.monthly),
        "per_weekly_user": document.money(plan.per_user),
        "complete": plan.report is None or plan.report.complete,
        "capacities": [
            {"key": row.key, "name": row.name, "value": _number(row.value), "unit": row.unit, "basis": row.basis,
             "date": row.day.isoformat(), "source": row.source}
            for row in plan.used
        ],
    }  # fmt: skip
    if plan.bill is not None:
        found["purchase"] = document.money(plan.bill.purchase)
        found["parts"] = {name: document.money(part) for name, part in plan.bill.parts.items()}
    if plan.size is not None:
        found["size"] = plan.size.model_dump(mode="json")
    return found


def amount(value: Decimal) -> str:
    """Money in whole dollars: a plan is no bill."""
    return f"{value:,.0f}"


def _head(plan: Plan) -> str:
    wanted, question = plan.demand, plan.question
    where = "on machines of one's own" if question.on_premises else f"on Google Cloud in {question.region}"
    grown = f" ({question.weekly_users:,} now, {question.growth} % more in a year)" if question.growth else ""
    return "\n".join([
        f"Plan for {wanted.weekly_users:,} weekly users{grown}, {where}",
        "",
        f"At the busiest hour {wanted.running:,} projects run, with {measure(wanted.memory, 'MB')} of memory",
        f"promised and {figure(wanted.cores)} cores at work. {wanted.projects:,} projects in all, "
        f"{wanted.open_projects:,} of them on compute machines.",
    ])  # fmt: skip


def _machines(plan: Plan) -> str:
    lines = ["Machines, with headroom and the loss of one of each kind allowed for"]
    for chosen in plan.groups.values():
        disk = f", data disk {chosen.disk:,} GB" if chosen.disk else ""
        machines = f"on those of {chosen.on}" if chosen.on else f"{chosen.count} x {chosen.machine}{disk}"
        lines += [f"  {chosen.group:9} {machines}", f"            {chosen.words}."]
    tightest = plan.bottleneck
    lines += ["", f"What runs out first: {tightest.bottleneck.what} of {tightest.group}."]
    return "\n".join(lines)


def _costs(plan: Plan, today: date) -> str:
    rows: list[tuple[str, Decimal]] = []
    if plan.report is not None:
        for component, items in text.by_component(plan.report.resources):
            total = sum((item.monthly for item in items), Decimal(0))
            if total:
                rows.append((component or "traffic and the rest", total))
    if plan.bill is not None:
        rows += plan.bill.parts.items()
    lines = ["Cost a month in USD", *(f"  {amount(value):>10}  {name}" for name, value in rows)]
    lines += [
        f"  {amount(plan.machines):>10}  machines, disks and traffic",
        f"  {amount(plan.work.monthly):>10}  people's time, an estimate: {figure(plan.work.hours)} hours a month"
        f" and {figure(plan.work.setup)} once",
        f"  {amount(plan.monthly):>10}  in all, {plan.per_user:,.2f} for each weekly user",
    ]
    if plan.bill is not None:
        lines.append(f"  {amount(plan.bill.purchase):>10}  to be paid at the start, for servers and network")
    if plan.report is not None:
        lines += [f"  {amount(other.total):>10}  machines, disks and traffic if bought by: {other.model}"
                  for other in plan.report.alternatives]  # fmt: skip
        lines += ["", *text.about(plan.report, today)]
        lines += [
            f"Without a price, and not in the sum: {missing.name} ({missing.why})."
            for missing in plan.report.not_priced
        ]
    return "\n".join(lines)


def _basis(plan: Plan) -> str:
    measured = [row for row in plan.used if row.basis == "measured"]
    lines = [
        f"What this rests on: {len(measured)} figures that were measured, {len(plan.used) - len(measured)} estimates"
    ]
    width = max(len(row.key) for row in plan.used)
    lines += [
        f"  {row.basis:8}  {row.key:{width}}  {figure(row.value)} {row.unit} ({row.day}; {row.source})"
        for row in plan.used
    ]
    return "\n".join(lines)


def _number(value: Decimal | int) -> float | int:
    return value if isinstance(value, int) else round(float(value), 6)
