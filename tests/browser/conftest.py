"""Chromium against the deployed instance."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.deployment import ROOT, Deployment

ARTIFACTS = ROOT / "tests" / "artifacts"
#: Without these, Chromium calls its makers' hosts at every start, which a closed network refuses many at a time.
FLAGS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; `./lyceum test` installs it."""
    path = shutil.which("chromium")
    assert path, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, "--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser, deployment: Deployment, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A browser profile of its own; what it saw is kept in ``tests/artifacts`` as screenshots and a trace."""
    context = browser.new_context(
        base_url=deployment.url, ignore_https_errors=True, viewport={"width": 1280, "height": 800}
    )
    context.tracing.start(screenshots=True, snapshots=True)
    foreign: list[str] = []
    instance = f"{re.escape(deployment.url)}|https://[0-9a-f-]{{36}}\\.{re.escape(deployment.project_domain)}:\\d+"
    allowed = re.compile(
        f"(?:{instance}|{instance.replace('https', 'wss')})(?:/.*)?|(?:data|blob|chrome-error):.*", re.DOTALL
    )
    context.on("request", lambda sent: None if allowed.fullmatch(sent.url) else foreign.append(sent.url))
    yield context
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    context.tracing.stop(path=ARTIFACTS / f"{request.node.name}.zip")
    context.close()
    assert not foreign, "a request left the instance"


@pytest.fixture
def page(context: BrowserContext) -> Page:
    expect.set_options(timeout=20_000)
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


@dataclass
class Person:
    page: Page
    email_address: str

    def screenshot(self, name: str) -> None:
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=ARTIFACTS / f"{name}.png")


@pytest.fixture
def person(page: Page) -> Person:
    """Somebody who has just signed up."""
    email_address = f"walker-{secrets.token_hex(6)}@example.org"
    page.goto("/sign-up")
    page.get_by_label("First name").fill("Emmy")
    page.get_by_label("Last name").fill("Walker")
    page.get_by_label("E-mail address").fill(email_address)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url("**/projects")
    return Person(page, email_address)


@pytest.fixture
def in_project(person: Person) -> Person:
    """Somebody whose first project has started and who is in it."""
    page = person.page
    page.get_by_role("button", name="New project").first.click()
    page.get_by_label("Title").fill("Ring theory")
    page.get_by_role("button", name="Create project").click()
    page.wait_for_url("**/projects/*/**")
    expect(page.get_by_text("Running").first).to_be_visible(timeout=60_000)
    return person
