"""Projects that move to another host: when, and what is left where if a step fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from lyceum_compute.protocol.messages import State

from .fakes import FakeCompute
from .site import Person, Site
from .test_projects import host_of, row_of, until

RECEIVED = ["manifest", "receive_copy"]
MOVED = [*RECEIVED, "set_aside", "accept_copy"]


@dataclass
class Resting:
    """A project that rests on ``host``, which takes no more."""

    project_id: str
    host: FakeCompute
    other: FakeCompute

    def steps(self) -> list[str]:
        """What both hosts were asked of a move, in order of the steps."""
        asked = [step for host in (self.host, self.other) for step, of in host.calls if of == self.project_id]
        return [step for step in MOVED if step in asked]


@pytest.fixture
def resting(site: Site, ada: Person) -> Iterator[Resting]:
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    (other,) = [candidate for candidate in site.compute if candidate is not host]
    ada.ok("stop_project", project_id=project_id, wait=5)
    host.full = True
    yield Resting(project_id, host, other)
    host.full = host.draining = other.draining = False
    other.digest = "the same everywhere"
    host.failing, other.failing = {}, {}
    other.receiving.set()


def test_a_project_whose_host_is_full_moves_to_another(site: Site, ada: Person, resting: Resting) -> None:
    assert ada.ok("start_project", project_id=resting.project_id, wait=20)["state"] == "running"
    assert host_of(site, ada, resting.project_id) is resting.other
    assert resting.host.states[resting.project_id].state == State.CLOSED
    assert resting.steps() == MOVED
    assert ("close", resting.project_id) not in resting.host.calls


def test_a_project_stays_where_it_is_if_no_host_has_room(site: Site, ada: Person, resting: Resting) -> None:
    resting.other.draining = True
    error = ada.refused("start_project", 503, "host_full", project_id=resting.project_id)
    assert "Stop a project that you do not need" in error["message"]
    assert host_of(site, ada, resting.project_id) is resting.host
    assert resting.steps() == []


def test_a_copy_that_is_not_the_same_moves_nothing(site: Site, ada: Person, resting: Resting) -> None:
    resting.other.digest = "a block was lost on the way"
    answer = ada.ok("start_project", project_id=resting.project_id, wait=20)
    assert (answer["state"], "is not the same" in answer["state_detail"]) == ("opened", True)
    assert host_of(site, ada, resting.project_id) is resting.host
    assert resting.host.states[resting.project_id].state == State.OPENED
    assert resting.steps() == RECEIVED


@pytest.mark.parametrize("step", ["manifest", "receive_copy", "set_aside"])
def test_a_step_that_fails_leaves_the_project_where_it_is(site: Site, ada: Person, resting: Resting, step: str) -> None:
    host = resting.other if step == "receive_copy" else resting.host
    host.failing[step] = "the disk is on fire"
    answer = ada.ok("start_project", project_id=resting.project_id, wait=20)
    assert (answer["state"], "on fire" in answer["state_detail"]) == ("opened", True)
    assert host_of(site, ada, resting.project_id) is resting.host
    host.failing.clear()
    assert ada.ok("start_project", project_id=resting.project_id, wait=20)["state"] == "running"
    assert host_of(site, ada, resting.project_id) is resting.other


def test_a_copy_that_is_not_accepted_is_fetched_as_the_project_opens(site: Site, ada: Person, resting: Resting) -> None:
    resting.other.failing["accept_copy"] = "the daemon was restarted"
    assert ada.ok("start_project", project_id=resting.project_id, wait=20)["state"] == "running"
    assert host_of(site, ada, resting.project_id) is resting.other


def test_a_start_on_another_hub_waits_for_the_move(site: Site, ada: Person, resting: Resting) -> None:
    resting.other.receiving.clear()
    ada.ok("start_project", project_id=resting.project_id)
    until(lambda: ("receive_copy", resting.project_id) in resting.other.calls)
    assert ada.ok("start_project", project_id=resting.project_id, hub=1)["state"] == "opened"
    assert ("start", resting.project_id) not in resting.other.calls
    site.loop.call(resting.other.receiving.set)
    until(lambda: row_of(ada, resting.project_id)["state"] == "running")
    assert resting.other.calls.count(("receive_copy", resting.project_id)) == 1


def test_a_move_whose_hub_died_is_begun_anew(site: Site, ada: Person, resting: Resting) -> None:
    lease = "moving_to = 'nowhere', moving_until = now() + interval '{}'"
    of_it = f"where project_id = '{resting.project_id}'"
    site.cluster.sql(f"update projects set {lease.format('1 minute')} {of_it}")
    assert ada.ok("start_project", project_id=resting.project_id, wait=1)["state"] == "opened"
    assert resting.steps() == []
    site.cluster.sql(f"update projects set {lease.format('-1 second')} {of_it}")
    assert ada.ok("start_project", project_id=resting.project_id, wait=20)["state"] == "running"
    assert host_of(site, ada, resting.project_id) is resting.other


def test_a_host_that_drains_is_emptied(site: Site, ada: Person, resting: Resting) -> None:
    resting.host.full = False
    running = next((p for p in (ada.running() for _ in range(4)) if host_of(site, ada, p) is resting.host), None)
    resting.host.draining = True
    until(lambda: host_of(site, ada, resting.project_id) is resting.other, seconds=60)
    assert row_of(ada, resting.project_id)["state"] == "opened"
    assert resting.steps() == MOVED
    if running is not None:
        assert (host_of(site, ada, running), row_of(ada, running)["state"]) == (resting.host, "running")


def test_what_came_to_rest_on_a_host_takes_none_of_its_memory(site: Site, ada: Person, resting: Resting) -> None:
    """More projects come within a minute than the host could run at once."""
    host, other = resting.host, resting.other
    host.full, other.draining = False, True
    projects = [resting.project_id, *(ada.running() for _ in range(5))]
    for project_id in projects:
        assert ada.ok("stop_project", project_id=project_id, wait=20)["state"] == "opened"
        assert host_of(site, ada, project_id) is host
    total, running = other.memory_total, sum(state.state == State.RUNNING for state in other.states.values())
    other.memory_total, other.draining, host.draining = 1000 * running + 2900, False, True
    try:
        until(lambda: {host_of(site, ada, project_id).name for project_id in projects} == {other.name}, seconds=55)
        assert ada.ok("start_project", project_id=resting.project_id, wait=20)["state"] == "running"
    finally:
        other.memory_total = total


def test_an_operator_empties_a_host_by_a_command(site: Site, ada: Person) -> None:
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    try:
        assert site.run("host", "drain", host.name).stdout == f"{host.name} is being emptied\n"
        assert host.draining
        again = site.run("host", "drain", "--stop", host.name)
        assert "is being emptied already" in again.stderr
        assert "projects are being stopped and saved" in again.stdout
        listed = [json.loads(line) for line in site.run("host", "list").stdout.splitlines()]
        assert {one["host"]: one["status"]["draining"] for one in listed}[host.name] is True
    finally:
        assert site.run("host", "resume", host.name).stdout == f"{host.name} takes projects again\n"
    unknown = site.run("host", "drain", "compute9")
    assert (unknown.returncode, "not part of this site" in unknown.stderr) == (1, True)
