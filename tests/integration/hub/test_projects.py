"""Projects: states, placement, quotas, people."""

from __future__ import annotations

import time
from base64 import b64decode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from lyceum_compute.protocol.messages import ProjectState, State, StateChanged

from .fakes import FakeCompute
from .site import PASSWORD, Person, Site


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def host_of(site: Site, person: Person, project_id: str) -> FakeCompute:
    name = row_of(person, project_id)["host"]
    return next(host for host in site.compute if host.name == name)


def row_of(person: Person, project_id: str) -> dict:
    return next(row for row in person.ok("get_projects")["projects"] if row["project_id"] == project_id)


@pytest.fixture
def boss(site: Site) -> Person:
    """An administrator."""
    person = site.person()
    site.cluster.sql(f"update accounts set administrator = true where account_id = '{person.account_id}'")
    return person


def test_started_twice_at_once_on_two_hubs_it_starts_once(site: Site, ada: Person) -> None:
    project_id = ada.project()

    def start(hub: int) -> str:
        return ada.post("start_project", hub=hub, project_id=project_id, wait=20).json()["state"]

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(start, [0, 1, 0, 1, 0, 1])) == ["running"] * 6
    host = host_of(site, ada, project_id)
    others = [other for other in site.compute if other is not host]
    assert ("start", project_id) not in [call for other in others for call in other.calls]


def test_a_restart_waits_for_the_new_running_state(ada: Person) -> None:
    project_id = ada.running()
    before = row_of(ada, project_id)["state_changed"]
    again = ada.ok("restart_project", project_id=project_id, wait=10)
    assert again["state"] == "running"
    assert again["state_changed"] > before


def test_without_wait_the_answer_comes_at_once(ada: Person) -> None:
    project_id = ada.project()
    assert ada.ok("start_project", project_id=project_id)["state"] == "opening"


def test_a_wait_ends_when_its_time_is_up(site: Site, ada: Person) -> None:
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    ada.ok("stop_project", project_id=project_id, wait=5)
    host.hold_starts = True
    try:
        begun = time.monotonic()
        assert ada.ok("start_project", project_id=project_id, wait=1)["state"] == "starting"
        assert 0.9 < time.monotonic() - begun < 20
    finally:
        host.hold_starts = False


def test_a_wait_ends_when_the_start_fails(site: Site, ada: Person) -> None:
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    ada.ok("stop_project", project_id=project_id, wait=5)
    host.hold_starts = True
    try:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(ada.ok, "start_project", project_id=project_id, wait=30)
            until(lambda: host.states[project_id].state == State.STARTING)
            site.loop.call(host.become, project_id, State.OPENED, "out of memory")
            answer = waiting.result(10)
    finally:
        host.hold_starts = False
    assert (answer["state"], answer["state_detail"]) == ("opened", "out of memory")


def test_a_wait_ends_when_the_project_comes_to_rest_and_nobody_says_why(site: Site, ada: Person) -> None:
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    ada.ok("stop_project", project_id=project_id, wait=5)
    host.hold_starts = True
    try:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(ada.ok, "start_project", project_id=project_id, wait=30)
            until(lambda: host.states[project_id].state == State.STARTING)
            site.loop.call(host.become, project_id, State.OPENED)
            assert waiting.result(15)["state"] == "opened"
    finally:
        host.hold_starts = False


def test_pushed_states_are_written_down_and_old_ones_are_not_believed(site: Site, ada: Person) -> None:
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    now = site.loop.call(host.become, project_id, State.STOPPING, "stopped by its idle time-out")
    until(lambda: row_of(ada, project_id)["state"] == "stopping")
    assert row_of(ada, project_id)["state_detail"] == "stopped by its idle time-out"
    late = StateChanged(project_id=project_id, state=State.RUNNING, changed=now.changed - timedelta(seconds=1))
    site.loop.call(host.server.push, late)
    site.loop.call(host.become, project_id, State.OPENED)
    until(lambda: row_of(ada, project_id)["state"] == "opened")


def test_a_host_cannot_speak_of_projects_that_are_elsewhere(site: Site, ada: Person) -> None:
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    other = next(candidate for candidate in site.compute if candidate is not host)
    later = datetime.now(UTC) + timedelta(days=1)
    site.loop.call(other.server.push, StateChanged(project_id=project_id, state=State.CLOSED, changed=later))
    site.loop.call(other.server.push, StateChanged(project_id="../..", state=State.CLOSED, changed=later))
    marker = site.loop.call(host.become, project_id, State.STOPPING)
    until(lambda: row_of(ada, project_id)["state"] == "stopping")
    assert marker.changed < later


def test_a_host_that_tells_nonsense_stops_nobodys_events(site: Site, ada: Person) -> None:
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    without_zone = datetime(2030, 1, 1)  # noqa: DTZ001 the nonsense
    site.loop.call(host.server.push, StateChanged(project_id=project_id, state=State.CLOSED, changed=without_zone))
    site.loop.call(host.server.push, {"event": "state", "project_id": 7})
    site.loop.call(host.become, project_id, State.OPENED)
    until(lambda: row_of(ada, project_id)["state"] == "opened")


def test_a_clock_that_was_ahead_holds_nothing_up(site: Site, ada: Person) -> None:
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    ahead = StateChanged(project_id=project_id, state=State.STOPPING, changed=datetime.now(UTC) + timedelta(hours=1))
    site.loop.call(host.server.push, ahead)
    until(lambda: row_of(ada, project_id)["state"] == "stopping")
    site.loop.call(host.become, project_id, State.OPENED)
    until(lambda: row_of(ada, project_id)["state"] == "opened")


def test_projects_go_to_the_host_with_the_most_memory_left(site: Site, ada: Person) -> None:
    first, second = site.compute
    first.memory_total, second.memory_total = 600_000, 900_000
    try:
        assert host_of(site, ada, ada.running()) is second
        second.draining = True
        assert host_of(site, ada, ada.running()) is first
        first.draining = True
        error = ada.refused("start_project", 503, "host_full", project_id=ada.project())
        assert "No compute host" in error["message"]
        made = ada.ok("create_project", title="Later", start=True)
        assert "could not be started" in row_of(ada, made["project_id"])["state_detail"]
    finally:
        first.memory_total = second.memory_total = 800_000
        first.draining = second.draining = False


def test_uids_begin_at_200001_and_are_never_used_again(site: Site, ada: Person) -> None:
    project_id = ada.project()
    uid = int(site.cluster.sql(f"select uid from projects where project_id = '{project_id}'"))
    assert uid >= 200_001
    site.cluster.sql(f"delete from projects where project_id = '{project_id}'")
    assert int(site.cluster.sql(f"select uid from projects where project_id = '{ada.project()}'")) > uid


def test_a_host_that_is_away_is_said_to_be(site: Site, ada: Person) -> None:
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    site.loop.run(host.stop())
    try:
        error = ada.refused("project_exec", 503, "unavailable", project_id=project_id, command="id")
        assert host.name in error["message"]
        until(lambda: row_of(ada, project_id)["state_detail"] == f"{host.name} cannot be reached at the moment")
        host.states[project_id] = ProjectState(project_id=project_id, state=State.OPENED, changed=datetime.now(UTC))
    finally:
        site.loop.run(host.start())
    until(lambda: row_of(ada, project_id)["state"] == "opened")
    until(lambda: row_of(ada, project_id)["state_detail"] == "")


def test_what_a_host_forgot_is_asked_for_when_it_is_back(site: Site, ada: Person) -> None:
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    site.loop.run(host.stop())
    del host.states[project_id]
    site.loop.run(host.start())
    until(lambda: row_of(ada, project_id)["state"] == "closed")


def test_quotas(site: Site, ada: Person, boss: Person) -> None:
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    ada.refused("set_quotas", 403, "forbidden", project_id=project_id, memory=2000)
    changed = boss.ok("set_quotas", project_id=project_id, memory=2000, cores=2, network=True)["quota"]
    assert (changed["memory"], changed["cores"], changed["network"], changed["disk"]) == (2000, 2.0, True, 3000)
    assert host.quotas[project_id].memory == 2000
    assert row_of(ada, project_id)["quota"] == changed
    for field, value in (("memory", 8001), ("disk", 0), ("cores", -1), ("idle_timeout", 10**9)):
        error = boss.refused("set_quotas", 422, "invalid", project_id=project_id, **{field: value})
        assert error["field"] == field
    ada.ok("stop_project", project_id=project_id, wait=5)


def test_administrators_see_and_manage_all(ada: Person, boss: Person) -> None:
    project_id = ada.running()
    assert boss.ok("project_exec", project_id=project_id, command="id")["exit_code"] == 0
    assert project_id not in [row["project_id"] for row in boss.ok("get_projects")["projects"]]
    assert project_id in [row["project_id"] for row in boss.ok("get_projects", every=True)["projects"]]
    ada.refused("get_projects", 403, "forbidden", every=True)


def test_titles_with_anything_in_them(ada: Person) -> None:
    title = 'It\'s "fine"; drop table projects; -- <b>été</b> 数学 🙂 %s {0}'
    project_id = ada.project(title=title, description="two\nlines")
    row = row_of(ada, project_id)
    assert (row["title"], row["description"]) == (title, "two\nlines")
    changed = ada.ok("update_project", project_id=project_id, title="New")
    assert (changed["title"], changed["description"]) == ("New", "two\nlines")


def test_collaborators(site: Site, ada: Person) -> None:
    bob = site.person(1)
    project_id = ada.running()
    bob.refused("project_exec", 404, "not_found", project_id=project_id, command="id")
    assert ada.ok("invite_collaborator", project_id=project_id, email_address=bob.email_address.upper()) == {
        "joined": True
    }
    assert bob.ok("project_exec", project_id=project_id, command="id")["exit_code"] == 0
    bob.refused("remove_collaborator", 403, "forbidden", project_id=project_id, account_id=ada.account_id)
    eve = site.person()
    bob.refused("invite_collaborator", 403, "forbidden", project_id=project_id, account_id=eve.account_id, role="owner")
    ada.refused("remove_collaborator", 409, "conflict", project_id=project_id, account_id=ada.account_id)
    ada.refused("invite_collaborator", 422, "invalid", project_id=project_id)
    host = host_of(site, ada, project_id)
    ada.ok("remove_collaborator", project_id=project_id, account_id=bob.account_id)
    bob.refused("project_exec", 404, "not_found", project_id=project_id, command="id")
    until(lambda: (project_id, bob.account_id) in host.dropped, 3)


def test_a_collaborator_may_leave_and_an_owner_who_is_not_the_last(site: Site, ada: Person) -> None:
    bob = site.person()
    project_id = ada.project()
    ada.ok("invite_collaborator", project_id=project_id, account_id=bob.account_id)
    bob.ok("remove_collaborator", project_id=project_id, account_id=bob.account_id)
    ada.ok("invite_collaborator", project_id=project_id, account_id=bob.account_id, role="owner")
    ada.ok("remove_collaborator", project_id=project_id, email_address=ada.email_address)
    assert [user["role"] for user in row_of(bob, project_id)["users"]] == ["owner"]
    ada.refused("start_project", 404, "not_found", project_id=project_id)


def test_an_invitation_waits_for_its_account(site: Site, ada: Person) -> None:
    project_id, withdrawn, old = ada.project(), ada.project(), ada.project()
    newcomer = Person(site, 1)
    email = site.email()
    for each in (project_id, withdrawn, old):
        assert ada.ok("invite_collaborator", project_id=each, email_address=email) == {"joined": False}
    ada.ok("remove_collaborator", project_id=withdrawn, email_address=email)
    site.cluster.sql(f"update invitations set expires = now() where project_id = '{old}'")
    newcomer.ok("create_account", email_address=email.upper(), password=PASSWORD, first_name="New", last_name="")
    assert [row["project_id"] for row in newcomer.ok("get_projects")["projects"]] == [project_id]


def test_a_project_that_never_started_has_no_snapshots(ada: Person) -> None:
    project_id = ada.project()
    assert ada.ok("list_snapshots", project_id=project_id) == {"snapshots": []}
    ada.refused("restore_path", 404, "not_found", project_id=project_id, snapshot="x", path="")
    ada.refused("read_snapshot_file", 404, "not_found", project_id=project_id, snapshot="x", path="a")
    ada.refused("save_project", 409, "not_running", project_id=project_id)
    assert ada.ok("stop_project", project_id=project_id, wait=5)["state"] == "closed"


def test_snapshots_are_looked_into_also_while_the_project_is_closed(site: Site, ada: Person) -> None:
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    site.loop.call(host.become, project_id, State.CLOSED)
    until(lambda: row_of(ada, project_id)["state"] == "closed")
    asked = {"project_id": project_id, "snapshot": "x"}
    listed = ada.ok("list_snapshot_directory", path="a", **asked)
    assert [entry["name"] for entry in listed["entries"]] == ["a in x"]
    found = ada.ok("read_snapshot_file", path="a/b", **asked)
    assert b64decode(found["content"]) == b"a/b in x\xff"
    ada.refused("read_snapshot_file", 422, "invalid", path="../b", **asked)
    site.person().refused("read_snapshot_file", 404, "not_found", path="a/b", **asked)


def test_restoring_opens_a_closed_project(site: Site, ada: Person) -> None:
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    site.loop.call(host.become, project_id, State.CLOSED)
    until(lambda: row_of(ada, project_id)["state"] == "closed")
    assert ada.ok("restore_path", project_id=project_id, snapshot="x", path="a")["restored"] == ["a"]
