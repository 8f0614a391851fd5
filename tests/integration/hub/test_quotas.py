"""Quotas and usage: given, asked for, counted once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lyceum_compute.protocol.messages import AccountedHour

from .fakes import FakeCompute
from .site import Person, Site
from .test_projects import boss, host_of, row_of, until  # noqa: F401 a fixture


def hour_of(project_id: str, sequence: int, **values: Any) -> AccountedHour:
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    found = {"hour": hour, "cpu_seconds": 10.0, "memory_gb_hours": 0.5, "disk": 7.0, "running_seconds": 60.0}
    return AccountedHour(project_id=project_id, sequence=sequence, **(found | values))


def test_an_owner_asks_and_an_administrator_gives(site: Site, ada: Person, boss: Person) -> None:  # noqa: F811
    project_id = ada.running()
    asked = ada.ok("request_quotas", project_id=project_id, memory=3000, network=True, reason="a large model")
    assert asked["quota"] == {"memory": 3000, "network": True}
    error = ada.refused("request_quotas", 422, "invalid", project_id=project_id, memory=9000)
    assert error["field"] == "memory"
    assert "at most 8000" in error["message"]
    ada.refused("request_quotas", 422, "invalid", project_id=project_id)
    bob = site.person()
    ada.ok("invite_collaborator", project_id=project_id, account_id=bob.account_id)
    bob.refused("request_quotas", 403, "forbidden", project_id=project_id, memory=2000)
    ada.refused("get_quota_requests", 403, "forbidden")
    (found,) = [one for one in boss.ok("get_quota_requests")["requests"] if one["project_id"] == project_id]
    assert (found["reason"], found["account_id"]) == ("a large model", ada.account_id)
    given = boss.ok("set_quotas", project_id=project_id, **found["quota"])
    assert (given["quota"]["memory"], given["applied"]) == (3000, True)
    assert project_id not in [one["project_id"] for one in boss.ok("get_quota_requests")["requests"]]
    boss.refused("decline_quotas", 404, "not_found", project_id=project_id)
    ada.ok("request_quotas", project_id=project_id, memory=4000)
    boss.ok("decline_quotas", project_id=project_id)


def test_quotas_that_no_host_can_hold_are_refused_with_their_names(ada: Person, boss: Person) -> None:  # noqa: F811
    project_id = ada.project()
    for field, value in (("memory", 49), ("idle_timeout", 0), ("cores", 0.001), ("cpu_shares", 0)):
        assert boss.refused("set_quotas", 422, "invalid", project_id=project_id, **{field: value})["field"] == field
    assert row_of(ada, project_id)["quota"]["memory"] == 1000


def test_a_host_that_is_away_gets_the_quota_when_it_is_back(site: Site, ada: Person, boss: Person) -> None:  # noqa: F811
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    site.loop.run(host.stop())
    try:
        assert boss.ok("set_quotas", project_id=project_id, memory=1500)["applied"] is False
    finally:
        site.loop.run(host.start())
    until(lambda: host.quotas[project_id].memory == 1500)


def test_quotas_that_are_set_at_once_on_both_hubs_all_hold(site: Site, ada: Person, boss: Person) -> None:  # noqa: F811
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    for turn in range(10):
        wanted = {"memory": 1100 + turn, "cores": 1 + turn / 10, "disk": 3100 + turn, "cpu_shares": 300 + turn}
        with ThreadPoolExecutor(len(wanted)) as pool:
            calls = [
                pool.submit(boss.ok, "set_quotas", hub=number % 2, project_id=project_id, **{name: value})
                for number, (name, value) in enumerate(wanted.items())
            ]
        assert all(call.result()["applied"] for call in calls)
        quota = row_of(ada, project_id)["quota"]
        assert {name: quota[name] for name in wanted} == wanted
        assert {name: getattr(host.quotas[project_id], name) for name in wanted} == wanted


def test_usage_says_what_to_do(site: Site, ada: Person) -> None:
    project_id = ada.project()
    assert ada.ok("get_usage", project_id=project_id)["usage"] is None
    ada.ok("start_project", project_id=project_id, wait=10)
    host = host_of(site, ada, project_id)
    found = ada.ok("get_usage", project_id=project_id)
    assert (found["usage"]["memory"], found["maximum"]["memory"], found["advice"]) == (100, 8000, [])
    killed = datetime.now(UTC) - timedelta(minutes=5)
    host.used = {"memory_kills": 2, "memory_killed": killed, "disk": 2999, "tasks": 2000, "cores": 1.0}
    try:
        advice = {one["quota"]: one["message"] for one in ada.ok("get_usage", project_id=project_id)["advice"]}
    finally:
        host.used = {}
    assert set(advice) == {"memory", "disk", "tasks", "cores"}
    assert f"reached 2 times, the last time at {killed:%Y-%m-%d %H:%M} UTC" in advice["memory"]
    assert "Delete files" in advice["disk"]


def read_by(site: Site, host: FakeCompute, project_id: str, cpu: float) -> None:
    """Wait until the hubs, both of which do so when a host is back, have read what it counted."""
    site.loop.run(host.stop())
    site.loop.run(host.start())
    query = f"select coalesce(sum(cpu_seconds), 0) from project_usage where project_id = '{project_id}'"
    until(lambda: float(site.cluster.sql(query)) == cpu)


@pytest.fixture
def hours(site: Site) -> Any:
    yield
    for host in site.compute:
        host.hours = []


@pytest.mark.usefixtures("hours")
def test_what_was_used_is_counted_once_whoever_reads_it(site: Site, ada: Person) -> None:
    project_id, elsewhere = ada.running(), ada.project()
    host = host_of(site, ada, project_id)
    yesterday = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=30)
    nonsense = [
        hour_of(elsewhere, 3), hour_of("../..", 4), hour_of(project_id, 5, cpu_seconds=-1.0),
        hour_of(project_id, 6, hour=datetime(2020, 1, 1, tzinfo=UTC)), hour_of(project_id, 7, disk=float(10**15)),
    ]  # fmt: skip
    host.hours = [hour_of(project_id, 1, hour=yesterday, cpu_seconds=5.0), hour_of(project_id, 2), *nonsense]
    read_by(site, host, project_id, 15)
    site.cluster.sql("delete from accounting_marks")  # as if all of it were told again
    host.hours.append(hour_of(project_id, 8, cpu_seconds=30.0))
    read_by(site, host, project_id, 35)
    history = ada.ok("get_usage_history", project_id=project_id)["history"]
    assert [(one["cpu_seconds"], one["disk"]) for one in history] == [(5, 7), (30, 7)]
    days = ada.ok("get_usage_history", project_id=project_id, per="day")["history"]
    assert sum(one["cpu_seconds"] for one in days) == 35
    assert ada.ok("get_usage_history", project_id=elsewhere)["history"] == []
    bob = site.person()
    ada.ok("invite_collaborator", project_id=project_id, account_id=bob.account_id)
    bob.refused("get_usage_history", 403, "forbidden", project_id=project_id)
    ada.refused("get_usage_history", 422, "invalid", project_id=project_id, since="2026-11-22T10:00:00")


def test_administrators_look_after_hosts(site: Site, ada: Person, boss: Person) -> None:  # noqa: F811
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    ada.refused("get_hosts", 403, "forbidden")
    boss.refused("set_draining", 404, "not_found", host="elsewhere", draining=True)
    assert boss.ok("set_draining", host=host.name, draining=True)["status"]["draining"] is True
    try:
        found = {one["host"]: one for one in boss.ok("get_hosts")["hosts"]}
        assert (found[host.name]["reachable"], found[host.name]["status"]["draining"]) == (True, True)
    finally:
        boss.ok("set_draining", host=host.name, draining=False)
    assert boss.ok("kill_all", host=host.name) == {"processes": 70}
    assert ada.ok("kill_project", project_id=project_id) == {"processes": 7}
    assert boss.ok("stop_all", host=host.name)["projects"] >= 1
    until(lambda: row_of(ada, project_id)["state"] == "opened")
    ada.refused("kill_project", 409, "not_running", project_id=project_id)
