"""A person's walk through the web client, from signing up to bringing a file back."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, Person


def type_in_terminal(page: Page, line: str) -> None:
    expect(page.locator(".xterm")).to_contain_text("$")
    terminal = page.get_by_role("textbox", name="Terminal")
    terminal.focus()
    page.keyboard.type(line + "\n")


def terminal_text(page: Page) -> str:
    return page.locator(".xterm-accessibility, .xterm-rows").first.inner_text()


def test_sign_up_terminal_file_snapshot_and_back(in_project: Person) -> None:
    page = in_project.page
    page.get_by_role("link", name="Terminals").click()
    page.get_by_role("button", name="New terminal").first.click()
    page.wait_for_url("**/terminals/*")
    type_in_terminal(page, "echo $((6*7)) > answer.txt; echo the-$((40+2))-answer")
    expect(page.locator(".xterm")).to_contain_text("the-42-answer")
    in_project.screenshot("terminal")

    page.get_by_role("link", name="Files", exact=True).click()
    page.get_by_role("row", name=re.compile("answer.txt")).dblclick()
    editor = page.locator(".cm-content")
    expect(editor).to_contain_text("42")
    editor.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("is the answer\n")
    page.keyboard.press("Control+s")
    expect(page.get_by_text(re.compile(r"^Saved "))).to_be_visible()
    in_project.screenshot("editor")

    page.get_by_role("link", name="Settings").click()
    page.get_by_role("button", name="Save now").click()
    expect(page.get_by_text("Saved, and a snapshot was made.")).to_be_visible(timeout=90_000)

    page.get_by_role("link", name="Files", exact=True).click()
    page.get_by_role("row", name=re.compile("answer.txt")).click()
    page.keyboard.press("Delete")
    expect(page.get_by_role("row", name=re.compile("answer.txt"))).to_have_count(0)

    page.get_by_role("link", name="Snapshots").click()
    page.get_by_label("File or folder").fill("answer.txt")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("button", name=re.compile("^Restore")).first.click()
    in_project.screenshot("snapshots")
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(page.get_by_text("Restored: answer.txt")).to_be_visible()
    page.get_by_role("link", name="Files", exact=True).click()
    page.get_by_role("row", name=re.compile("answer.txt")).dblclick()
    expect(page.locator(".cm-content")).to_contain_text("is the answer")


def test_tabs_and_places_survive_a_reload(in_project: Person) -> None:
    page = in_project.page
    page.get_by_role("link", name="Terminals").click()
    page.get_by_role("button", name="New terminal").first.click()
    page.wait_for_url("**/terminals/*")
    type_in_terminal(page, "echo before-the-$((1+1))nd-look")
    expect(page.locator(".xterm")).to_contain_text("before-the-2nd-look")
    page.reload()
    expect(page.locator(".xterm")).to_contain_text("before-the-2nd-look")
    page.get_by_role("link", name="Files", exact=True).click()
    page.go_back()
    expect(page).to_have_url(re.compile("/terminals/"))


def test_stop_and_start_from_the_list(in_project: Person) -> None:
    page = in_project.page
    page.goto("/projects")
    page.get_by_role("button", name="Stop Ring theory").click()
    expect(page.get_by_text("Stopped").first).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Start Ring theory").click()
    expect(page.get_by_text("Running").first).to_be_visible(timeout=60_000)
    in_project.screenshot("projects")


def test_changes_of_another_window_arrive_by_themselves(in_project: Person) -> None:
    page = in_project.page
    page.goto("/projects")
    expect(page.get_by_text("Ring theory").first).to_be_visible()
    other = page.context.new_page()
    other.goto("/projects")
    other.get_by_role("button", name="Stop Ring theory").click()
    expect(page.get_by_text("Stopped").first).to_be_visible(timeout=60_000)


def test_sign_out_and_in_again_leads_back(person: Person) -> None:
    page = person.page
    page.get_by_role("button", name="Account").click()
    page.get_by_role("menuitem", name="Sign out", exact=True).click()
    page.wait_for_url("**/sign-in**")
    page.goto("/account")
    page.wait_for_url("**/sign-in**")
    page.get_by_label("E-mail address").fill(person.email_address)
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("do not belong together")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/account$"))


def test_a_lost_connection_is_said_and_mends_itself(in_project: Person) -> None:
    page = in_project.page
    page.get_by_role("link", name="Terminals").click()
    page.get_by_role("button", name="New terminal").first.click()
    page.wait_for_url("**/terminals/*")
    type_in_terminal(page, "echo still-$((1+1))-here")
    expect(page.locator(".xterm")).to_contain_text("still-2-here")
    page.context.set_offline(True)
    expect(page.get_by_text(re.compile("No connection since"))).to_be_visible(timeout=60_000)
    in_project.screenshot("offline")
    page.context.set_offline(False)
    expect(page.get_by_text(re.compile("No connection since"))).to_have_count(0, timeout=60_000)
    expect(page.locator(".xterm")).to_contain_text("still-2-here")
