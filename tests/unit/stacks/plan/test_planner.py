"""Plans: that machines carry what is asked, that figures have their say, and that the page says what it rests on."""

from __future__ import annotations

import html
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from lyceum_stacks.errors import StackError, WrongUse
from lyceum_stacks.plan import capacities, cloud, demand, hardware, limits, ownership, page, planner, text
from lyceum_stacks.plan.capacities import Capacities
from lyceum_stacks.plan.question import Question

REGION = "europe-west4"
TODAY = date(2026, 11, 22)


@pytest.fixture
def figures() -> Capacities:
    return capacities.load().changed({})


def own(users: int, **more: object) -> planner.Plan:
    """A plan that needs no program to be run."""
    return planner.plan(msgspec.structs.replace(Question(weekly_users=users, on_premises=True), **more))


@pytest.mark.parametrize("users", [50, 2000, 20_000, 1_000_000])
def test_machines_carry_the_demand_without_their_spare_ones(users: int, figures: Capacities) -> None:
    wanted = demand.of(users, figures)
    for name, chosen in cloud.choose(wanted, figures, REGION).items():
        carrying = chosen.count - chosen.spare
        offered = cloud.machine(chosen.machine)
        for limit in limits.limits(name, wanted, offered, figures):
            assert limit.needed <= limit.each * carrying, (name, limit)


@pytest.mark.parametrize("users", [50, 1_000_000])
def test_every_size_can_be_deployed_as_a_stack(users: int, figures: Capacities) -> None:
    wanted = demand.of(users, figures)
    size = cloud.size(wanted, figures, cloud.choose(wanted, figures, REGION))
    assert size.weekly_users == users
    assert size.groups["compute"].count >= 2, "one is there for the loss of another"


def test_more_people_never_cost_less() -> None:
    totals = [own(users).monthly for users in (50, 500, 5000, 50_000, 500_000)]
    assert totals == sorted(totals)


def test_what_the_question_says_takes_the_place_of_an_estimate() -> None:
    usual = own(2000)
    crowded = own(2000, concurrent=Decimal(60), memory_per_project=Decimal(4000))
    assert usual.demand.running == 200
    assert crowded.demand.running == 1200
    assert crowded.demand.memory == 1200 * 4000
    assert crowded.groups["compute"].bottleneck.what == "memory promised to projects"
    said = {row.key: row.source for row in crowded.used}
    assert said["people.concurrent"] == "given with the question"


def test_a_small_institution_does_not_buy_a_server_for_each_group() -> None:
    groups = own(100).groups
    assert (groups["database"].count, groups["hub"].on, groups["edge"].on) == (2, "database", "database")
    assert "shares the machines of database" in groups["hub"].words


def test_growth_is_planned_for() -> None:
    assert own(1000, growth=Decimal(50)).demand.weekly_users == 1500


def test_the_plan_is_priced_by_the_program_itself() -> None:
    found = planner.plan(Question(weekly_users=300), alternatives=False)
    assert found.report is not None
    assert found.size is not None
    assert found.report.complete, found.report.not_priced
    assert cloud.outline(found.size, REGION) < found.machines < 3 * cloud.outline(found.size, REGION)
    again = planner.roughly(found, 300, capacities.load().changed({}))
    assert abs(again - found.monthly) < Decimal("0.01"), "the outline and the rest make the whole"
    shown = text.plain(found, TODAY)
    assert "people's time, an estimate" in shown
    assert "What runs out first: " in shown
    assert "0 figures that were measured" not in shown or "estimates" in shown


def test_the_five_figures_that_matter_most() -> None:
    effects = planner.sensitivity(own(20_000))
    assert len(effects) == 5
    assert [effect.span for effect in effects] == sorted((effect.span for effect in effects), reverse=True)
    assert effects[0].span > 0


def test_json_has_money_as_strings_and_each_figure_with_its_source() -> None:
    found = text.of(own(2000))
    assert found["schema"] == text.SCHEMA
    assert Decimal(found["total"]) == Decimal(found["machines"]) + Decimal(found["people"])
    assert {row["basis"] for row in found["capacities"]} <= {"measured", "estimate"}
    assert all(row["source"] for row in found["capacities"])
    msgspec.json.encode(found)


@pytest.mark.parametrize(
    ("fields", "option"),
    [
        ({"weekly_users": 49}, "--weekly-users"),
        ({"weekly_users": 1_000_001}, "--weekly-users"),
        ({"weekly_users": 100, "concurrent": Decimal(0)}, "--concurrent"),
        ({"weekly_users": 100, "concurrent": Decimal(101)}, "--concurrent"),
        ({"weekly_users": 100, "memory_per_project": Decimal(1)}, "--memory-per-project"),
        ({"weekly_users": 100, "growth": Decimal(5000)}, "--growth"),
    ],
)
def test_absurd_questions_are_refused_by_the_option(fields: dict[str, object], option: str) -> None:
    with pytest.raises(WrongUse, match=option):
        Question(**fields)  # type: ignore[arg-type] # of the right types, as far as mypy could know


def test_a_region_without_prices_is_refused_and_named() -> None:
    with pytest.raises(WrongUse, match="africa-south1"):
        planner.plan(Question(weekly_users=100, region="africa-south1"))


@pytest.mark.parametrize(
    "line",
    [
        "a,b,c",
        "key,name,x,unit,estimate,2026-11-22,why",
        "key,name,1,unit,guess,2026-11-22,why",
        "key,name,-1,unit,estimate,2026-11-22,why",
        "key,,1,unit,estimate,2026-11-22,why",
        "key,name,1,unit,estimate,2026-11-22,",
        "key,name,1,unit,estimate,someday,why",
    ],
)
def test_a_wrong_line_of_capacities_is_named(line: str) -> None:
    head = ",".join(capacities.COLUMNS)
    with pytest.raises(StackError, match="line 2"):
        capacities.parse(f"{head}\n{line}\n", "table")


def test_what_was_measured_takes_an_estimates_place(tmp_path: Path) -> None:
    path = tmp_path / "capacities.csv"
    capacities.write(capacities.load().rows.values(), path)
    capacities.record("compute.projects", Decimal(2000), "bench on four cores", TODAY, path)
    row = capacities.load(path).rows["compute.projects"]
    assert (row.basis, row.value, row.day) == ("measured", Decimal(2000), TODAY)


def test_every_server_that_can_be_bought_has_a_group_and_a_source() -> None:
    for server in hardware.servers():
        assert set(server.groups) <= set(limits.GROUPS)
        assert server.source


def test_the_page_of_ownership_is_what_the_tables_say() -> None:
    written = Path(__file__).parents[4] / "docs" / "cost-of-ownership.md"
    assert written.read_text(encoding="utf-8") == ownership.page(), (
        "write it anew: ./lyceum plan --ownership docs/cost-of-ownership.md"
    )


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (9_999, "MB", "9,999 MB"),
        (52_400, "MB", "52.4 GB"),
        (75_000_000, "MB", "75 TB"),
        (75_000, "cores", "75,000 cores"),
    ],
)
def test_many_megabytes_are_told_as_what_people_buy(value: int, unit: str, shown: str) -> None:
    assert limits.measure(Decimal(value), unit) == shown


def test_the_page_says_for_whom_it_is_planned_and_names_nothing_by_key() -> None:
    found = planner.plan(Question(weekly_users=200, growth=Decimal(30), on_premises=True))
    shown = page.html(found, TODAY)
    assert "200 weekly users now, and 30 % more in a year" in shown
    assert "runs people's projects" in html.unescape(shown)
    assert not [row.key for row in found.used if f">{row.key}<" in shown]
