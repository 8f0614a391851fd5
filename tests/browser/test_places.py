"""The places of a project beyond files and terminals: uploads and downloads, the trash, what it serves, usage, keys."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person
from tests.browser.test_walk import type_in_terminal


def place(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Project").get_by_role("link", name=name, exact=True).click()


def download(page: Page, of: str, action: str) -> Path:
    page.get_by_role("button", name=f"Actions for {of}").click()
    with page.expect_download() as waited:
        page.get_by_role("menuitem", name=action, exact=True).click()
    return Path(waited.value.path())


def test_bytes_go_up_and_down_and_through_the_trash(in_project: Person) -> None:
    page = in_project.page
    content = os.urandom(3_000_000)
    place(page, "Files")
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Upload").click()
    chosen.value.set_files([{"name": "data.bin", "mimeType": "application/octet-stream", "buffer": content}])
    expect(page.get_by_text("1 upload finished")).to_be_visible()
    in_project.screenshot("upload")
    assert download(page, "data.bin", "Download").read_bytes() == content

    page.get_by_role("button", name="New folder").first.click()
    page.get_by_label("Name of the new folder").fill("results")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="results")).to_be_visible()
    with zipfile.ZipFile(download(page, "results", "Download as zip")) as archive:
        assert archive.testzip() is None

    page.get_by_role("row", name="data.bin").click()
    page.keyboard.press("Delete")
    expect(page.get_by_role("row", name="data.bin")).to_have_count(0)
    page.get_by_role("button", name="Actions", exact=True).click()
    page.get_by_role("menuitem", name="Trash").click()
    page.get_by_role("button", name="Put back data.bin").click()
    expect(page.get_by_text("data.bin is back.")).to_be_visible()
    place(page, "Files")
    assert download(page, "data.bin", "Download").read_bytes() == content


def test_what_a_program_serves_is_a_link(in_project: Person) -> None:
    page = in_project.page
    place(page, "Terminals")
    page.get_by_role("button", name="New terminal").first.click()
    page.wait_for_url("**/terminals/*")
    type_in_terminal(page, "mkdir site; echo served-$((6*7)) > site/index.html; python3 -m http.server -d site 8123")
    place(page, "Apps")
    link = page.get_by_role("link", name="Open port 8123")
    expect(link).to_be_visible()
    in_project.screenshot("apps")
    with page.expect_popup() as opened:
        link.click()
    expect(opened.value.get_by_text("served-42")).to_be_visible()
    assert re.match(r"https://[0-9a-f-]{36}\.", opened.value.url), "a stranger's page has an origin of its own"
    place(page, "Terminals")
    expect(page.get_by_role("list", name="Terminals").get_by_role("link")).to_contain_text("python3")


def test_usage_and_keys(in_project: Person) -> None:
    page = in_project.page
    key = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    place(page, "Settings")
    expect(page.get_by_role("progressbar", name="Memory in use")).to_be_visible()
    expect(page.get_by_text(re.compile("of 3.0 GB$"))).to_be_visible()
    page.get_by_label("Public key").fill(f"{key} emmy@laptop")
    page.get_by_role("button", name="Add key").click()
    expect(page.get_by_role("list", name="Keys of this project").get_by_text("emmy@laptop")).to_be_visible()
    in_project.screenshot("settings")
    page.get_by_role("button", name="Restart").first.click()
    expect(page.get_by_text("Running").first).to_be_visible(timeout=60_000)
