"""Every page for everyone: axe finds nothing in light and dark, and nothing is cut off at 320 pixels."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person
from tests.browser.test_looking import call, project_id
from tests.deployment import ROOT

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
FINDINGS = """async () => (await axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}))
  .violations.map(({id, nodes}) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" ")}`)"""
PLACES = ["files", "edit/README.md", "terminals", "terminals/1-x", "apps", "snapshots", "people", "settings", "trash"]


def findings(page: Page, where: str) -> list[str]:
    """Return what is wrong with the page as it is."""
    page.evaluate(AXE.read_text())
    found = [f"{where}: {finding}" for finding in page.evaluate(FINDINGS)]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*found, f"{where}: {wide} pixels are cut off"] if wide else found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_cut_off(in_project: Person, scheme: Literal["light", "dark"]) -> None:
    page = in_project.page
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    here = f"/projects/{project_id(page)}"
    call(page, "write_text_file", path="README.md", content="# Title\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    call(page, "save_project", wait=120)
    snapshots = call(page, "list_snapshots")["snapshots"]
    assert isinstance(snapshots, list)
    past = f"{here}/snapshots/{snapshots[-1]['name']}"
    addresses = ["/projects", "/account", *(f"{here}/{each}" for each in PLACES), past, f"{past}/README.md"]
    found: list[str] = []
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        for address in addresses:
            page.goto(address)
            expect(page.get_by_label("Loading")).to_have_count(0)
            expect(
                page.locator("main h1, main h2, main h3, main [role=grid], main nav, main textarea").first
            ).to_be_attached()
            in_project.screenshot(f"{scheme}-{width}-{address.rsplit('/', 1)[-1]}")
            found += findings(page, f"{address} at {width} pixels, {scheme}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("address", ["/sign-in", "/sign-up"])
def test_axe_finds_nothing_before_signing_in(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(address)
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
    assert not findings(page, address)
