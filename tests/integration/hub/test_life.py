"""Starting, ending, falling, migrating; and the database going away."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from lyceum_compute.protocol.messages import State

from .browser import Browser
from .cluster import HUB_PASSWORD
from .site import ROOT, HubProcess, Person, Site
from .test_projects import row_of, until

#: The first halves of all migrations, oldest first.
REVISIONS = sorted((ROOT / "hub/lyceum_hub/db/migrations/versions").glob("*_before.py"))


@pytest.fixture
def third(site: Site) -> Iterator[HubProcess]:
    """A hub process of the test's own, to end or kill."""
    with site.third_hub() as hub:
        yield hub


def test_a_migration_again_applies_nothing(site: Site) -> None:
    for phase in (["--phase", "before"], ["--phase", "after"], []):
        done = site.migrate(*phase)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "nothing to apply\n")


def test_several_migrations_at_once_apply_each_file_once(site: Site) -> None:
    site.cluster.sql("create database empty owner lyceum_owner", "postgres")
    site.cluster.sql("alter schema public owner to lyceum_owner", "empty")
    config = site.config.read_text()
    site.config.write_text(config.replace("[database]\n", '[database]\nname = "empty"\n'))
    try:
        with ThreadPoolExecutor(3) as pool:
            done = list(pool.map(lambda _: site.migrate(), range(3)))
    finally:
        site.config.write_text(config)
    assert [each.returncode for each in done] == [0, 0, 0], [each.stderr for each in done]
    revisions = [f"{path.stem[:4]}_{phase}" for path in REVISIONS for phase in ("before", "after")]
    assert sorted(each.stdout for each in done) == ["", "", "".join(f"applied {name}\n" for name in revisions)]


def test_the_first_phase_says_what_it_leaves_to_the_second(site: Site) -> None:
    site.cluster.sql("create database phased owner lyceum_owner", "postgres")
    site.cluster.sql("alter schema public owner to lyceum_owner", "phased")
    config = site.config.read_text()
    site.config.write_text(config.replace("[database]\n", '[database]\nname = "phased"\n'))
    try:
        done = [site.migrate("--phase", phase) for phase in ("before", "after", "before")]
    finally:
        site.config.write_text(config)
    names = {phase: [f"{path.stem[:4]}_{phase}" for path in REVISIONS] for phase in ("before", "after")}
    applied = {phase: "".join(f"applied {name}\n" for name in found) for phase, found in names.items()}
    assert [each.stdout for each in done] == [applied["before"], applied["after"], ""]
    assert [each.stderr for each in done] == [
        f"left for later: {', '.join(names['after'])}\n",
        "",
        "nothing to apply\n",
    ]


def test_a_wrong_password_or_setting_is_one_clear_line(site: Site) -> None:
    wrong = site.run("migrate", stdin="wrong\n")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)
    assert "password authentication failed" in wrong.stderr
    config = site.config.read_text()
    site.config.write_text(config.replace('sign_up = "open"', 'sign_up = "perhaps"'))
    try:
        refused = site.run("account", "list")
    finally:
        site.config.write_text(config)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert str(site.config) in refused.stderr
    assert "sign_up" in refused.stderr


@pytest.mark.parametrize(
    ("role", "password", "statement", "allowed"),
    [
        ("lyceum_storage", "storage-password", "select * from project_placement", True),
        ("lyceum_storage", "storage-password", "select record from project_records", True),
        ("lyceum_storage", "storage-password", "select * from accounts", False),
        ("lyceum_storage", "storage-password", "select * from projects", False),
        ("lyceum_dump", "dump-password", "select * from accounts", True),
        ("lyceum_dump", "dump-password", "delete from accounts", False),
        ("lyceum_hub", HUB_PASSWORD, "drop table accounts", False),
        ("lyceum_hub", HUB_PASSWORD, "create table mine ()", False),
        ("lyceum_hub", HUB_PASSWORD, "select * from alembic_version", False),
    ],
)
def test_each_service_may_do_what_it_must_and_no_more(
    site: Site, role: str, password: str, statement: str, *, allowed: bool
) -> None:
    done = site.cluster.as_role(role, password, statement, site.authority.ca)
    assert (done.returncode == 0) is allowed, done.stderr
    assert allowed or "permission denied" in done.stderr or "must be owner" in done.stderr


def test_a_record_tells_what_a_restore_needs(site: Site, ada: Person) -> None:
    project_id = ada.project(title="Kept")
    record = site.cluster.sql(f"select record from project_records where project_id = '{project_id}'")
    for text in ("Kept", ada.email_address, '"uid": 2', '"memory": 1000', '"role": "owner"'):
        assert text in record


def test_sigterm_lets_calls_end_and_then_ends_the_process(site: Site, third: HubProcess, ada: Person) -> None:
    project_id = ada.running()
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(ada.post, "project_exec", hub=2, project_id=project_id, command="sleep", args=["3"])
        until(lambda: site.cluster.sql("select 1") == "1" and under_way.running())
        time.sleep(1)  # the call has to have reached the host; nothing tells from outside when it has
        assert third.end() == -signal.SIGTERM
        assert under_way.result(10).json()["exit_code"] == 0
    assert "Traceback" not in third.log.read_text()


async def test_sigterm_closes_engine_io_connections(third: HubProcess, ada: Person) -> None:
    async with Browser(ada, 2) as browser:
        await browser.call("subscribe", table="projects")
        ending = asyncio.create_task(asyncio.to_thread(third.end))
        async with asyncio.timeout(10):
            await browser.ended.wait()
        assert await ending == -signal.SIGTERM


def test_a_wait_for_a_state_does_not_hold_up_the_end(site: Site, third: HubProcess, ada: Person) -> None:
    project_id = ada.running()
    host = next(host for host in site.compute if project_id in host.states)
    ada.ok("stop_project", project_id=project_id, wait=5)
    host.hold_starts = True
    try:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(ada.post, "start_project", hub=2, project_id=project_id, wait=600)
            until(lambda: row_of(ada, project_id)["state"] == "starting")
            begun = time.monotonic()
            assert third.end() == -signal.SIGTERM
            assert time.monotonic() - begun < 30
            assert waiting.result(5).json()["state"] == "starting"
    finally:
        host.hold_starts = False


def test_a_hub_killed_in_the_middle_of_a_call_loses_nothing(site: Site, third: HubProcess, ada: Person) -> None:
    project_id = ada.project()
    for each in site.compute:
        each.hold_starts = True
    try:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(ada.post, "start_project", hub=2, project_id=project_id, wait=60)
            until(lambda: row_of(ada, project_id)["state"] == "starting")
            third.end(signal.SIGKILL)
            with pytest.raises(httpx.TransportError):
                waiting.result(10)
    finally:
        for each in site.compute:
            each.hold_starts = False
    host = next(each for each in site.compute if project_id in each.states)
    with ThreadPoolExecutor(1) as pool:
        again = pool.submit(ada.ok, "start_project", project_id=project_id, wait=20)
        until(lambda: host.calls.count(("start", project_id)) == 2)
        site.loop.call(host.become, project_id, State.RUNNING)
        assert again.result(20)["state"] == "running"


async def test_the_database_goes_away_and_comes_back(site: Site, ada: Person) -> None:
    async with Browser(ada) as browser:
        await browser.call("subscribe", table="projects")
        await asyncio.to_thread(site.cluster.stop)
        try:
            begun = time.monotonic()
            down = await asyncio.to_thread(_alive, site)
            assert time.monotonic() - begun < 20
            assert down == 503
            answer = await asyncio.to_thread(ada.post, "get_projects")
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
            assert answer.headers["retry-after"]
            assert (await browser.call("get_projects"))["error"]["code"] == "unavailable"
        finally:
            await asyncio.to_thread(site.cluster.start)
        site.cluster.sql(
            "with made as (insert into projects (title, disk, memory, cores, cpu_shares, idle_timeout)"
            " values ('Unheard', 3000, 1000, 1, 256, 3600) returning project_id)"
            f" insert into collaborators select project_id, '{ada.account_id}', 'owner' from made"
        )
        project_id = site.cluster.sql("select project_id from projects where title = 'Unheard'")
        assert (await browser.change("insert", project_id))["row"]["title"] == "Unheard"
        await asyncio.to_thread(until, lambda: _alive(site) == 200)
        assert (await browser.call("get_projects"))["projects"][0]["title"] == "Unheard"


def _alive(site: Site) -> int:
    return httpx.get(f"{site.hubs[0].url}/alive", verify=site.edge, timeout=10).status_code
