"""A plan as one HTML page that needs nothing else, for whoever decides."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import jinja2
import matplotlib as mpl
import msgspec
from matplotlib.figure import Figure

from lyceum_stacks.cost import text as costs
from lyceum_stacks.plan import capacities, planner, text
from lyceum_stacks.plan.limits import figure
from lyceum_stacks.plan.planner import Plan
from lyceum_stacks.plan.question import LEAST_USERS, MOST_USERS

TEMPLATE = Path(__file__).with_name("page.html.j2")
# What each group of machines is for, for readers who know none of them.
ROLES = {
    "edge": "lets browsers in",
    "hub": "signs people in, and answers browsers",
    "database": "keeps accounts and the lists of projects",
    "compute": "runs people's projects",
    "storage": "keeps copies and snapshots of projects",
}
SIZES = (50, 200, 1000, 5000, 20_000, 100_000, 400_000, 1_000_000)


def html(plan: Plan, today: date) -> str:
    """The page: what it costs, the machines with their reasons, cost for each user against size, what it rests on."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    effects = planner.sensitivity(plan)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        plan=plan,
        groups=list(plan.groups.values()),
        roles=ROLES,
        picture=b64encode(per_user(plan)).decode("ascii"),
        effects=effects,
        components=_components(plan),
        about=[] if plan.report is None else [line.strip() for line in costs.about(plan.report, today)],
        amount=text.amount,
        figure=figure,
    )


def per_user(plan: Plan) -> bytes:
    """A chart of the cost of each weekly user against size, in the cloud and on own machines, as PNG."""
    figures = plan.question.capacities(capacities.load())
    asked = msgspec.structs.replace(plan.question, growth=Decimal(0))
    here = min(MOST_USERS, max(LEAST_USERS, plan.demand.weekly_users))
    curves = {}
    for name, own in (("Google Cloud", False), ("own machines", True)):
        same = plan if own == plan.question.on_premises else None
        base = same or planner.plan(
            msgspec.structs.replace(asked, weekly_users=here, on_premises=own), alternatives=False
        )
        curves[name] = [planner.roughly(base, users, figures) / users for users in sorted({*SIZES, here})]
    return _drawn(sorted({*SIZES, here}), curves, here)


def _drawn(sizes: Sequence[int], curves: Mapping[str, Sequence[Decimal]], here: int) -> bytes:
    with mpl.rc_context({"font.size": 10, "svg.hashsalt": "lyceum"}):
        drawn = Figure(figsize=(9, 4.2), layout="constrained")
        axes = drawn.subplots()
        for name, values in curves.items():
            axes.plot(sizes, [float(value) for value in values], marker="o", label=name)
        axes.axvline(here, color="gray", linestyle=":", linewidth=1)
        axes.set_xscale("log")
        axes.set_yscale("log")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value:,.10g}")
        axes.set_xlabel("weekly users")
        axes.set_ylabel("USD a month for each, people's time included")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        buffer = io.BytesIO()
        drawn.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()


def _components(plan: Plan) -> Sequence[tuple[str, Decimal]]:
    if plan.bill is not None:
        return list(plan.bill.parts.items())
    if plan.report is None:
        return []
    found = [
        (name or "traffic and the rest", sum((item.monthly for item in items), Decimal(0)))
        for name, items in costs.by_component(plan.report.resources)
    ]
    return [(name, total) for name, total in found if total]
