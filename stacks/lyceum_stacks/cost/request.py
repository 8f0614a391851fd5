"""What is to be priced: a stack of the project's own program, a preview, a stack's state, or a saved estimate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from lyceum_stacks.cost import difference, document, preview, text
from lyceum_stacks.cost.difference import Difference
from lyceum_stacks.cost.estimate import Options, estimate
from lyceum_stacks.cost.report import Report
from lyceum_stacks.cost.usage import Usage
from lyceum_stacks.errors import StackError
from lyceum_stacks.prices.table import reason

FINE, OVER_BUDGET, INCOMPLETE = 0, 3, 4


class Answer(msgspec.Struct, frozen=True):
    """An estimate, what it was compared with, and the budget that it was held against."""

    report: Report
    difference: Difference | None = None
    budget: Decimal | None = None

    def exit_code(self, *, allow_incomplete: bool = False) -> int:
        """0, 3 over the budget (whatever else), 4 incomplete."""
        if self.budget is not None and self.report.known > self.budget:
            return OVER_BUDGET
        compared = self.difference is None or self.difference.complete
        return FINE if allow_incomplete or (self.report.complete and compared) else INCOMPLETE

    def document(self) -> dict[str, Any]:
        """All of it as plain values, for JSON."""
        found = document.of(self.report)
        if self.budget is not None:
            over = self.report.known > self.budget
            found["budget"] = {"limit": document.money(self.budget), "over": over}
        if self.difference is not None:
            found["diff"] = difference.document(self.difference)
        return found

    def text(self, today: date) -> str:
        """All of it for a terminal."""
        parts = [text.table(self.report, today, budget=self.budget)]
        if self.difference is not None:
            parts.append(text.difference(self.difference))
        return "\n\n".join(parts)


def of_stack(name: str, usage: Usage, options: Options) -> Report:
    """Run the project's program as one of its stacks, offline, and price what it declares."""
    from lyceum_stacks import configuration, lean, offline  # noqa: PLC0415 - they take longer than a whole preview

    lean.install()
    from lyceum_stacks.program import deploy  # noqa: PLC0415 - its imports of the provider are to find what was installed

    settings = configuration.from_file(name)
    if options.region:
        settings = configuration.moved(settings, options.region)
    resources = offline.run(
        lambda: deploy(settings), project="lyceum", name=name,
        config={"gcp:project": settings.project, "gcp:region": settings.region},
    )  # fmt: skip
    if usage.weekly_users is None:
        usage = msgspec.structs.replace(usage, weekly_users=Decimal(settings.size.weekly_users))
    config = {"gcp:region": settings.region}
    # The program itself stands in the other region: nothing is left to be priced as if it did.
    there = msgspec.structs.replace(options, region="")
    report = estimate(resources, usage, there, source=f"stack {name}", config=config)
    return msgspec.structs.replace(report, region=options.region)


def of_preview(content: bytes, origin: str, usage: Usage, options: Options) -> Answer:
    """Price a preview, and what it changes where there is something to be changed."""
    read = preview.read(content, origin)
    shared: dict[str, Any] = {"config": read.config}
    report = estimate(read.after, usage, options, source=origin, unlisted=read.unlisted, notes=read.notes, **shared)
    if not read.changes:
        return Answer(report)
    quick = msgspec.structs.replace(options, alternatives=False, strict_names=False)
    before = estimate(read.before, usage, quick, source="as it stands", unlisted=read.unlisted, **shared)
    return Answer(report, difference.between(before, msgspec.structs.replace(report, source="as previewed")))


def of_other(given: str, usage: Usage, options: Options) -> Report:
    """What to compare with: a stack by name, or a file with a saved estimate or a preview."""
    quick = msgspec.structs.replace(options, alternatives=False, strict_names=False)
    path = Path(given)
    if path.suffix != ".json" and not path.is_file():
        return of_stack(given, usage, quick)
    content = read_file(given)
    if _is_saved(content):
        return document.read(content, given)
    return of_preview(content, given, usage, quick).report


def read_file(given: str) -> bytes:
    """The content of a file; raises `StackError` with the reason where there is none."""
    try:
        return Path(given).read_bytes()
    except OSError as error:
        raise StackError(f"{given} cannot be read: {reason(error)}.") from None


def _is_saved(content: bytes) -> bool:
    try:
        found = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return False
    return isinstance(found, Mapping) and "resources" in found
