"""Charts of a report, as PNG."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

import matplotlib as mpl
from matplotlib.figure import Figure

from lyceum_stacks.cost.report import ZERO, Report
from lyceum_stacks.cost.text import amount, by_component

FIXED, BY_USAGE = "#1f6f8b", "#e3a857"
MOST_BARS = 14
Chart = Literal["components", "ways"]


def png(report: Report, chart: Chart = "components") -> bytes:
    """One chart: the cost of each component, or of each way of buying the machines."""
    return components(report) if chart == "components" else ways(report)


def components(report: Report) -> bytes:
    """Each component's cost a month, fixed apart from what depends on usage."""
    groups = by_component(report.resources)
    groups = [(name, items) for name, items in groups if sum((item.monthly for item in items), ZERO)]
    shown = groups[:MOST_BARS]
    if len(groups) > MOST_BARS:
        shown.append((f"{len(groups) - MOST_BARS} more", [item for _, items in groups[MOST_BARS:] for item in items]))
    names = [textwrap.shorten(name or "(of no component)", 32) for name, _ in shown]
    fixed = [sum((item.fixed for item in items), ZERO) for _, items in shown]
    by_usage = [
        sum((item.monthly for item in items), ZERO) - part for (_, items), part in zip(shown, fixed, strict=True)
    ]
    total = "no total" if report.total is None else f"{amount(report.total)} {report.currency} a month"
    return _bars(
        names, [(fixed, FIXED, "fixed"), (by_usage, BY_USAGE, "by usage")], f"{report.source}: {total}", report.currency
    )


def ways(report: Report) -> bytes:
    """The stack's cost a month with its machines bought in each way."""
    names = [other.model for other in report.alternatives]
    totals = [other.total for other in report.alternatives]
    return _bars(names, [(totals, FIXED, "")], f"{report.source}: ways to buy the machines", report.currency)


def _bars(
    names: Sequence[str], parts: Sequence[tuple[Sequence[Decimal], str, str]], title: str, currency: str
) -> bytes:
    with mpl.rc_context({"font.size": 10, "svg.hashsalt": "lyceum"}):
        figure = Figure(figsize=(9, 1.6 + 0.38 * max(1, len(names))), layout="constrained")
        axes = figure.subplots()
        left = [0.0] * len(names)
        for values, colour, label in parts:
            widths = [float(value) for value in values]
            axes.barh(names, widths, left=left, color=colour, label=label or None)
            left = [before + width for before, width in zip(left, widths, strict=True)]
        for position, end in enumerate(left):
            axes.annotate(f" {end:,.2f}", (max(end, 0.0), position), va="center")
        axes.invert_yaxis()
        axes.margins(x=0.14)
        axes.set_xlabel(f"{currency} a month")
        axes.set_title(title, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        if len(parts) > 1:
            axes.legend(frameon=False, loc="lower right")
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()
