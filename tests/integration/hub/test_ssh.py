"""SSH keys, and what SSH gateways ask."""

from __future__ import annotations

import base64
import os
import uuid

import httpx
import pytest
from lyceum_compute.protocol.messages import State

from .site import Person, Site
from .test_projects import host_of, row_of, until


def new_key() -> str:
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + os.urandom(32)
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


def ask(site: Site, path: str, project_id: str, key: str, *, service: str = "ssh", hub: int = 0) -> httpx.Response:
    question = {"project_id": project_id, "key": key.split()[1]}
    url = f"{site.hubs[hub].url}/internal/ssh/{path}"
    return httpx.post(url, json=question, verify=site.authority.client(service), timeout=30)


def opens(site: Site, project_id: str, key: str) -> bool:
    answer = ask(site, "authorise", project_id, key)
    assert answer.status_code in {204, 403}, answer.text
    return answer.status_code == 204


def test_an_accounts_key_opens_all_its_projects_and_no_other(site: Site, ada: Person) -> None:
    bob, key = site.person(), new_key()
    mine, other, theirs = ada.project(), ada.project(), bob.project()
    added = ada.ok("add_ssh_key", key=f"{key} ada@laptop")
    assert added["title"] == "ada@laptop"
    assert (added["key"], added["account_id"], added["project_id"]) == (key, ada.account_id, None)
    assert [opens(site, project, key) for project in (mine, other, theirs)] == [True, True, False]
    answers = [ask(site, "authorise", project, one).content for project, one in ((theirs, key), (mine, new_key()))]
    answers.append(ask(site, "authorise", str(uuid.uuid4()), key).content)
    assert len(set(answers)) == 1  # nobody learns what there is
    ada.ok("delete_ssh_key", ssh_key_id=added["ssh_key_id"])
    assert not opens(site, mine, key)


def test_a_projects_key_opens_it_alone_and_leaves_with_who_added_it(site: Site, ada: Person) -> None:
    bob, key = site.person(), new_key()
    shared, other = ada.project(), bob.project()
    ada.ok("invite_collaborator", project_id=shared, account_id=bob.account_id)
    bob.ok("add_ssh_key", key=key, title="robot", project_id=shared)
    assert [opens(site, project, key) for project in (shared, other)] == [True, False]
    (listed,) = ada.ok("list_ssh_keys", project_id=shared)["ssh_keys"]
    assert (listed["title"], listed["account_id"]) == ("robot", bob.account_id)
    assert ada.ok("list_ssh_keys")["ssh_keys"] == []
    ada.ok("remove_collaborator", project_id=shared, account_id=bob.account_id)
    assert not opens(site, shared, key)
    assert ada.ok("list_ssh_keys", project_id=shared)["ssh_keys"] == []


def test_who_may_do_what_with_keys(site: Site, ada: Person) -> None:
    bob, project_id = site.person(), ada.project()
    own = ada.ok("add_ssh_key", key=new_key(), title="own")["ssh_key_id"]
    projects = ada.ok("add_ssh_key", key=new_key(), title="project's", project_id=project_id)["ssh_key_id"]
    for ssh_key_id in (own, projects, str(uuid.uuid4())):
        bob.refused("delete_ssh_key", 404, "not_found", ssh_key_id=ssh_key_id)
    bob.refused("add_ssh_key", 404, "not_found", key=new_key(), project_id=project_id)
    bob.refused("list_ssh_keys", 404, "not_found", project_id=project_id)
    ada.ok("invite_collaborator", project_id=project_id, account_id=bob.account_id)
    bob.ok("delete_ssh_key", ssh_key_id=projects)  # any of the project's people
    bob.refused("delete_ssh_key", 404, "not_found", ssh_key_id=own)
    Person(site).refused("list_ssh_keys", 401, "not_signed_in")


def test_keys_that_are_refused(ada: Person) -> None:
    key = new_key()
    ada.ok("add_ssh_key", key=key, title="first")
    assert "“first”" in ada.refused("add_ssh_key", 409, "conflict", key=f"{key} again")["message"]
    error = ada.refused("add_ssh_key", 422, "invalid", key="-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n")
    assert error["field"] == "key"
    assert "private key" in error["message"]
    ada.refused("add_ssh_key", 422, "invalid", key=f"no-pty {new_key()}")


def test_only_ssh_gateways_are_answered(site: Site, ada: Person) -> None:
    key, project_id = new_key(), ada.project()
    ada.ok("add_ssh_key", key=key)
    for path in ("authorise", "connect"):
        for service in ("edge", "hub-proxy"):
            assert ask(site, path, project_id, key, service=service).status_code == 403
        assert ask(site, path, project_id, key + "x").status_code == 422
        assert ask(site, path, "nonsense", key).status_code == 422
        long = httpx.post(
            f"{site.hubs[0].url}/internal/ssh/{path}", content=b"x" * 100_000, verify=site.authority.client("ssh")
        )
        assert long.status_code == 413


def test_a_project_is_started_and_its_gateway_told(site: Site, ada: Person) -> None:
    key, project_id = new_key(), ada.project()
    added = ada.ok("add_ssh_key", key=key)
    way = ask(site, "connect", project_id, key).json()
    host = host_of(site, ada, project_id)
    assert way["host"] == host.name
    assert row_of(ada, project_id)["state"] == "running"
    (admitted,) = [one for one in host.admitted if one.project_id == project_id]
    assert (admitted.ticket, admitted.holders) == (way["ticket"], [ada.account_id, added["ssh_key_id"]])
    assert ada.ok("list_ssh_keys")["ssh_keys"][0]["used"] is not None
    assert ask(site, "connect", project_id, new_key()).status_code == 403


@pytest.mark.parametrize("scope", ["account", "project"])
def test_connections_end_with_their_key(site: Site, ada: Person, scope: str) -> None:
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    more = {"project_id": project_id} if scope == "project" else {}
    ssh_key_id = ada.ok("add_ssh_key", key=new_key(), **more)["ssh_key_id"]
    ada.ok("delete_ssh_key", ssh_key_id=ssh_key_id)
    until(lambda: (project_id, ssh_key_id) in host.dropped, 3)


def test_nobody_disabled_comes_in(site: Site, ada: Person) -> None:
    key, project_id = new_key(), ada.running()
    ada.ok("add_ssh_key", key=key)
    assert opens(site, project_id, key)
    assert site.run("account", "disable", ada.email_address).returncode == 0
    assert not opens(site, project_id, key)
    until(lambda: (project_id, ada.account_id) in host_of_disabled(site, project_id).dropped, 3)


def host_of_disabled(site: Site, project_id: str) -> object:
    return next(
        host for host in site.compute if host.states.get(project_id) and host.states[project_id].state == State.RUNNING
    )


def test_where_ssh_is_taken_is_told_to_all(site: Site) -> None:
    told = Person(site).ok("get_site")["ssh"]
    assert told["port"] == 2222
    assert told["fingerprint"].startswith("SHA256:")
