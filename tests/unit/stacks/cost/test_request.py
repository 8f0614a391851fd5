"""The command as a person calls it: what it prints, what it writes, and how it ends."""

import io
import json
import sys
from decimal import Decimal
from types import SimpleNamespace

import pytest
from lyceum_ops import checkout
from lyceum_ops.program import main
from lyceum_stacks.cost import document

from tests.unit.stacks.cost.conftest import DATA


@pytest.fixture
def cost(monkeypatch, tmp_path, capsys):
    """Call `./lyceum cost`; returns the exit code and what was printed."""
    monkeypatch.setattr(checkout, "LOGS", tmp_path / "logs")

    def call(*words):
        code = main(["lyceum", "cost", *map(str, words)])
        said = capsys.readouterr()
        return SimpleNamespace(code=code, out=said.out, err=said.err)

    return call


CREATE, CHANGES, SAMES = (DATA / f"{name}.json" for name in ("create", "changes-only", "show-sames"))


def test_json_has_the_documented_shape(cost):
    found = json.loads(cost("--preview", CREATE, "--json").out)
    assert found["currency"] == "USD"
    assert found["complete"] is True
    assert Decimal(found["total"]) == sum(Decimal(one["monthly"]) for one in found["resources"])
    vm = next(one for one in found["resources"] if one["name"] == "compute0")
    assert vm["type"] == "gcp:compute/instance:Instance"
    assert Decimal(vm["monthly"]) == sum(Decimal(line["monthly"]) for line in vm["lines"])
    assert {"what", "quantity", "unit", "unit_price", "monthly", "price_date"} <= set(vm["lines"][0])
    assert all(isinstance(line[key], str) for line in vm["lines"] for key in ("quantity", "unit_price", "monthly"))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--preview", CREATE), 0),
        (("--preview", CREATE, "--budget", "1000"), 0),
        (("--preview", CREATE, "--budget", "100"), 3),
        (("--preview", CREATE, "--budget", "100", "--allow-incomplete"), 3),
        (("--preview", CHANGES), 4),
        (("--preview", CHANGES, "--budget", "100"), 3),
        (("--preview", CHANGES, "--budget", "1000"), 4),
        (("--preview", CHANGES, "--allow-incomplete"), 0),
    ],
)
def test_how_it_ends_is_in_the_exit_code_and_the_json_is_printed_all_the_same(cost, words, code):
    found = cost(*words, "--json")
    assert found.code == code
    assert json.loads(found.out)["resources"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("nowhere",), 2, "there is no stack 'nowhere'"),
        (("--preview", CREATE, "--region", "mars-west1"), 2, "There is no region 'mars-west1'"),
        (("--preview", CREATE, "--currency", "XYZ"), 2, "no exchange rate for 'XYZ'"),
        (("--preview", CREATE, "--exchange-rate", "0.9"), 2, "without --currency"),
        (("--preview", CREATE, "--currency", "EUR", "--exchange-rate", "-1"), 2, "above 0"),
        (("--preview", CREATE, "--budget", "-5"), 2, "--budget is a number from 0 up"),
        (("--preview", CREATE, "--budget", "lots"), 2, "--budget is a number"),
        (("--preview", CREATE, "--budget", "nan"), 2, "--budget is a number"),
        (("--preview", CREATE, "--commitment", "7y"), 2, "--commitment is none, 1y or 3y"),
        (("--preview", CREATE, "--weekly-users", "0"), 2, "--weekly-users is a number above 0"),
        (("small", "--preview", CREATE), 2, "not both"),
        (("--preview", "/nonexistent.json"), 1, "cannot be read: No such file"),
        (("--preview", DATA / "failed.json"), 1, "a preview that failed"),
        (("--preview", CREATE, "--usage", "/nonexistent.yaml"), 1, "cannot be read"),
        (("--preview", CREATE, "--prices", "/nonexistent.csv"), 1, "cannot be read"),
        (("--preview", CREATE, "--html", "/nonexistent/report.html"), 1, "cannot be written: No such file"),
        (("--preview", CREATE, "--png", "/"), 1, "cannot be written: Is a directory"),
        (("--preview", CREATE, "--diff", DATA / "stack-output.json"), 1, "it has no steps"),
    ],
)
def test_what_is_wrong_is_one_clear_line(cost, words, code, said):
    found = cost(*words)
    assert found.code == code
    assert said in found.err
    assert "Traceback" not in found.err


def test_a_misspelt_key_of_a_usage_file_is_named_with_the_nearest(cost, tmp_path):
    (tmp_path / "usage.yaml").write_text("egress_gb: 5\n")
    found = cost("--preview", CREATE, "--usage", tmp_path / "usage.yaml")
    assert found.code == 1
    assert "there is no key egress_gb. Is egress_gib meant?" in found.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("egress_gib: {worldwid: 5}", "no key egress_gib.worldwid. Is egress_gib.worldwide meant?"),
        ("resources: {offsite: {storage_gib: {nearlin: 5}}}", "Is resources.offsite.storage_gib.nearline meant?"),
        ("commitment: 5y", "commitment is one of none, 1y, 3y, not '5y'"),
        ("hours: yes", "hours: expected number, got bool"),
    ],
)
def test_a_wrong_value_of_a_usage_file_is_named(cost, tmp_path, text, said):
    (tmp_path / "usage.yaml").write_text(text)
    found = cost("--preview", CREATE, "--usage", tmp_path / "usage.yaml")
    assert (found.code, said in found.err) == (1, True)


def test_with_a_budget_of_nothing_anything_is_over_it(cost):
    assert cost("--preview", CREATE, "--budget", "0").code == 3


def test_a_preview_from_a_pipe(cost, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(CREATE.read_bytes())))
    assert cost("--preview", "-").out.startswith("the standard input: cost a month in USD")


def test_the_age_of_prices_and_the_rate_are_told(cost):
    shown = cost("--preview", CREATE, "--currency", "CHF").out
    assert "List prices from 2026-07-30 to 2026-08-21" in shown
    assert "days old" in shown
    assert "0.90596 CHF for a dollar, of 2024-12-31" in shown


def test_compared_with_a_saved_estimate(cost, tmp_path):
    (tmp_path / "saved.json").write_text(cost("--preview", CREATE, "--json").out)
    found = cost("--preview", SAMES, "--diff", tmp_path / "saved.json", "--json")
    diff = json.loads(found.out)["diff"]
    assert Decimal(diff["total"]) == Decimal("1245.809205") - Decimal("373.116387")
    assert {change["sign"] for change in diff["changes"]} == {"+", "~"}
    other = cost("--preview", SAMES, "--diff", tmp_path / "saved.json", "--currency", "EUR")
    assert (other.code, "Estimate both in one currency" in other.err) == (2, True)


def test_a_saved_estimate_of_a_later_schema_is_refused(cost, tmp_path):
    (tmp_path / "saved.json").write_text('{"schema": 99, "resources": []}')
    found = cost("--preview", CREATE, "--diff", tmp_path / "saved.json")
    assert (found.code, "of schema 99" in found.err) == (1, True)


def test_a_saved_estimate_reads_the_same(cost):
    saved = cost("--preview", CREATE, "--json").out
    again = document.of(document.read(saved.encode(), "saved"))
    first = json.loads(saved)
    assert (again["total"], again["resources"]) == (first["total"], first["resources"])


def test_the_cost_of_each_user_and_project(cost):
    found = json.loads(cost("--preview", CREATE, "--weekly-users", 100, "--projects", 500, "--json").out)
    assert (found["per_weekly_user"], found["per_project"]) == ("3.731164", "0.746233")


def test_spot_and_commitments_are_cheaper(cost):
    totals = [
        Decimal(json.loads(cost("--preview", CREATE, "--json", *words).out)["total"])
        for words in ((), ("--commitment", "1y"), ("--commitment", "3y"), ("--spot",))
    ]
    assert totals == sorted(totals, reverse=True)


def test_a_page_with_charts_that_needs_nothing_else(cost, tmp_path):
    found = cost(
        "--preview", SAMES, "--html", tmp_path / "report.html", "--png", tmp_path / "chart.png", "--budget", "2000"
    )
    assert found.code == 0
    page = (tmp_path / "report.html").read_text()
    assert "1,245.81 USD a month" in page
    assert page.count("data:image/png;base64,") == 2
    assert "http" not in page
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


def test_names_in_a_page_are_text(cost, tmp_path):
    text = CREATE.read_text().replace("Instance::compute0", "Instance::<script>alert(1)</script>")
    (tmp_path / "odd.json").write_text(text)
    cost("--preview", tmp_path / "odd.json", "--html", tmp_path / "report.html")
    assert "<script" not in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize("profile", ["light", "typical", "heavy"])
def test_each_profile_adds_usage(cost, profile):
    found = json.loads(cost("--preview", CREATE, "--usage", profile, "--weekly-users", 100, "--json").out)
    assert Decimal(found["usage_based"]) > 0
    assert found["complete"]
