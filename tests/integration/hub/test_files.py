"""Copies between projects, and watches."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from lyceum_compute.protocol.messages import State

from .browser import Browser
from .fakes import FakeCompute
from .site import Person, Site
from .test_projects import host_of, until


@pytest.fixture
def two(site: Site, ada: Person) -> tuple[str, str]:
    """Two running projects of one person, on two hosts."""
    first, second = ada.running(), ada.running()
    assert host_of(site, ada, first) is not host_of(site, ada, second)
    return first, second


def tree(site: Site, ada: Person, project_id: str) -> dict[tuple[str, str], bytes]:
    return host_of(site, ada, project_id).trees.trees


def asked(first: str, second: str, **more: Any) -> dict[str, Any]:
    own = {"project_id": first, "destination_project_id": second, "source": "a", "destination": "b/c"}
    return own | more


@pytest.mark.parametrize("size", [0, 1, 1000, 1001, 50_000])
def test_a_copy_goes_from_host_to_host(site: Site, ada: Person, two: tuple[str, str], size: int) -> None:
    first, second = two
    tree(site, ada, first)[first, "a"] = bytes(size)
    ada.ok("copy_path", **asked(first, second))
    assert tree(site, ada, second)[second, "b/c"] == bytes(size)
    ada.refused("copy_path", 409, "conflict", **asked(first, second))
    tree(site, ada, first)[first, "a"] = b"new"
    ada.ok("copy_path", **asked(first, second, overwrite=True))
    assert tree(site, ada, second)[second, "b/c"] == b"new"
    until(lambda: not any(host.trees.transfers for host in site.compute))


def test_both_projects_must_be_the_callers_and_run(site: Site, ada: Person, two: tuple[str, str]) -> None:
    first, second = two
    tree(site, ada, first)[first, "a"] = b"secret"
    bob = site.person()
    own = bob.running()
    bob.refused("copy_path", 404, "not_found", **asked(first, own))
    bob.refused("copy_path", 404, "not_found", **asked(own, second))
    bob.refused("move_path", 404, "not_found", **asked(own, second))
    ada.refused("copy_path", 409, "not_running", **asked(first, ada.project()))
    ada.refused("copy_path", 404, "not_found", **asked(first, second, source="none"))
    for field, value in (("source", "/etc"), ("destination", "a/../../b")):
        error = ada.refused("copy_path", 422, "invalid", **asked(first, second, **{field: value}))
        assert error["field"] == field
    assert (second, "b/c") not in tree(site, ada, second)


def test_half_a_copy(site: Site, ada: Person, two: tuple[str, str]) -> None:
    first, second = two
    tree(site, ada, first)[first, "a"] = bytes(5000) + b"broken"
    ada.refused("copy_path", 503, "unavailable", **asked(first, second))
    assert (second, "b/c") not in tree(site, ada, second)
    until(lambda: not any(host.trees.transfers for host in site.compute))


async def test_changes_reach_who_watches(site: Site, ada: Person) -> None:
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    async with Browser(ada) as browser:
        watch = (await browser.call("watch", project_id=project_id, path="d"))["watch"]
        site.loop.call(host.trees.change, project_id, "d/a")
        event = await browser.next("file_changes")
        assert event == {
            "event": "file_changes",
            "watch": watch,
            "changes": [{"path": "d/a", "type": "changed"}],
            "overflow": False,
        }
        assert await browser.call("unwatch", watch=watch)
        assert (await browser.call("unwatch", watch=watch))["error"]["code"] == "not_found"
        await watched_by(host, 0)
        await browser.call("watch", project_id=project_id)
        assert len(host.trees.watching) == 1
    await watched_by(host, 0)  # the client is gone


async def test_watches_end(site: Site, ada: Person) -> None:
    bob = site.person()
    project_id = ada.running()
    host = host_of(site, ada, project_id)
    ada.ok("invite_collaborator", project_id=project_id, account_id=bob.account_id)
    async with Browser(ada) as hers, Browser(bob) as his:
        for browser in (hers, his):
            await browser.call("watch", project_id=project_id)
        await asyncio.to_thread(ada.ok, "remove_collaborator", project_id=project_id, account_id=bob.account_id)
        assert "not one of the project's people" in (await his.next("watch_ended"))["reason"]
        await watched_by(host, 1)
        site.loop.call(host.trees.end_watches)
        assert (await hers.next("watch_ended"))["reason"] == "the folder is gone"
        await hers.call("watch", project_id=project_id)
        site.loop.run(host.stop())
        try:
            assert "was lost" in (await hers.next("watch_ended"))["reason"]
        finally:
            host.trees.watching.clear()
            site.loop.run(host.start())
            host.become(project_id, State.RUNNING)


async def test_what_cannot_be_watched(site: Site, ada: Person) -> None:
    project_id = ada.running()
    async with Browser(ada) as browser, Browser(site.person()) as other:
        for client, fields, code in (
            (other, {"project_id": project_id}, "not_found"),
            (browser, {"project_id": project_id, "path": "none"}, "not_found"),
            (browser, {"project_id": project_id, "path": "/etc"}, "invalid"),
            (browser, {"project_id": "x"}, "invalid"),
            (browser, {}, "invalid"),
            (browser, {"project_id": project_id, "more": 1}, "invalid"),
            (browser, {"project_id": ada.project()}, "not_running"),
        ):
            assert (await client.call("watch", **fields))["error"]["code"] == code, fields
        for _ in range(32):
            assert "watch" in await browser.call("watch", project_id=project_id)
        assert (await browser.call("watch", project_id=project_id))["error"]["code"] == "too_many"


async def watched_by(host: FakeCompute, number: int) -> None:
    await asyncio.to_thread(until, lambda: len(host.trees.watching) == number)
