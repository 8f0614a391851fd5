"""A report as one HTML file that needs nothing else: it can be sent to whoever decides."""

from __future__ import annotations

from base64 import b64encode
from datetime import date
from decimal import Decimal
from pathlib import Path

import jinja2

from lyceum_stacks.cost import charts, text
from lyceum_stacks.cost.difference import Difference
from lyceum_stacks.cost.report import Report
from lyceum_stacks.errors import StackError
from lyceum_stacks.prices.table import plain, reason

TEMPLATE = Path(__file__).with_name("page.html.j2")


def html(report: Report, today: date, *, budget: Decimal | None = None, difference: Difference | None = None) -> str:
    """The page: the total, charts, the difference where there is one, every line, and the prices' age."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    pictures = [("What each component costs", charts.components(report))]
    if len(report.alternatives) > 1:
        pictures.append(("What other ways to buy the machines cost", charts.ways(report)))
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        report=report,
        budget=budget,
        difference=difference,
        components=[
            (name, items) for name, items in text.by_component(report.resources) if any(item.lines for item in items)
        ],
        pictures=[(name, b64encode(picture).decode("ascii")) for name, picture in pictures],
        about=[line.strip() for line in text.about(report, today)],
        amount=text.amount,
        signed=text.signed,
        plain=plain,
    )


def write(content: str | bytes, path: Path) -> None:
    """Write a report's file; raises `StackError` with the reason where that is not possible."""
    try:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise StackError(
            f"The report {path} cannot be written: {reason(error)}.",
            hint="Give a file in a folder that exists and is yours.",
        ) from None
