"""Looking at files: previews, what changes on disk meanwhile, and files as they were."""

from __future__ import annotations

import base64
import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Person
from tests.browser.test_places import place

#: A red dot of one pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="
)
PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 4 0 R/Resources<</Font<</F<</Type/Font/Subtype/Type1
/BaseFont/Helvetica>>>>>>>>endobj
4 0 obj<</Length 41>>stream
BT /F 20 Tf 20 40 Td (Eureka in PDF) Tj ET
endstream endobj
trailer<</Root 1 0 R>>
"""
MARKDOWN = """# Rings

A *commutative* ring, $a b = b a$, and a picture:

![a dot](dot.png)

<img src="x" onerror="window.stolen = 1"> <script>window.stolen = 1</script>
"""
SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40" fill="teal"/>
<script>window.stolen = 1; top.stolen = 1</script></svg>"""


def project_id(page: Page) -> str:
    found = re.search(r"/projects/([0-9a-f-]{36})", page.url)
    assert found
    return found[1]


def call(page: Page, event: str, **fields: object) -> dict[str, object]:
    """Call an operation with the person's own session, as a program would meanwhile."""
    origin = page.evaluate("location.origin")
    response = page.request.post(
        f"{origin}/api/v1/{event}", data={"project_id": project_id(page), **fields}, headers={"Origin": origin}
    )
    assert response.ok, response.text()
    answer: dict[str, object] = response.json()
    return answer


def put(page: Page, path: str, content: bytes) -> None:
    origin = page.evaluate("location.origin")
    address = f"{origin}/{project_id(page)}/files/{path}"
    assert page.request.put(address, data=content, headers={"Origin": origin}).ok


def open_file(page: Page, name: str) -> None:
    place(page, "Files")
    page.get_by_role("row", name=name).dblclick()


def test_previews_show_what_files_mean_and_run_nothing(in_project: Person) -> None:
    page = in_project.page
    put(page, "dot.png", PNG)
    put(page, "paper.pdf", PDF)
    put(page, "table.csv", b'name,points\n"Noether, Emmy",42\nGauss,17\n')
    put(page, "README.md", MARKDOWN.encode())
    put(page, "drawing.svg", SVG.encode())

    open_file(page, "README.md")
    expect(page.get_by_role("heading", name="Rings")).to_be_visible()
    expect(page.locator(".katex").first).to_be_visible()
    expect(page.get_by_alt_text("a dot")).to_have_js_property("naturalWidth", 1)
    in_project.screenshot("markdown")
    open_file(page, "table.csv")
    expect(page.get_by_role("cell", name="Noether, Emmy")).to_be_visible()
    in_project.screenshot("table")
    open_file(page, "paper.pdf")
    expect(page.locator(".textLayer").get_by_text("Eureka in PDF")).to_be_visible()
    in_project.screenshot("pdf")
    open_file(page, "drawing.svg")
    expect(page.get_by_alt_text("The picture drawing.svg")).to_have_js_property("naturalWidth", 40)
    open_file(page, "dot.png")
    expect(page.get_by_alt_text("The picture dot.png")).to_have_js_property("naturalWidth", 1)
    assert page.evaluate("window.stolen") is None


def test_what_changes_on_disk_is_followed_and_never_overwritten(in_project: Person) -> None:
    page = in_project.page
    place(page, "Files")
    expect(page.get_by_text("This folder is empty")).to_be_visible()
    call(page, "write_text_file", path="result.txt", content="first\n")
    expect(page.get_by_role("row", name="result.txt")).to_be_visible()
    open_file(page, "result.txt")
    editor = page.get_by_role("textbox", name="Text of result.txt")
    expect(editor).to_contain_text("first")
    call(page, "write_text_file", path="result.txt", content="second\n")
    expect(editor).to_contain_text("second")

    editor.click()
    page.context.set_offline(True)
    page.keyboard.press("Control+End")
    page.keyboard.type("typed while away")
    page.context.set_offline(False)
    call(page, "write_text_file", path="result.txt", content="third\n")
    expect(page.get_by_text("Nothing was overwritten.")).to_be_visible(timeout=60_000)
    in_project.screenshot("conflict")
    assert call(page, "read_text_file", path="result.txt")["content"] == "third\n"
    page.set_viewport_size({"width": 320, "height": 700})
    in_project.screenshot("conflict-narrow")
    page.get_by_role("button", name="Take over").click()
    page.get_by_role("button", name="Save my text").click()
    expect(page.get_by_role("textbox", name="Text of result.txt")).to_have_text("third")


def test_a_file_as_it_was_is_looked_at_compared_and_brought_back(in_project: Person) -> None:
    page = in_project.page
    call(page, "write_text_file", path="notes/proof.txt", content="Let p be prime.\nThen p is odd.\n")
    call(page, "save_project", wait=120)
    call(page, "write_text_file", path="notes/proof.txt", content="Let p be prime.\nThen p is 2 or odd.\n")
    place(page, "Snapshots")
    page.get_by_role("link", name=re.compile("^Look inside the whole project as of")).first.click()
    page.get_by_role("list", name="Files in the snapshot").get_by_role("link", name="notes").click()
    page.get_by_role("link", name="proof.txt").click()
    expect(page.get_by_role("textbox", name="Text of notes/proof.txt")).to_contain_text("Then p is odd.")
    page.get_by_text("Compare with now").click()
    expect(page.get_by_role("textbox", name="Now: notes/proof.txt")).to_contain_text("2 or odd")
    in_project.screenshot("compare")
    size = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 700})
    expect(page.get_by_role("textbox", name="notes/proof.txt")).to_have_count(1)  # in one column
    expect(page.get_by_text("Then p is odd.")).to_be_visible()
    in_project.screenshot("compare-narrow")
    assert size is not None
    page.set_viewport_size(size)
    page.get_by_role("button", name="Restore").click()
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(page.get_by_text("Restored: notes/proof.txt")).to_be_visible()
    assert call(page, "read_text_file", path="notes/proof.txt")["content"] == "Let p be prime.\nThen p is odd.\n"
    page.go_back()
    expect(page.get_by_role("list", name="Files in the snapshot")).to_be_visible()
