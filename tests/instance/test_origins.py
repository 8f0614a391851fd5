"""Projects' own origins: the way there, what is let in, and what cannot get out."""

from __future__ import annotations

import re
import uuid

import httpx
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus

from tests.instance.client import PASSWORD, Client, refused
from tests.instance.conftest import AtOrigin, ClientMaker
from tests.instance.origins import COOKIE, PORT, Own, run_program

pytestmark = pytest.mark.lab

PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def project(shared_client: Client, shared_project: str) -> str:
    run_program(shared_client, shared_project)
    return shared_project


@pytest.fixture
def own(shared_client: Client, project: str, at_origin: AtOrigin) -> Own:
    """Somebody who may, but has not been there."""
    return at_origin(shared_client, project)


def test_a_ticket_is_changed_for_a_cookie_once(own: Own, at_origin: AtOrigin) -> None:
    ticket = own.ticket(f"port/{PORT}/x?a=b")
    answer = own.get(ticket)
    assert answer.headers["Location"] == f"/{own.project}/port/{PORT}/x?a=b"
    cookie = answer.headers.get_list("Set-Cookie")[0]
    assert re.fullmatch(rf"{COOKIE}=[\w-]{{43}}; Path=/; Secure; HttpOnly; SameSite=Lax", cookie), cookie
    assert answer.headers["Cache-Control"] == "no-store"
    assert own.get(f"port/{PORT}/x?a=b").json()["target"] == "/x?a=b"
    thief = at_origin(own.client, own.project)
    assert thief.get(ticket).status_code == httpx.codes.UNAUTHORIZED
    assert not thief.http.cookies.get(COOKIE)


def test_a_ticket_is_for_one_project(own: Own, at_origin: AtOrigin) -> None:
    other = own.client.running_project("Other")
    try:
        theirs = at_origin(own.client, other)
        stolen = own.ticket().replace(own.project, other)
        assert theirs.get(stolen).status_code == httpx.codes.UNAUTHORIZED
        cookie = {"Cookie": f"{COOKIE}={own.enter().cookie}"}
        assert theirs.get(f"port/{PORT}/", headers=cookie).status_code == httpx.codes.UNAUTHORIZED
        assert own.get(f"/{other}/port/{PORT}/").status_code == httpx.codes.NOT_FOUND
        assert theirs.get(f"/{own.project}/port/{PORT}/", headers=cookie).status_code == httpx.codes.NOT_FOUND
    finally:
        own.client.call("stop_project", project_id=other)


def test_credentials_are_good_in_one_place(own: Own, new_client: ClientMaker) -> None:
    session = own.client.http.cookies["__Host-lyceum_session"]
    cookie = own.enter().cookie
    for name in ("__Host-lyceum_session", COOKIE):
        own.http.cookies.clear()
        answer = own.get(f"port/{PORT}/", headers={"Cookie": f"{name}={session}"})
        assert answer.status_code == httpx.codes.UNAUTHORIZED, name
    fresh = new_client()
    fresh.http.headers["Cookie"] = f"{COOKIE}={cookie}; __Host-lyceum_session={cookie}"
    assert fresh.post("get_projects").status_code == httpx.codes.UNAUTHORIZED
    assert fresh.http.get(f"/{own.project}/terminal/").status_code == httpx.codes.UNAUTHORIZED


def test_a_projects_origin_has_nothing_of_the_instance(own: Own) -> None:
    own.enter()
    for path in ("/api/v1/get_site", "/hub/", "/auth/", "/sign-in", "/index.html", f"/{uuid.uuid4()}/port/{PORT}/"):
        assert own.get(path).status_code == httpx.codes.NOT_FOUND, path
    for place in ("terminal/", "files/served.py"):
        assert own.get(place).status_code == httpx.codes.NOT_FOUND
    assert own.get("/").headers["Location"] == f"{own.client.url}/projects/{own.project}"
    for name in (
        f"x.{own.name}",
        "projects.localhost",
        f"{own.project}.elsewhere.example",
        "nobody.projects.localhost",
    ):
        assert own.get(f"port/{PORT}/", headers={"Host": name}).status_code == httpx.codes.MISDIRECTED_REQUEST, name


def test_cookies_that_a_project_sets(own: Own) -> None:
    answer = own.enter().get(f"port/{PORT}/cookies")
    assert answer.status_code == httpx.codes.OK
    assert [cookie for cookie in answer.headers.get_list("Set-Cookie") if "lyceum_backend=lyceum" not in cookie] == [
        "mine=1; Path=/"
    ]
    assert not {"x-accel-redirect", "clear-site-data"} & answer.headers.keys()


def test_people_are_sent_to_sign_in_and_back(own: Own, new_client: ClientMaker) -> None:
    place = f"port/{PORT}/x?a=b"
    first = own.get(place, headers=PAGE)
    assert first.headers["Location"] == f"{own.client.url}/{own.project}/{place}"
    assert own.get(place).status_code == httpx.codes.UNAUTHORIZED
    assert own.request("POST", place, headers=PAGE).status_code == httpx.codes.UNAUTHORIZED
    answer = new_client().http.get(f"/{own.project}/{place}", headers=PAGE)
    assert answer.headers["Location"] == f"/sign-in?next=/{own.project}/port/{PORT}/x%3Fa%3Db"


def test_api_keys_are_for_programs(own: Own, at_origin: AtOrigin) -> None:
    made = own.client.call("create_api_key", name="nbclient")
    program = at_origin(own.client, own.project, Authorization=f"Bearer {made['api_key']}")
    told = program.request("POST", f"port/{PORT}/api", content=b"x", headers={"Origin": "https://elsewhere.example"})
    assert told.json()["length"] == 1
    assert made["api_key"] not in told.text
    own.client.call("delete_api_key", api_key_id=made["api_key_id"])
    assert program.get(f"port/{PORT}/api").status_code == httpx.codes.UNAUTHORIZED


def test_uploads_at_the_instances_name_are_sent_on_whole(own: Own) -> None:
    answer = own.client.http.post(f"/{own.project}/port/{PORT}/form", content=b"x" * 1000)
    assert answer.status_code == httpx.codes.TEMPORARY_REDIRECT
    told = own.request("POST", answer.headers["Location"].removeprefix(own.origin), content=b"x")
    assert told.status_code == httpx.codes.TEMPORARY_REDIRECT
    assert own.request("POST", told.headers["Location"], content=b"x" * 1000).json()["length"] == 1000


def test_signing_out_ends_it_everywhere(new_client: ClientMaker, at_origin: AtOrigin) -> None:
    client = new_client()
    client.create_account("Cy")
    project = client.running_project()
    other = new_client()
    other.call("sign_in", email_address=client.email_address, password=PASSWORD)
    first, second = (at_origin(who, project).enter() for who in (client, other))
    assert first.get("port/9/").status_code == httpx.codes.SERVICE_UNAVAILABLE
    client.call("sign_out")
    for place in ("port/9/", "raw/x"):
        assert first.get(place).status_code == httpx.codes.UNAUTHORIZED
    assert second.get("port/9/").status_code == httpx.codes.SERVICE_UNAVAILABLE
    other.call("stop_project", project_id=project)


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_pages_of_others_at_a_projects_origin(own: Own, headers: dict[str, str]) -> None:
    assert own.enter().get(f"port/{PORT}/", headers=headers).status_code == httpx.codes.FORBIDDEN
    assert own.get(f"port/{PORT}/", headers={"Origin": own.client.url}).status_code == httpx.codes.FORBIDDEN


async def opened(connection: object) -> ClientConnection:
    return await connection  # type: ignore[misc,no-any-return]


async def test_pages_of_a_project_at_the_instance(own: Own) -> None:
    """With the visitor's session: what a browser would send if nothing kept it."""
    http = own.client.http
    for headers in [*FOREIGN, {"Origin": own.origin}]:
        for answer in (
            http.post("/api/v1/get_projects", json={}, headers=headers),
            http.get(f"/{own.project}/terminal/", headers=headers),
            http.get(f"/{own.project}/files/served.py", headers=headers),
            http.put(f"/{own.project}/files/new", content=b"x", headers=headers),
            http.get("/hub/?EIO=4&transport=polling", headers=headers),
        ):
            assert answer.status_code == httpx.codes.FORBIDDEN, (headers, answer.url)
            assert "access-control-allow-origin" not in answer.headers
    with pytest.raises(InvalidStatus) as raised:
        await opened(own.connect(f"port/{PORT}/socket", origin=own.client.url))
    assert raised.value.response.status_code in (401, 403)
    with refused(404, "not_found"):
        own.client.call("read_text_file", project_id=own.project, path="new")


def test_nobody_else_frames_it(own: Own) -> None:
    answer = own.enter().get(f"port/{PORT}/x")
    assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'self'"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    hub = own.client.http.get("/")
    assert "frame-ancestors 'none'" in hub.headers["Content-Security-Policy"]
    assert hub.headers["X-Frame-Options"] == "DENY"
