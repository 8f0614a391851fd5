"""What people and programs get wrong, or do on purpose: each is refused with the right status and a clear message."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.instance.client import PASSWORD, Client, refused
from tests.instance.conftest import ClientMaker


@pytest.fixture(scope="module")
def client(shared_client: Client) -> Client:
    return shared_client


@pytest.fixture
def project(shared_project: str) -> str:
    return shared_project


UNKNOWN_PROJECT = "7d3f3c9e-5b1a-4b0e-9d0a-0123456789ab"


def test_wrong_password_and_unknown_account_get_the_same_answer(client: Client, new_client: ClientMaker) -> None:
    stranger = new_client()
    wrong = stranger.post("sign_in", email_address=client.email_address, password="not the password")
    unknown = stranger.post("sign_in", email_address="nobody@example.org", password="not the password")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert "__Host-lyceum_session" not in stranger.http.cookies


def test_repeated_failures_are_slowed_down_with_a_time_to_wait(new_client: ClientMaker) -> None:
    client, stranger = new_client(), new_client()
    client.create_account()
    answers = [
        stranger.post("sign_in", email_address=client.email_address, password="not the password") for _ in range(5)
    ]
    assert [each.status_code for each in answers] == [401, 401, 401, 429, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_a_taken_address_is_refused_whatever_its_case(client: Client, new_client: ClientMaker) -> None:
    with refused(409, "conflict"):
        new_client().call(
            "create_account",
            email_address=client.email_address.upper(),
            password=PASSWORD,
            first_name="A",
            last_name="B",
        )


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 422),
        (b'{"title": 5}', "application/json", 422),
        (b'{"title": "a\\u0000b"}', "application/json", 422),
        (b"\xff\xfe", "application/json", 400),
        (b'{"title": "x"}', "text/plain", 415),
        (b"title=x", "application/x-www-form-urlencoded", 415),
    ],
)
def test_what_is_not_the_right_json_is_refused(client: Client, body: bytes, content_type: str, status: int) -> None:
    before = client.call("get_projects")["projects"]
    response = client.http.post("/api/v1/create_project", content=body, headers={"Content-Type": content_type})
    assert response.status_code == status
    assert set(response.json()["error"]) >= {"code", "message"}
    assert client.call("get_projects")["projects"] == before


def test_an_unknown_event_is_refused(client: Client) -> None:
    with refused(404, "unknown_event"):
        client.call("make_me_an_administrator")


def test_an_oversized_message_is_refused(client: Client) -> None:
    response = client.http.post(
        "/api/v1/create_project",
        content=json.dumps({"title": "x" * 20_000_000}),
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 413
    assert response.json()["error"]["code"] == "too_large"


def test_not_signed_in(new_client: ClientMaker) -> None:
    with refused(401, "not_signed_in"):
        new_client().call("get_projects")


def test_who_may_call_is_checked_before_what_is_asked(new_client: ClientMaker) -> None:
    response = new_client().http.post("/api/v1/set_quotas", content=b"{", headers={"Content-Type": "application/json"})
    assert response.status_code == 401


def test_a_foreign_project_is_as_unknown_as_one_that_is_not_there(new_client: ClientMaker, project: str) -> None:
    stranger = new_client()
    stranger.create_account("Mallory")
    for event, fields in {
        "read_text_file": {"path": "a"},
        "project_exec": {"command": "id"},
        "start_project": {},
        "stop_project": {},
        "list_snapshots": {},
        "list_snapshot_directory": {"snapshot": "2026-11-22T10:15:00Z"},
        "read_snapshot_file": {"snapshot": "2026-11-22T10:15:00Z", "path": "a"},
        "invite_collaborator": {"email_address": stranger.email_address},
    }.items():
        foreign = stranger.post(event, project_id=project, **fields)
        unknown = stranger.post(event, project_id=UNKNOWN_PROJECT, **fields)
        assert foreign.status_code == unknown.status_code == 404, event
        assert foreign.json()["error"]["code"] == unknown.json()["error"]["code"] == "not_found"


def test_quotas_are_for_administrators(client: Client, project: str) -> None:
    with refused(403, "forbidden"):
        client.call("set_quotas", project_id=project, memory=8000)


@pytest.mark.parametrize("path", ["../outside", "a/../../outside", "/etc/passwd", "leads-out/passwd", "leads-out"])
def test_a_path_that_leads_out_of_the_project_is_refused(client: Client, project: str, path: str) -> None:
    client.run(project, "ln -sfn /etc leads-out")
    for event, fields in {
        "read_text_file": {"path": path},
        "write_text_file": {"path": path, "content": "x"},
    }.items():
        response = client.post(event, project_id=project, **fields)
        assert response.status_code in {403, 409, 422}, (event, path, response.text)
        assert "root:" not in response.text


def test_a_path_with_a_nul_is_refused(client: Client, project: str) -> None:
    with refused(422, "invalid"):
        client.call("read_text_file", project_id=project, path="a\0b")


@pytest.mark.parametrize(
    "name", ["with space", 'it\'s "quoted"', "two\nlines", "Ελληνικά и 漢字", "$(touch pwned)", "-rf", "a" * 255]
)
def test_any_name_of_a_file_works_through_its_whole_life(client: Client, project: str, name: str) -> None:
    client.call("write_text_file", project_id=project, path=f"names/{name}", content=name)
    assert [each["name"] for each in client.call("list_directory", project_id=project, path="names")["entries"]] == [
        name
    ]
    client.call("copy_path", project_id=project, source=f"names/{name}", destination="copy of it")
    assert client.call("read_text_file", project_id=project, path="copy of it")["content"] == name
    client.call("rename_path", project_id=project, source="copy of it", destination=f"names/{name[:200]} again")
    client.call("delete_path", project_id=project, path=f"names/{name}")
    client.call("delete_path", project_id=project, path="names")
    names = [each["name"] for each in client.call("list_directory", project_id=project, path="")["entries"]]
    assert "pwned" not in names


def test_a_command_that_never_ends_is_ended(client: Client, project: str) -> None:
    answer = client.call("project_exec", project_id=project, command="sleep", args=["1000"], timeout=1)
    assert answer["timed_out"] is True
    assert answer["exit_code"] == 124
    assert client.run(project, "pgrep -fxc 'sleep 1000'")["stdout"].strip() == "0"


def test_a_command_that_prints_without_end_is_cut(client: Client, project: str) -> None:
    answer = client.call("project_exec", project_id=project, command="yes", timeout=2, max_output=1000)
    assert (answer["truncated"], answer["timed_out"], len(answer["stdout"])) == (True, True, 1000)


def test_what_a_command_leaves_in_the_background_does_not_hold_the_answer(client: Client, project: str) -> None:
    answer = client.run(project, "sleep 300 & echo started", timeout=60)
    assert (answer["stdout"], answer["exit_code"], answer["timed_out"]) == ("started\n", 0, False)


@pytest.mark.parametrize("timeout", [601, -1, "long"])
def test_an_absurd_time_limit_is_refused(client: Client, project: str, timeout: object) -> None:
    with refused(422, "invalid"):
        client.call("project_exec", project_id=project, command="id", timeout=timeout)


def test_the_cookie_of_a_signed_out_session_is_worthless(new_client: ClientMaker) -> None:
    victim, thief = new_client(), new_client()
    victim.create_account()
    thief.http.cookies = httpx.Cookies(victim.http.cookies)
    assert thief.call("get_projects") == {"projects": []}
    victim.call("sign_out")
    with refused(401, "not_signed_in"):
        thief.call("get_projects")


def test_a_foreign_page_cannot_call_with_its_visitors_cookie(client: Client) -> None:
    response = client.http.post("/api/v1/get_projects", json={}, headers={"Origin": "https://evil.example"})
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "foreign_origin"


def test_a_forged_header_from_a_browser_changes_nothing(client: Client, new_client: ClientMaker) -> None:
    stranger = new_client()
    headers = {"X-Lyceum-Account": "1", "X-Forwarded-For": "10.0.0.1", "X-Forwarded-Host": "evil.example"}
    assert stranger.http.post("/api/v1/get_projects", json={}, headers=headers).status_code == 401
    assert client.http.post("/api/v1/get_projects", json={}, headers=headers).status_code == 200
    assert client.http.get("/internal/authorise", headers=headers).headers.get("X-Lyceum-Host") is None


def test_a_project_started_twice_at_once_starts_once(client: Client) -> None:
    project_id = client.call("create_project", title="Twice")["project_id"]
    with ThreadPoolExecutor(8) as pool:
        states = list(
            pool.map(lambda _: client.call("start_project", project_id=project_id, wait=60)["state"], range(8))
        )
    assert states == ["running"] * 8
    inits = client.run(project_id, "pgrep -c catatonit")
    assert inits["stdout"].strip() == "1"


def test_a_file_changed_meanwhile_is_not_overwritten(client: Client, project: str) -> None:
    first = client.call("write_text_file", project_id=project, path="shared.txt", content="one")
    client.run(project, "echo two > shared.txt; touch -d '+1 minute' shared.txt")
    with refused(409, "changed_on_disk"):
        client.call(
            "write_text_file",
            project_id=project,
            path="shared.txt",
            content="three",
            unmodified_since=first["modified"],
        )
    assert client.call("read_text_file", project_id=project, path="shared.txt")["content"] == "two\n"
