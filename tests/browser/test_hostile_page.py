"""A page that a project serves, and that turns against its visitor, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import Person
from tests.deployment import Deployment

FOLDER = Path(__file__).parent
PROGRAM = FOLDER.parent / "instance" / "served.py"
START = (
    "setsid python3 served.py 8000 8006 >served.log 2>&1 </dev/null & until [ -e served.ready ]; do sleep 0.1; done; "
    "base64 -d >pixel.png <<<R0lGODlhAQABAAAAACw="
)


class Caller:
    """Calls of the person, made beside the page with the page's session."""

    def __init__(self, person: Person, deployment: Deployment) -> None:
        self.request = person.page.request
        self.headers = {"Origin": deployment.url}

    def call(self, event: str, **fields: Any) -> Any:
        answer = self.request.post(f"/api/v1/{event}", data=fields, headers=self.headers)
        assert answer.ok, answer.text()
        return answer.json()


def test_a_page_of_a_project_has_no_power_over_its_visitor(in_project: Person, deployment: Deployment) -> None:
    page = in_project.page
    found = re.search(r"/projects/([0-9a-f-]{36})", page.url)
    assert found
    project = found[1]
    person = Caller(in_project, deployment)
    for file in (PROGRAM, FOLDER / "hostile.html"):
        person.call("write_text_file", project_id=project, path=file.name, content=file.read_text())
    person.call("project_exec", project_id=project, command=START, bash=True)
    before = {cookie["name"]: cookie["value"] for cookie in page.context.cookies(deployment.url)}

    page.goto(f"/{project}/port/8000/hostile.html")
    own = deployment.url.replace("https://localhost", f"https://{project}.{deployment.project_domain}")
    expect(page).to_have_url(f"{own}/{project}/port/8000/hostile.html")
    results = page.evaluate("([instance, project]) => attack(instance, project)", [deployment.url, project])

    for name in ("read", "json", "file"):
        assert results[name] == "refused: TypeError", results
    assert results["blind"] in ("got opaque", "refused: TypeError")  # sent, and refused by the hub
    for name in ("image", "script", "terminal", "realtime"):
        assert results[name] == "refused", results
    assert "chrome-error" in page.frames[-1].url, "the instance was shown in a frame of the project"
    assert "__Host-lyceum" not in results["cookies"]
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies(deployment.url)}
    assert {name: cookies.get(name) for name in before} == before
    row = next(row for row in person.call("get_projects")["projects"] if row["project_id"] == project)
    assert (row["title"], row["description"]) == ("Ring theory", "")
    assert page.request.get(f"{deployment.url}/{project}/terminal/").json()["sessions"] == []
    person.call("stop_project", project_id=project)
