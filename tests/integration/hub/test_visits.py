"""The way to projects' own origins: tickets, cookies, and who is let in there."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx

from .site import ORIGIN, PASSWORD, Person, Site
from .test_projects import until

COOKIE = "__Host-lyceum_project"
HTML = "text/html,*/*;q=0.8"
FOLLOWED = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}


def ask(
    person: Person,
    project_id: str,
    *,
    own: str = "",
    cookie: str = "",
    place: str = "port/8000/a?b=c",
    hub: int | None = None,
    target: str = "",
    **headers: str,
) -> httpx.Response:
    """Ask as the hub proxy does: at the hub's origin, or (``own``: a project's id) at a project's."""
    cookies = "; ".join(f"{name}={value}" for name, value in ({} if own else person.cookies).items())
    sent = {
        "x-lyceum-project": project_id,
        "x-lyceum-kind": place.partition("/")[0],
        "x-lyceum-target": target or f"/{project_id}/{place}",
        "cookie": f"{COOKIE}={cookie}" if cookie else cookies,
        **({"x-lyceum-project-origin": own} if own else {}),
        **({"authorization": person.headers["authorization"]} if "authorization" in person.headers else {}),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    url = f"{person.site.hubs[person.hub if hub is None else hub].url}/internal/authorise"
    return httpx.get(url, headers=sent, verify=person.site.proxy, timeout=20)


def ticket_of(person: Person, project_id: str, place: str = "port/8000/a?b=c", **headers: str) -> str:
    answer = ask(person, project_id, place=place, **headers)
    assert answer.status_code == 401, answer.text
    parts = urlsplit(answer.headers["x-lyceum-location"])
    assert f"{parts.scheme}://{parts.netloc}" == f"https://{project_id}.projects.test"
    assert parts.path == f"/{project_id}/port/8000/a"
    found = re.fullmatch(r"b=c&lyceum_ticket=([\w-]{43})", parts.query)
    assert found
    return found[1]


def change(person: Person, project_id: str, ticket: str, **headers: str) -> httpx.Response:
    place = f"port/8000/a?lyceum_ticket={ticket}&b=c"
    return ask(person, project_id, own=project_id, place=place, **headers)


def cookie_for(person: Person, project_id: str, *, hub: int = 1) -> str:
    """Go the whole way; a ticket is as good at another hub."""
    place = f"port/8000/a?lyceum_ticket={ticket_of(person, project_id)}&b=c"
    answer = ask(person, project_id, own=project_id, hub=hub, place=place)
    assert answer.headers["x-lyceum-location"] == f"/{project_id}/port/8000/a?b=c"
    attributes = "; Path=/; Secure; HttpOnly; SameSite=Lax"
    found = re.fullmatch(rf"{COOKIE}=([\w-]{{43}}){attributes}", answer.headers["x-lyceum-set-cookie"])
    assert found
    return found[1]


def test_the_way_there(ada: Person) -> None:
    project_id = ada.running()
    cookie = cookie_for(ada, project_id)
    answer = ask(ada, project_id, own=project_id, cookie=cookie)
    assert answer.status_code == 204
    assert answer.headers["x-lyceum-account"] == ada.account_id
    assert ask(ada, project_id, own=project_id, cookie=cookie, hub=1, place="raw/a.html").status_code == 204


def test_a_ticket_is_good_once_and_for_one_project(ada: Person) -> None:
    project_id, other = ada.running(), ada.running()
    ticket = ticket_of(ada, project_id)
    assert "x-lyceum-set-cookie" not in change(ada, other, ticket).headers
    assert "x-lyceum-set-cookie" in change(ada, project_id, ticket).headers
    again = change(ada, project_id, ticket)
    assert again.status_code == 401
    assert not {"x-lyceum-set-cookie", "x-lyceum-location"} & set(again.headers)
    assert "x-lyceum-set-cookie" not in change(ada, project_id, "nonsense").headers


def test_a_ticket_is_good_for_a_moment(site: Site, ada: Person) -> None:
    project_id = ada.running()
    ticket = ticket_of(ada, project_id)
    site.cluster.sql("update project_tickets set expires = now()")
    assert "x-lyceum-set-cookie" not in change(ada, project_id, ticket).headers


def test_a_cookie_is_good_for_one_project_on_its_own_origin(ada: Person) -> None:
    project_id, other = ada.running(), ada.running()
    cookie = cookie_for(ada, project_id)
    assert ask(ada, other, own=other, cookie=cookie).status_code == 401
    assert ask(ada, other, own=project_id, cookie=cookie).status_code == 404
    assert ask(ada, project_id, own=other, cookie=cookie).status_code == 404
    assert ask(ada, project_id, cookie=cookie).status_code == 401
    assert ask(ada, project_id, own=project_id, cookie=ada.cookies["__Host-lyceum_session"]).status_code == 401
    for place in ("terminal/a", "files/a"):
        assert ask(ada, project_id, own=project_id, cookie=cookie, place=place).status_code == 404


def test_the_cookie_ends_with_session_place_and_account(site: Site, ada: Person) -> None:
    project_id = ada.running()
    cookies = {}
    people = [site.person() for _ in range(3)]
    for person in people:
        ada.ok("invite_collaborator", project_id=project_id, account_id=person.account_id)
        cookies[person.account_id] = cookie_for(person, project_id)

    def statuses() -> list[int]:
        return [
            ask(person, project_id, own=project_id, cookie=cookies[person.account_id], hub=hub).status_code
            for person in people
            for hub in (0, 1)
        ]

    assert statuses() == [204] * 6
    people[0].ok("sign_out")
    ada.ok("remove_collaborator", project_id=project_id, account_id=people[1].account_id)
    site.cluster.sql(f"update accounts set disabled = true where account_id = '{people[2].account_id}'")
    until(lambda: statuses() == [401, 401, 404, 404, 401, 401], 3)


def test_api_keys_open_both_origins(site: Site, ada: Person) -> None:
    project_id = ada.running()
    key = ada.ok("create_api_key", name="x")["api_key"]
    program = Person(site, authorization=f"Bearer {key}")
    assert ask(program, project_id, own=project_id).status_code == 204
    assert ask(program, project_id, own=project_id, origin="https://elsewhere.example").status_code == 204
    cookie = cookie_for(program, project_id)
    assert ask(ada, project_id, own=project_id, cookie=cookie).status_code == 204
    assert (
        ask(Person(site, authorization="Bearer lyceum_x"), project_id, own=project_id, accept=HTML).status_code == 401
    )
    own_token = Person(site, authorization="Bearer a-token-of-the-program's-own")
    assert ask(own_token, project_id, own=project_id, cookie=cookie).status_code == 204
    key_id = ada.ok("list_api_keys")["api_keys"][0]["api_key_id"]
    ada.ok("delete_api_key", api_key_id=key_id)
    until(lambda: ask(ada, project_id, own=project_id, cookie=cookie).status_code == 401, 3)


def test_people_are_sent_to_sign_in_and_back(site: Site, ada: Person) -> None:
    project_id = ada.running()
    nobody = Person(site)
    assert "x-lyceum-location" not in ask(nobody, project_id).headers
    answer = ask(nobody, project_id, accept=HTML)
    assert answer.headers["x-lyceum-location"] == f"/sign-in?next=/{project_id}/port/8000/a%3Fb%3Dc"
    answer = ask(nobody, project_id, own=project_id, accept=HTML)
    assert answer.headers["x-lyceum-location"] == f"{ORIGIN}/{project_id}/port/8000/a?b=c"
    assert "x-lyceum-location" not in ask(nobody, project_id, own=project_id).headers
    assert "x-lyceum-location" not in ask(nobody, project_id, accept=HTML, x_lyceum_method="POST").headers
    stranger = ask(site.person(), project_id, accept=HTML)
    assert (stranger.status_code, "x-lyceum-location" in stranger.headers) == (404, False)


def test_pages_of_other_origins(ada: Person) -> None:
    project_id, other = ada.running(), ada.running()
    cookie = cookie_for(ada, project_id)
    own, theirs = f"https://{project_id}.projects.test", f"https://{other}.projects.test"

    def status(**headers: str) -> int:
        return ask(ada, project_id, own=project_id, cookie=cookie, **headers).status_code

    assert status(origin=own, sec_fetch_site="same-origin") == 204
    assert status(sec_fetch_site="none", **FOLLOWED) == 204
    assert status(sec_fetch_site="same-site", **FOLLOWED) == 204
    for origin in (theirs, ORIGIN, "null", "https://evil.example"):
        assert status(origin=origin) == 403
    for site in ("same-site", "cross-site"):
        assert status(sec_fetch_site=site) == 403
        assert status(sec_fetch_site=site, sec_fetch_mode="navigate", sec_fetch_dest="iframe") == 403
        assert status(sec_fetch_site=site, x_lyceum_method="POST", **FOLLOWED) == 403
        for place in ("terminal/a", "files/a"):
            assert ask(ada, project_id, place=place, sec_fetch_site=site).status_code == 403
    assert ask(ada, project_id, place="files/a", origin=own).status_code == 403
    assert ask(ada, project_id, place="files/a", sec_fetch_site="cross-site", **FOLLOWED).status_code == 204
    assert ada.raw("get_projects", b"{}", {"sec-fetch-site": "same-site"}).status_code == 403
    assert ada.raw("get_projects", b"{}", {"origin": own}).status_code == 403


def test_requests_that_say_two_things(ada: Person) -> None:
    project_id, other = ada.running(), ada.running()
    assert ask(ada, project_id, target=f"/{other}/port/8000/").status_code == 422
    assert ask(ada, project_id, target=f"/{project_id}/raw/x").status_code == 422
    assert ask(ada, project_id, place="port/8000/", own="nonsense").status_code == 404


def test_what_does_not_run_is_said_before_a_ticket_is_given(ada: Person) -> None:
    project_id = ada.project()
    answer = ask(ada, project_id, accept=HTML)
    assert (answer.status_code, "x-lyceum-location" in answer.headers) == (409, False)


def test_cookies_of_one_session_are_few(ada: Person) -> None:
    project_id = ada.running()
    cookies = [cookie_for(ada, project_id) for _ in range(9)]
    assert ask(ada, project_id, own=project_id, cookie=cookies[0], hub=0).status_code == 401
    assert {ask(ada, project_id, own=project_id, cookie=cookie).status_code for cookie in cookies[1:]} == {204}
    ada.ok("sign_out", everywhere=True)
    ada.ok("sign_in", email_address=ada.email_address, password=PASSWORD)
    assert ask(ada, project_id, own=project_id, cookie=cookie_for(ada, project_id)).status_code == 204
