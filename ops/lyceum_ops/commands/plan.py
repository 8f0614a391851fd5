"""`./lyceum plan`: from a number of people to machines, money and people's time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from lyceum_stacks.errors import WrongUse

from lyceum_ops.commands.cost import in_our_words

if TYPE_CHECKING:  # imported when they are needed: --help is not to wait for them
    from lyceum_stacks.plan.question import Question

INCOMPLETE = 4
MOST = Decimal(10) ** 12


@dataclass(frozen=True)
class Wanted:
    """The options of the command, as they were written; "" where one was not given."""

    weekly_users: str = ""
    concurrent: str = ""
    memory_per_project: str = ""
    growth: str = ""
    on_premises: bool = False
    region: str = ""
    json: bool = False
    html: str = ""
    ownership: str = ""


def run(wanted: Wanted) -> int:
    """Plan, print, write what is asked for; returns the exit code."""
    with in_our_words():
        if wanted.ownership:
            from lyceum_stacks.cost import page as files  # noqa: PLC0415
            from lyceum_stacks.plan import ownership  # noqa: PLC0415

            files.write(ownership.page(), Path(wanted.ownership))
            return 0
        return _answer(wanted)


def _answer(wanted: Wanted) -> int:
    from lyceum_stacks.cost import document  # noqa: PLC0415
    from lyceum_stacks.cost import page as files  # noqa: PLC0415
    from lyceum_stacks.plan import planner, text  # noqa: PLC0415

    today = datetime.now(UTC).date()
    found = planner.plan(_question(wanted))
    if wanted.html:
        from lyceum_stacks.plan import page  # noqa: PLC0415

        files.write(page.html(found, today), Path(wanted.html))
    print(document.encode(text.of(found)) if wanted.json else text.plain(found, today))
    return 0 if found.report is None or found.report.complete else INCOMPLETE


def _question(wanted: Wanted) -> Question:
    from lyceum_stacks.plan.question import REGION, Question  # noqa: PLC0415

    if not wanted.weekly_users:
        raise WrongUse("For how many people?", hint="./lyceum plan --weekly-users 2000")
    users = _number(wanted.weekly_users, "--weekly-users")
    if users != users.to_integral_value():
        raise WrongUse(f"--weekly-users: {wanted.weekly_users} is no whole number.")
    if wanted.region and wanted.on_premises:
        raise WrongUse("--region says nothing of one's own machines: leave it out, or --on-premises.")
    return Question(
        weekly_users=int(users),
        concurrent=_number(wanted.concurrent, "--concurrent") if wanted.concurrent else None,
        memory_per_project=_number(wanted.memory_per_project, "--memory-per-project")
        if wanted.memory_per_project
        else None,
        growth=_number(wanted.growth, "--growth") if wanted.growth else Decimal(0),
        on_premises=wanted.on_premises,
        region=_region(wanted.region) if wanted.region else REGION,
    )


def _region(given: str) -> str:
    from lyceum_stacks.settings import known_region  # noqa: PLC0415

    try:
        return known_region(given)
    except ValueError as error:
        raise WrongUse(f"--region: {error}.") from None


def _number(given: str, option: str) -> Decimal:
    try:
        found = Decimal(given)
    except InvalidOperation:
        raise WrongUse(f"{option}: {given!r} is no number.") from None
    if not found.is_finite() or abs(found) > MOST:
        raise WrongUse(f"{option}: {given!r} is no number that can be planned with.")
    return found
