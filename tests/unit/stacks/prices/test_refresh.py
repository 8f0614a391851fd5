"""Against answers of the catalogue's documented shape, over HTTP from a server in this process."""

import json
import threading
from datetime import date
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from lyceum_ops import checkout
from lyceum_ops.program import main
from lyceum_stacks.errors import StackError, WrongUse
from lyceum_stacks.prices import catalog, refresh, table

TODAY = date(2026, 11, 22)


def sku(description, usage, unit, *tiers, regions=("us-central1",), scope="REGIONAL", rate=1):
    """One SKU as the API gives it; `tiers` are (from, nanos)."""
    return {
        "name": f"services/X/skus/{abs(hash(description))}",
        "skuId": "0000-AAAA-BBBB",
        "description": description,
        "category": {
            "serviceDisplayName": "Compute Engine", "resourceFamily": "Compute", "resourceGroup": "CPU",
            "usageType": usage,
        },
        "serviceRegions": list(regions),
        "pricingInfo": [
            {
                "summary": "",
                "pricingExpression": {
                    "usageUnit": unit, "displayQuantity": 1,
                    "tieredRates": [
                        {
                            "startUsageAmount": start,
                            "unitPrice": {"currencyCode": "USD", "units": str(nanos // 10**9), "nanos": nanos % 10**9},
                        }
                        for start, nanos in tiers
                    ],
                    "usageUnitDescription": "", "baseUnit": "s", "baseUnitConversionFactor": 3600,
                },
                "currencyConversionRate": rate, "effectiveTime": "2026-11-01T00:00:00.000Z",
            }
        ],
        "serviceProviderName": "Google",
        "geoTaxonomy": {"type": scope, "regions": list(regions)},
    }  # fmt: skip


COMPUTE = [
    sku("E2 Instance Core running in Americas", "OnDemand", "h", (0, 22000000)),
    sku("E2 Instance Ram running in Americas", "OnDemand", "GiBy.h", (0, 3000000)),
    sku("E2 Custom Instance Core running in Americas", "OnDemand", "h", (0, 99000000)),
    sku("Spot Preemptible E2 Instance Core running in Americas", "Preemptible", "h", (0, 11000000)),
    sku("Spot Preemptible E2 Instance Ram running in Americas", "Preemptible", "GiBy.h", (0, 1500000)),
    sku("Commitment v1: E2 Cpu in Americas for 1 Year", "Commit1Yr", "h", (0, 14000000)),
    sku("Commitment v1: E2 Ram in Americas for 1 Year", "Commit1Yr", "GiBy.h", (0, 2000000)),
    sku("External IP Charge on a Standard VM", "OnDemand", "h", (0, 0), (744, 6000000), scope="GLOBAL"),
    sku("Network Inter Zone Data Transfer Out", "OnDemand", "GiBy", (0, 11000000), scope="GLOBAL"),
    sku(
        "Network Internet Data Transfer Out from Iowa to Americas", "OnDemand", "GiBy",
        (0, 0), (1, 130000000), (1024, 100000000), (10240, 70000000),
    ),
    sku("Hyperdisk Balanced IOPS in Iowa", "OnDemand", "mo", (0, 6000000)),
    sku("Hyperdisk Balanced Capacity in Iowa - Confidential mode", "OnDemand", "GiBy.mo", (0, 400000000)),
    sku("Storage PD Capacity in Frankfurt", "OnDemand", "GBy.mo", (0, 48000000), regions=("europe-west3",)),
]  # fmt: skip
SECRETS = [sku("Secret version replica storage", "OnDemand", "mo", (0, 0), (6, 70000000), scope="GLOBAL", rate=0.86)]


class Catalogue(BaseHTTPRequestHandler):
    """Answers as the API does: two pages of machines, and one each of the rest."""

    def do_GET(self):
        address = urlsplit(self.path)
        query = parse_qs(address.query)
        self.server.asked.append((address.path, query, self.headers.get("X-Goog-Api-Key")))
        if self.headers.get("X-Goog-Api-Key") != "good":
            return self.answer(403, {"error": {"code": 403, "message": "The key is not valid.", "status": "X"}})
        if refresh.COMPUTE in address.path:
            second = query.get("pageToken") == ["next"]
            content = (
                {"skus": COMPUTE[5:], "nextPageToken": ""} if second else {"skus": COMPUTE[:5], "nextPageToken": "next"}
            )
            return self.answer(200, content)
        return self.answer(200, {"skus": SECRETS if refresh.SECRETS in address.path else []})

    def answer(self, code, content):
        body = b'{"skus": [' if self.server.broken else json.dumps(content).encode()
        self.send_response(code)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Catalogue) as found:
        found.asked, found.broken = [], False
        thread = threading.Thread(target=found.serve_forever, daemon=True)
        thread.start()
        found.address = f"http://127.0.0.1:{found.server_address[1]}/v1"
        yield found
        found.shutdown()
        thread.join()


@pytest.fixture
def refreshed(server):
    return refresh.refresh(table.load(), refresh.fetch("good", server.address), TODAY)


def usd(result, item, region):
    return [(row.start, row.usd) for row in table.Table(result.rows, origin="").tiers(item, region)]


def test_a_machine_costs_what_its_vcpus_and_memory_do(refreshed):
    assert usd(refreshed, "machine/e2-standard-4/on-demand", "us-central1") == [(0, Decimal("0.136"))]
    assert usd(refreshed, "machine/e2-micro/spot", "us-central1") == [(0, Decimal("0.00425"))]
    assert usd(refreshed, "machine/e2-medium/commitment-1y", "us-central1") == [(0, Decimal("0.022"))]


def test_the_first_tier_may_be_free_and_is_not_the_price(refreshed):
    assert usd(refreshed, "address/in-use", "all") == [(0, Decimal("0.006"))]
    tiers = [(0, Decimal("0.13")), (1024, Decimal("0.1")), (10240, Decimal("0.07"))]
    assert usd(refreshed, "egress/premium/worldwide", "us-central1") == tiers
    assert usd(refreshed, "secret/version", "all") == [(0, Decimal("0.07"))]


def test_a_global_sku_holds_everywhere_whatever_regions_it_names(refreshed):
    assert usd(refreshed, "transfer/inter-zone", "asia-southeast1") == [(0, Decimal("0.011"))]
    assert usd(refreshed, "address/in-use", "asia-southeast1") == [(0, Decimal("0.006"))]


def test_what_a_disk_includes_stays_included(refreshed):
    assert usd(refreshed, "disk/hyperdisk-balanced/iops", "us-central1") == [(3000, Decimal("0.006"))]


def test_a_sku_that_only_looks_alike_is_left_alone(refreshed):
    assert usd(refreshed, "disk/hyperdisk-balanced", "us-central1") == [(0, Decimal("0.08"))]
    assert usd(refreshed, "family/e2/core/on-demand", "us-central1") == [(0, Decimal("0.022"))]


def test_what_the_catalogue_does_not_tell_stays_with_its_date(refreshed):
    before = {(row.item, row.region): row for row in table.load().rows}
    after = {(row.item, row.region): row for row in refreshed.rows}
    assert after["vpn/tunnel", "us-central1"] == before["vpn/tunnel", "us-central1"]
    assert after["machine/e2-micro/spot", "us-central1"].day == TODAY


def test_another_region_is_added_and_gigabytes_are_made_gibibytes(server):
    found = refresh.refresh(table.load(), refresh.fetch("good", server.address), TODAY, regions=["europe-west3"])
    assert usd(found, "disk/pd-standard", "europe-west3") == [(0, Decimal("0.048") * catalog.BINARY)]


def test_all_pages_are_read_and_the_key_stands_in_no_address(server):
    refresh.fetch("good", server.address)
    pages = [query for path, query, _ in server.asked if refresh.COMPUTE in path]
    assert [page.get("pageToken") for page in pages] == [None, ["next"]]
    assert not any("good" in f"{path}{query}" for path, query, _ in server.asked)


def test_googles_exchange_rate(server):
    assert refresh.exchange_rate("good", "EUR", server.address) == Decimal("0.86")


def test_a_refused_key_is_told_in_the_apis_words(server):
    with pytest.raises(StackError, match=r"refuses \(403\): The key is not valid."):
        refresh.fetch("bad", server.address)


def test_an_answer_that_is_no_list_of_prices(server):
    server.broken = True
    with pytest.raises(StackError, match="something else than prices"):
        refresh.fetch("good", server.address)


def test_a_catalogue_that_does_not_answer():
    with pytest.raises(StackError, match="does not answer"):
        refresh.fetch("good", "http://127.0.0.1:1/v1")


def test_the_key_comes_from_a_file_or_the_environment(tmp_path, monkeypatch):
    monkeypatch.delenv(catalog.KEY_VARIABLE, raising=False)
    with pytest.raises(WrongUse, match="An API key is needed"):
        catalog.key("")
    with pytest.raises(StackError, match="cannot be read"):
        catalog.key(str(tmp_path / "none"))
    (tmp_path / "key").write_text("from-file\n")
    assert catalog.key(str(tmp_path / "key")) == "from-file"
    monkeypatch.setenv(catalog.KEY_VARIABLE, "from-environment")
    assert catalog.key("") == "from-environment"


def test_the_command_writes_a_table_that_is_fit_and_leaves_ours_alone(server, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(checkout, "LOGS", tmp_path / "logs")
    monkeypatch.setenv(catalog.KEY_VARIABLE, "good")
    ours = table.TABLE.read_bytes()
    words = [
        "lyceum",
        "prices",
        "refresh",
        "--catalog",
        server.address,
        "--output",
        str(tmp_path / "t.csv"),
        "--currency",
        "EUR",
    ]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "machine/e2-medium/on-demand in us-central1: 0.03350571 -> 0.034" in shown
    assert table.TABLE.read_bytes() == ours
    written = table.load(tmp_path / "t.csv")
    assert written.price("exchange/EUR", "all").usd == Decimal("0.86")
    assert main(["lyceum", "prices", "check", "--prices", str(tmp_path / "t.csv")]) == 0


def test_a_refused_key_leaves_no_table_behind(server, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(checkout, "LOGS", tmp_path / "logs")
    monkeypatch.setenv(catalog.KEY_VARIABLE, "bad")
    assert main(["lyceum", "prices", "refresh", "--catalog", server.address, "--output", str(tmp_path / "t.csv")]) == 1
    assert "refuses (403)" in capsys.readouterr().err
    assert not (tmp_path / "t.csv").exists()
