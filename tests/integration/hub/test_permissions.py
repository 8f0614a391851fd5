"""What the hub proxy asks."""

from __future__ import annotations

import uuid
from urllib.parse import unquote

import httpx
from lyceum_compute.protocol.messages import State

from .site import ORIGIN, Person, Site
from .test_projects import host_of, row_of, until


def ask(person: Person, project_id: str, hub: int = 0, **headers: str) -> httpx.Response:
    site = person.site
    cookie = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
    own = {"cookie": cookie, "x-lyceum-project": project_id, "x-lyceum-kind": "terminal", "origin": ORIGIN}
    own["x-lyceum-target"] = f"/{project_id}/{headers.get('x_lyceum_kind', 'terminal')}/a"
    if "authorization" in person.headers:
        own["authorization"] = person.headers["authorization"]
    own |= {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.get(f"{site.hubs[hub].url}/internal/authorise", headers=own, verify=site.proxy, timeout=20)


def test_people_of_a_running_project_get_its_host(site: Site, ada: Person) -> None:
    project_id = ada.running()
    answer = ask(ada, project_id)
    assert answer.status_code == 204
    assert answer.headers["x-lyceum-host"] == host_of(site, ada, project_id).name
    assert answer.headers["x-lyceum-account"] == ada.account_id
    assert unquote(answer.headers["x-lyceum-name"]) == "Ada Lovelace"
    key = ada.ok("create_api_key", name="x")["api_key"]
    assert ask(Person(site, authorization=f"Bearer {key}"), project_id).status_code == 204


def test_a_host_whose_daemon_is_away_is_led_to_all_the_same(site: Site, ada: Person) -> None:
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    site.loop.run(host.stop())
    try:
        until(lambda: "cannot be reached" in row_of(ada, project_id)["state_detail"])
        assert ask(ada, project_id).headers["x-lyceum-host"] == host.name
    finally:
        site.loop.run(host.start())


def test_refusals(site: Site, ada: Person) -> None:
    project_id = ada.running()
    assert ask(Person(site), project_id).status_code == 401
    assert ask(site.person(), project_id).status_code == 404
    assert ask(ada, str(uuid.uuid4())).status_code == 404
    assert ask(ada, "nonsense").status_code == 422
    assert ask(ada, project_id, x_lyceum_kind="other").status_code == 422
    assert ask(ada, project_id, origin="https://evil.example").status_code == 403
    assert ask(ada, ada.project()).status_code == 409


def test_a_removed_collaborator_is_out_at_once_on_every_hub(site: Site, ada: Person) -> None:
    bob = site.person()
    project_id = ada.running()
    ada.ok("invite_collaborator", project_id=project_id, account_id=bob.account_id)
    assert [ask(bob, project_id, hub).status_code for hub in (0, 1, 0, 1)] == [204] * 4
    host = host_of(site, ada, project_id)
    ada.ok("remove_collaborator", project_id=project_id, account_id=bob.account_id)
    until(lambda: [ask(bob, project_id, hub).status_code for hub in (0, 1)] == [404, 404], 2)
    until(lambda: host.dropped.count((project_id, bob.account_id)) == 4, 5)  # by both hubs, and once more


def test_removal_in_sql_ends_connections_too(site: Site, ada: Person) -> None:
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    assert ask(ada, project_id).status_code == 204
    site.cluster.sql(f"delete from collaborators where project_id = '{project_id}'")
    until(lambda: (project_id, ada.account_id) in host.dropped, 3)
    assert ask(ada, project_id).status_code == 404


def test_signing_out_ends_permissions_and_connections(site: Site, ada: Person) -> None:
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    cookies = dict(ada.cookies)
    assert ask(ada, project_id, 1).status_code == 204
    ada.ok("sign_out")
    ada.cookies = cookies
    until(lambda: ask(ada, project_id, 1).status_code == 401, 2)
    until(lambda: (project_id, ada.account_id) in host.dropped, 3)


def test_a_stopped_project_cannot_be_reached(site: Site, ada: Person) -> None:
    project_id = ada.running()
    assert ask(ada, project_id).status_code == 204
    site.loop.call(host_of(site, ada, project_id).become, project_id, State.OPENED)
    until(lambda: row_of(ada, project_id)["state"] == "opened")
    until(lambda: ask(ada, project_id).status_code == 409, 2)
