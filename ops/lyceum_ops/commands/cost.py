"""`./lyceum cost`: what a stack, or a preview of one, will cost a month."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lyceum_stacks.errors import StackError, WrongUse

from lyceum_ops.errors import Failure, UsageFailure

if TYPE_CHECKING:  # they are imported when they are needed: --help is not to wait for them
    from lyceum_stacks.cost.estimate import Options
    from lyceum_stacks.cost.request import Answer
    from lyceum_stacks.cost.usage import Usage

DEFAULT_STACK = "small"
STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Wanted:
    """The options of the command, as they were written; "" where one was not given."""

    stack: str = ""
    preview: str = ""
    diff: str = ""
    usage: str = ""
    region: str = ""
    currency: str = ""
    exchange_rate: str = ""
    commitment: str = ""
    spot: bool = False
    weekly_users: str = ""
    projects: str = ""
    prices: str = ""
    budget: str = ""
    allow_incomplete: bool = False
    json: bool = False
    html: str = ""
    png: str = ""


def run(wanted: Wanted) -> int:
    """Estimate, print, write what is asked for; returns the exit code."""
    with in_our_words():
        answer = _answer(wanted)
        today = datetime.now(UTC).date()
        if wanted.html:
            from lyceum_stacks.cost import page  # noqa: PLC0415

            page.write(
                page.html(answer.report, today, budget=answer.budget, difference=answer.difference), Path(wanted.html)
            )
        if wanted.png:
            from lyceum_stacks.cost import charts, page  # noqa: PLC0415

            page.write(charts.png(answer.report), Path(wanted.png))
        if wanted.json:
            from lyceum_stacks.cost import document  # noqa: PLC0415

            print(document.encode(answer.document()))
        else:
            print(answer.text(today))
        code = answer.exit_code(allow_incomplete=wanted.allow_incomplete)
        if code and not wanted.json:
            sys.stdout.flush()
            print(
                f"\nlyceum: {'over the budget' if code == 3 else 'incomplete: --allow-incomplete accepts that'}.",
                file=sys.stderr,
            )
    return code


@contextmanager
def in_our_words() -> Iterator[None]:
    """What the stacks' package finds wrong, as this command line's own errors."""
    try:
        yield
    except WrongUse as error:
        raise UsageFailure(error.message, hint=error.hint) from None
    except StackError as error:
        raise Failure(error.message, hint=error.hint) from None


def _answer(wanted: Wanted) -> Answer:
    import msgspec  # noqa: PLC0415
    from lyceum_stacks.cost import difference, request  # noqa: PLC0415
    from lyceum_stacks.cost.usage import positive  # noqa: PLC0415

    if wanted.preview and wanted.stack:
        raise WrongUse(f"Either a stack ({wanted.stack}) or --preview, not both.")
    budget = positive(wanted.budget, "--budget", or_nothing=True) if wanted.budget else None
    usage, options = _usage(wanted), _options(wanted)
    if wanted.preview:
        content = sys.stdin.buffer.read() if wanted.preview == STANDARD_INPUT else request.read_file(wanted.preview)
        origin = "the standard input" if wanted.preview == STANDARD_INPUT else wanted.preview
        answer = request.of_preview(content, origin, usage, options)
    else:
        answer = request.Answer(request.of_stack(wanted.stack or DEFAULT_STACK, usage, options))
    if wanted.diff:
        other = request.of_other(wanted.diff, usage, options)
        answer = msgspec.structs.replace(answer, difference=difference.between(other, answer.report))
    return msgspec.structs.replace(answer, budget=budget)


def _usage(wanted: Wanted) -> Usage:
    import msgspec  # noqa: PLC0415
    from lyceum_stacks.cost import usage as usages  # noqa: PLC0415

    found = usages.load(wanted.usage) if wanted.usage else usages.Usage()
    changes: dict[str, Any] = {}
    if wanted.commitment:
        if wanted.commitment not in {"none", "1y", "3y"}:
            raise WrongUse(f"--commitment is none, 1y or 3y, not {wanted.commitment!r}.")
        changes["commitment"] = wanted.commitment
    if wanted.spot:
        from decimal import Decimal  # noqa: PLC0415

        changes["preemptible_share"] = Decimal(1)
    for name in ("weekly_users", "projects"):
        if given := getattr(wanted, name):
            changes[name] = usages.positive(given, f"--{name.replace('_', '-')}")
    return msgspec.structs.replace(found, **changes)


def _options(wanted: Wanted) -> Options:
    from lyceum_stacks.cost.estimate import Options, exchange_to  # noqa: PLC0415
    from lyceum_stacks.cost.usage import positive  # noqa: PLC0415
    from lyceum_stacks.prices import table  # noqa: PLC0415

    rate = positive(wanted.exchange_rate, "--exchange-rate") if wanted.exchange_rate else None
    if rate is not None and not wanted.currency:
        raise WrongUse("--exchange-rate says nothing without --currency.")
    prices = table.load(Path(wanted.prices)) if wanted.prices else table.load()
    options = Options(region=wanted.region, currency=wanted.currency.upper() or "USD", exchange_rate=rate, table=prices)
    exchange_to(options, prices)
    return options
