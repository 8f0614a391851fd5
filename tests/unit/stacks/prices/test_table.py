from datetime import date
from decimal import Decimal

import pytest
from lyceum_stacks.errors import StackError
from lyceum_stacks.prices import check, table

TODAY = date(2026, 11, 22)
HEAD = "item,region,unit,from,usd,date,source\n"
GOOD = "machine/e2-medium/on-demand,us-central1,hour,0,0.03350571,2026-07-30,gcosts-list\n"


def problems(lines):
    return check.problems(table.Table(table.parse(HEAD + lines, "t"), origin="t"), TODAY, table.sources())


def test_the_projects_own_table_is_fit_and_has_a_known_source_for_every_row():
    assert check.problems(table.load(), TODAY, table.sources()) == []


def test_it_has_all_figures_for_five_regions():
    assert table.load().regions == {"us-central1", "us-east1", "europe-west1", "europe-west4", "asia-southeast1"}
    assert len(table.load().rows) > 950


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (GOOD + GOOD, "2 rows for the tier"),
        (GOOD.replace("0.0335", "-0.0335"), "is not a price"),
        (GOOD.replace("0.03350571", "NaN"), "is not a price"),
        (GOOD.replace("hour", "fortnight"), "no unit 'fortnight'"),
        (GOOD.replace("gcosts-list", "hearsay"), "no source 'hearsay'"),
        (GOOD.replace("2026-07-30", "2031-01-01"), "cannot be"),
        (GOOD.replace("e2-medium", "e2-gigantic"), "no machine type e2-gigantic"),
        (GOOD + GOOD.replace("on-demand", "spot").replace("0.0335", "0.5335"), "not less than on demand"),
        (GOOD.replace("us-central1", "Iowa!"), "not the name of a region"),
        (GOOD.replace(",0.03350571", ",0"), "what is free is no row"),
        (
            GOOD
            + "family/e2/core/on-demand,us-central1,vCPU-hour,0,0.05,2026-07-30,gcosts-list\n"
            + "family/e2/memory/on-demand,us-central1,GiB-hour,0,0.003,2026-07-30,gcosts-list\n",
            "its vCPUs and memory cost",
        ),
    ],
)
def test_what_is_wrong_is_told_by_row(lines, said):
    assert any(said in problem for problem in problems(lines)), problems(lines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sku,usd\n", "the first line"),
        (HEAD + "machine/x,us\n", "line 2: not a price"),
        (HEAD + GOOD.replace("2026-07-30", "last summer"), "line 2: not a price"),
        (HEAD + GOOD.replace("0.03350571", "cheap"), "line 2: not a price"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_the_line(text, said):
    with pytest.raises(StackError, match=said):
        table.parse(text, "t.csv")


def test_a_table_that_is_not_there(tmp_path):
    with pytest.raises(StackError, match="cannot be read: No such file"):
        table.load(tmp_path / "none.csv")


def test_a_price_is_found_by_region_then_everywhere():
    found = table.load()
    assert found.price("disk/pd-ssd", "europe-west4").usd == Decimal("0.187")
    assert found.price("transfer/inter-zone", "asia-southeast1").usd == Decimal("0.01")
    assert found.price("disk/pd-ssd", "europe-west9") is None


def test_what_is_written_reads_the_same(tmp_path):
    table.write(table.load().rows, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == table.TABLE.read_text()
