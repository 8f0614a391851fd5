"""Two people edit one notebook in JupyterLab at once, each in a browser of their own."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ARTIFACTS, PASSWORD
from tests.deployment import Deployment

#: Milliseconds for Jupyter or a kernel to start on a machine that does much else.
PATIENCE = 90_000
NOTEBOOK: dict[str, Any] = {
    "cells": [
        {"cell_type": "code", "id": "first", "metadata": {}, "outputs": [], "source": "", "execution_count": None}
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


class Person:
    """Somebody signed in, with a browser profile of their own."""

    def __init__(self, browser: Browser, deployment: Deployment, first_name: str) -> None:
        self.context = browser.new_context(
            base_url=deployment.url, ignore_https_errors=True, viewport={"width": 1280, "height": 800}
        )
        self.foreign: list[str] = []
        self._origin = deployment.url
        self._within = (urlsplit(deployment.url).hostname, deployment.project_domain)
        self.context.on("request", lambda request: self._look(request.url))
        account = self.call(
            "create_account",
            email_address=f"{first_name.lower()}-{secrets.token_hex(6)}@example.org",
            password=PASSWORD,
            first_name=first_name,
            last_name="Example",
        )
        self.account_id = account["account_id"]

    def _look(self, url: str) -> None:
        host = urlsplit(url).hostname or ""
        if not url.startswith(("data:", "blob:")) and not host.endswith(self._within):
            self.foreign.append(url)

    def call(self, event: str, **fields: Any) -> Any:
        answer = self.context.request.post(f"/api/v1/{event}", data=fields, headers={"Origin": self._origin})
        assert answer.ok, answer.text()
        return answer.json()

    def open(self, project: str, name: str) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"/{project}/port/jupyter/lab/tree/{name}")
        expect(page.locator(".jp-Notebook .jp-CodeCell").first).to_be_visible(timeout=PATIENCE)
        return page


@pytest.fixture
def people(browser: Browser, deployment: Deployment) -> Iterator[tuple[Person, Person]]:
    made = (Person(browser, deployment, "Ada"), Person(browser, deployment, "Grace"))
    yield made
    for person in made:
        person.context.close()
        assert not person.foreign, "a request left the instance"


def write(page: Page, text: str) -> None:
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)


def test_two_people_edit_one_notebook_and_see_each_other(people: tuple[Person, Person]) -> None:
    ada, grace = people
    project = ada.call("create_project", title="Together")["project_id"]
    assert ada.call("start_project", project_id=project, wait=60)["state"] == "running"
    ada.call("invite_collaborator", project_id=project, account_id=grace.account_id)
    ada.call("write_text_file", project_id=project, path="shared.ipynb", content=json.dumps(NOTEBOOK))
    hers = ada.open(project, "shared.ipynb")
    theirs = grace.open(project, "shared.ipynb")
    assert urlsplit(hers.url).hostname.startswith(project)

    write(hers, "a = 6\n")
    cell = ".jp-Notebook .jp-CodeCell .cm-content"
    expect(theirs.locator(cell).first).to_contain_text("a = 6")
    write(theirs, "print('product', a * 7)")
    expect(hers.locator(cell).first).to_contain_text("a * 7")
    hers.locator(cell).first.click()
    hers.keyboard.press("Shift+Enter")
    for page in (hers, theirs):
        expect(page.locator(".jp-OutputArea-output").first).to_contain_text("product 42", timeout=PATIENCE)

    # each sees that the other is there, by name
    for page, other in ((hers, "Grace Example"), (theirs, "Ada Example")):
        page.get_by_role("tab", name=re.compile("Collaboration")).first.click()
        expect(page.locator(".jp-CollaboratorsList, #jp-collaboration-panel").first).to_contain_text(other)
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    theirs.screenshot(path=ARTIFACTS / "notebook.png")
    saved = "timeout 30 sh -c 'until grep -qF \"a * 7\" shared.ipynb; do sleep 0.2; done'"
    assert ada.call("project_exec", project_id=project, command=saved, bash=True)["exit_code"] == 0
    ada.call("stop_project", project_id=project)
