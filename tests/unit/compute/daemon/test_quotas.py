"""Quotas of projects on a host: the latest hold, at once, whoever spoke of others last."""

from __future__ import annotations

import pytest
from lyceum_compute.daemon import layout, record
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import Quota, Saved

from tests.unit.compute.daemon.played import ID, Host, project, running, settled


async def test_quotas_hold_at_once_and_are_remembered(there: Host) -> None:
    async with running(there) as projects:
        await projects.start(project())
        await settled(projects)
        await projects.set_quotas(ID, Quota(memory=2000), 1)
        with pytest.raises(FaultError):
            await projects.set_quotas(ID, Quota(memory=-1), 2)
    assert there.steps[-1] == "apply"
    assert projects.committed() == 2000
    assert record.load_all(layout.STATE)[0].project.quota.memory == 2000
    assert not any(isinstance(event, Saved) for event in there.events)


async def test_a_running_project_gets_no_memory_that_the_host_has_not(there: Host) -> None:
    async with running(there) as projects:
        await projects.start(project(memory=1000))
        await settled(projects)
        with pytest.raises(FaultError) as caught:
            await projects.set_quotas(ID, Quota(memory=3001), 1)
        assert caught.value.code == "host_full"
        assert projects.entries[ID].project.quota.memory == 1000
        await projects.set_quotas(ID, Quota(memory=3000), 2)


async def test_a_hub_that_asks_says_what_the_quota_is_by_now(there: Host) -> None:
    async with running(there) as projects:
        await projects.start(project())
        await settled(projects)
        await projects.look(project(memory=1500))
        assert projects.entries[ID].project.quota.memory == 1500


async def test_a_hub_that_has_not_heard_of_the_latest_quota_brings_no_earlier_one_back(there: Host) -> None:
    """A hub that came back had read a project before another hub took its network away, and let it out again."""
    async with running(there) as projects:
        await projects.start(project(revision=1, network=True))
        await settled(projects)
        assert await projects.set_quotas(ID, Quota(network=False), 3) == Quota(network=False)
        await projects.look(project(revision=1, network=True))
        projects.on_host(project(revision=1, network=True))
        assert await projects.set_quotas(ID, Quota(network=True), 2) == Quota(network=False)
        assert projects.entries[ID].project == project(revision=3)
        await projects.stop(project(revision=1, network=True))
        await settled(projects)
        await projects.start(project(revision=1, network=True))
        assert projects.entries[ID].project == project(revision=3)


async def test_a_quota_that_a_call_brings_along_is_not_taken_for_one_that_holds(there: Host) -> None:
    """A hub says it with every call; looked at afterwards, it would seem that nothing was left to be done."""
    async with running(there) as projects:
        await projects.start(project())
        await settled(projects)
        projects.on_host(project(revision=1, memory=1500))
        assert projects.entries[ID].project == project()
        await projects.look(project(revision=1, memory=1500))
        assert projects.entries[ID].project == project(revision=1, memory=1500)
        assert there.steps[-1] == "apply"
