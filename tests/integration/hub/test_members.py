"""A site that keeps a host for members: who goes there, and when."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lyceum_compute.protocol.messages import State

from .fakes import FakeCompute
from .site import Person, Site
from .test_projects import boss, host_of, row_of  # noqa: F401 a fixture

HUB = 2


@pytest.fixture
def members_host(site: Site) -> Iterator[FakeCompute]:
    """The second host, marked in the settings of a hub of the test's own."""
    host = site.compute[1]
    name = f'name = "{host.name}"\n'
    settings = site.config.read_text()
    assert settings.count(name) == 1
    config = site.folder / "members.toml"
    config.write_text(settings.replace(name, f"{name}member = true\n"))
    with site.third_hub(config):
        yield host


def test_a_member_is_moved_to_the_members_host_at_the_next_start(
    site: Site,
    boss: Person,  # noqa: F811
    members_host: FakeCompute,
) -> None:
    ada = site.person(HUB)
    projects = [ada.running() for _ in range(3)]
    common = site.compute[0]
    assert {host_of(site, ada, project_id).name for project_id in projects} == {common.name}
    project_id = projects[0]
    boss.ok("set_quotas", hub=HUB, project_id=project_id, member_host=True)
    assert row_of(ada, project_id)["state"] == "running"
    assert host_of(site, ada, project_id) is common, "nobody is thrown out"
    for host in (members_host, common):
        ada.ok("stop_project", project_id=project_id, wait=20)
        assert ada.ok("start_project", project_id=project_id, wait=20)["state"] == "running"
        assert host_of(site, ada, project_id) is host
        boss.ok("set_quotas", hub=HUB, project_id=project_id, member_host=False)
    assert members_host.states[project_id].state == State.CLOSED


def test_a_new_project_of_a_member_goes_there_at_once(
    site: Site,
    boss: Person,  # noqa: F811
    members_host: FakeCompute,
) -> None:
    ada = site.person(HUB)
    project_id = ada.project()
    boss.ok("set_quotas", hub=HUB, project_id=project_id, member_host=True)
    assert ada.ok("start_project", project_id=project_id, wait=20)["state"] == "running"
    assert host_of(site, ada, project_id) is members_host
