"""The commands about money. Each only reads its options; the work is done by the module it names."""

from __future__ import annotations

from invoke.context import Context
from invoke.tasks import task

from lyceum_ops.commands.session import session

# Imports stand within the commands: what reads a program and draws charts takes longer to load than --help may.


@task(
    positional=[],
    help={
        "stack": "the stack, when it is not the first word (default small); ./lyceum cost medium",
        "preview": "price a preview instead: a file of pulumi preview --json --show-sames, or - for the standard input",
        "diff": "compare with another stack, a saved --json estimate or a preview",
        "usage": "a usage file, or a profile: light, typical, heavy",
        "region": "price as if everything stood in this region",
        "currency": "another currency than USD, at the rate in the price table",
        "exchange-rate": "the rate to change at: so much of the currency for a dollar",
        "commitment": "machines under a commitment: 1y or 3y",
        "spot": "compute hosts at the spot price",
        "weekly-users": "weekly active users, to tell the cost of each",
        "projects": "projects, to tell the cost of each",
        "prices": "another price table than the project's own",
        "budget": "exit with 3 if more than this a month",
        "allow-incomplete": "exit with 0 though something has no price",
        "json": "for programs: one JSON object (docs/costs.md)",
        "html": "write a page with charts to this file",
        "png": "write the chart of components to this file",
    },
)
def cost(
    _: Context,
    stack: str = "",
    preview: str = "",
    diff: str = "",
    usage: str = "",
    region: str = "",
    currency: str = "",
    exchange_rate: str = "",
    commitment: str = "",
    spot: bool = False,
    weekly_users: str = "",
    projects: str = "",
    prices: str = "",
    budget: str = "",
    allow_incomplete: bool = False,
    json: bool = False,
    html: str = "",
    png: str = "",
) -> None:
    """Tell what a stack will cost a month, offline; or a preview of one.

    Exits with 3 if it is over --budget, with 4 if something has no price.
    Examples: ./lyceum cost medium --usage typical --diff small
              pulumi preview --json --show-sames | ./lyceum cost --preview - --budget 2000
    """
    from lyceum_ops.commands import cost as command

    wanted = command.Wanted(
        stack=stack, preview=preview, diff=diff, usage=usage, region=region, currency=currency,
        exchange_rate=exchange_rate, commitment=commitment, spot=spot, weekly_users=weekly_users, projects=projects,
        prices=prices, budget=budget, allow_incomplete=allow_incomplete, json=json, html=html, png=png,
    )  # fmt: skip
    with session("cost"):
        code = command.run(wanted)
    if code:
        raise SystemExit(code)


@task(name="check", help={"prices": "another table than the project's own"})
def prices_check(_: Context, prices: str = "") -> None:
    """Check the price table, and tell how old its prices are."""
    from lyceum_ops.commands import prices as command

    with session("prices"):
        command.check(prices)


@task(
    name="refresh",
    iterable=["region", "currency"],
    help={
        "key-file": "a file with a Google API key (else the variable LYCEUM_GOOGLE_API_KEY)",
        "region": "also take prices of this region; may be given several times",
        "currency": "also take Google's exchange rate for this currency; may be given several times",
        "output": "write the table here instead of over the old one",
        "prices": "start from another table than the project's own",
        "catalog": "another address of the Cloud Billing Catalog API",
    },
)
def prices_refresh(
    _: Context,
    region: list[str],
    currency: list[str],
    key_file: str = "",
    output: str = "",
    prices: str = "",
    catalog: str = "",
) -> None:
    """Take newer prices from Google's Cloud Billing Catalog API into the price table.

    Example: ./lyceum prices refresh --key-file ~/google.key --region europe-west3 --currency EUR
    """
    from lyceum_ops.commands import prices as command

    with session("prices"):
        command.refresh(
            key_file=key_file, regions=region, currencies=currency, output=output, prices=prices, address=catalog
        )


@task(name="cost", help={"verbose": "show everything, not only the names of steps"})
def bench_cost(_: Context, verbose: bool = False) -> None:
    """Measure telling a cost: a stack in imports of the provider, a preview in seconds, and how both grow."""
    from lyceum_ops.benchmarks import cost as measuring

    with session("bench", verbose=verbose) as progress:
        measuring.run(progress)


@task(
    positional=[],
    help={
        "weekly-users": "people who use the instance at least once a week, 50 to 1000000",
        "concurrent": "how many of them have a running project at the busiest hour, in percent",
        "memory-per-project": "what a running project is promised, in MB",
        "growth": "growth in percent a year: the plan is for the people in a year",
        "on-premises": "on machines of one's own, instead of Google Cloud",
        "region": "the region of Google Cloud (default europe-west4)",
        "json": "for programs: one JSON object (docs/costs.md)",
        "html": "write a page with a chart to this file",
        "ownership": "instead: write the page about three institutions (docs/cost-of-ownership.md) to this file",
    },
)
def plan(
    _: Context,
    weekly_users: str = "",
    concurrent: str = "",
    memory_per_project: str = "",
    growth: str = "",
    on_premises: bool = False,
    region: str = "",
    json: bool = False,
    html: str = "",
    ownership: str = "",
) -> None:
    """Tell which machines so many people need, why, and what they cost a month with people's time.

    Examples: ./lyceum plan --weekly-users 20000 --html plan.html
              ./lyceum plan --weekly-users 500 --concurrent 40 --memory-per-project 2000 --on-premises
    """
    from lyceum_ops.commands import plan as command

    wanted = command.Wanted(
        weekly_users=weekly_users, concurrent=concurrent, memory_per_project=memory_per_project, growth=growth,
        on_premises=on_premises, region=region, json=json, html=html, ownership=ownership,
    )  # fmt: skip
    with session("plan"):
        code = command.run(wanted)
    if code:
        raise SystemExit(code)
