"""Who a request to Jupyter comes from, and from whose pages."""

from __future__ import annotations

import pytest
from lyceum_jupyter import people

ACCOUNT = "11111111-8f33-4b8a-b1c6-4b1a5e0c2f11"
HOST = "bba3b504-a877-423f-b2cd-4072c62bc143.projects.localhost:8443"


def test_the_gateway_names_the_account_and_the_name() -> None:
    person = people.of({"X-Lyceum-Account": ACCOUNT, "X-Lyceum-Name": "Ada%20Maria%20L%C3%B6we"})
    assert person == people.Person(ACCOUNT, "Ada Maria Löwe")
    assert person.initials == "AL"


def test_an_account_without_a_name_has_one_that_tells_it_from_others() -> None:
    person = people.of({"X-Lyceum-Account": ACCOUNT})
    assert person == people.Person(ACCOUNT, "Account 11111111")


@pytest.mark.parametrize("account", ["", "root", ACCOUNT.upper(), f"{ACCOUNT}\n", f"{ACCOUNT}, {ACCOUNT}"])
def test_nobody(account: str) -> None:
    assert people.of({"X-Lyceum-Account": account}) is None
    assert people.of({}) is None


def test_a_name_is_one_line_of_bounded_length() -> None:
    person = people.of({"X-Lyceum-Account": ACCOUNT, "X-Lyceum-Name": "a%0d%0ab%E2%80%AEc" + "x" * 1000})
    assert person is not None
    assert person.name.startswith("a b cx")
    assert len(person.name) <= people.MAX_NAME


@pytest.mark.parametrize(
    ("method", "headers", "elsewhere"),
    [
        ("GET", {}, False),
        ("POST", {}, False),  # no browser
        ("POST", {"Origin": f"https://{HOST}", "Sec-Fetch-Site": "same-origin"}, False),
        ("POST", {"Origin": "https://elsewhere.example"}, True),
        ("GET", {"Origin": "https://elsewhere.example"}, True),
        ("GET", {"Origin": "null"}, True),
        ("GET", {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, False),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, False),
        ("POST", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, True),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, True),
        ("GET", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}, True),  # the page of another project
    ],
)
def test_pages_of_other_origins(method: str, headers: dict[str, str], elsewhere: bool) -> None:
    assert people.comes_from_elsewhere(method, {"Host": HOST, **headers}) is elsewhere


def test_the_host_that_the_browser_asked_counts() -> None:
    headers = {"Host": "compute1", "X-Forwarded-Host": HOST, "Origin": f"https://{HOST}"}
    assert not people.comes_from_elsewhere("POST", headers)
