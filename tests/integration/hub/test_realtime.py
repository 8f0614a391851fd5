"""Engine.IO: handshakes, calls, synchronised tables."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
import websockets
from lyceum_compute.protocol.messages import State

from .browser import Browser
from .site import ORIGIN, Person, Site
from .test_projects import until


async def test_the_first_message_is_the_version_and_calls_are_answered(ada: Person) -> None:
    async with Browser(ada) as browser:
        assert await browser.next("version") == {"event": "version", "version": "0.1.0"}
        made = await browser.call("create_project", title="By Engine.IO")
        assert set(made) == {"id", "event", "project_id"}
        listed = await browser.call("get_projects")
        assert [row["title"] for row in listed["projects"]] == ["By Engine.IO"]
        assert listed["projects"] == ada.ok("get_projects")["projects"]


async def test_bad_messages_get_errors_and_the_connection_goes_on(ada: Person) -> None:
    async with Browser(ada) as browser:
        for text, code in (("{", "malformed"), ("[]", "invalid"), ("17", "invalid"), ('{"event": "x"}', "invalid")):
            await browser.say(text)
            error = await browser.next("error")
            assert (error["id"], error["error"]["code"]) == (None, code)
        for event, fields, code in (
            ("make_coffee", {}, "unknown_event"),
            ("sign_in", {}, "conflict"),
            ("create_project", {}, "invalid"),
            ("create_project", {"title": "a\0b"}, "invalid"),
            ("subscribe", {"table": "secrets"}, "not_found"),
            ("subscribe", {"table": "projects", "query": {"every": True}}, "forbidden"),
            ("subscribe", {"table": "projects", "query": {"x": 1}}, "invalid"),
            ("unsubscribe", {"subscription": 99}, "not_found"),
            ("set_quotas", {}, "forbidden"),
        ):
            answer = await browser.call(event, **fields)
            assert (answer["event"], answer["error"]["code"]) == ("error", code), event
        assert (await browser.call("get_account"))["account_id"] == ada.account_id


async def test_calls_go_on_side_by_side(ada: Person) -> None:
    project_id = ada.running()
    async with Browser(ada) as browser:
        slow = browser.begin("project_exec", project_id=project_id, command="sleep", args=["3"])
        async with asyncio.timeout(2.5):
            await browser.call("get_account")
        assert not slow.done()
        assert (await slow)["exit_code"] == 0


async def test_without_a_session_there_is_no_handshake(site: Site, ada: Person) -> None:
    stranger = Person(site)
    for person, headers, status in (
        (stranger, {}, 401),
        (ada, {"origin": "https://evil.example"}, 403),
        (stranger, {"authorization": "Bearer lyceum_nonsense"}, 401),
    ):
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with Browser(person, **headers):
                pass
        assert refused.value.response.status_code == status
    async with httpx.AsyncClient(verify=site.edge) as edge:
        url = f"{site.hubs[0].url}/hub/?EIO=4&transport=polling"
        assert (await edge.get(url)).status_code == 401
        assert (await edge.get(f"{url}&j=0", headers={"cookie": "x=y"})).status_code == 422


async def test_long_polling_works_too(site: Site, ada: Person) -> None:
    url = f"{site.hubs[0].url}/hub/?EIO=4&transport=polling"
    cookie = "; ".join(f"{name}={value}" for name, value in ada.cookies.items())
    headers = {"cookie": cookie, "origin": ORIGIN, "x-forwarded-for": "10.9.9.9"}
    async with httpx.AsyncClient(verify=site.edge, headers=headers, timeout=20) as client:
        opened = (await client.get(url)).text.split("\x1e")
        sid = json.loads(opened[0][1:])["sid"]
        sent = "\x1e".join(f'4{{"id": {n}, "event": "get_account"}}' for n in range(1, 31))
        assert (await client.post(f"{url}&sid={sid}", content=sent)).text == "OK"
        heard: list[str] = opened[1:]
        while len(heard) < 31:
            heard += (await client.get(f"{url}&sid={sid}")).text.split("\x1e")
    assert sum(ada.account_id in text for text in heard) == 30


async def test_a_project_row_lives_on_both_hubs_however_it_is_changed(site: Site, ada: Person) -> None:
    async with Browser(ada, 0) as here, Browser(ada, 1) as there:
        for browser in (here, there):
            answer = await browser.call("subscribe", table="projects")
            assert answer["rows"] == []
        project_id = await asyncio.to_thread(ada.project)
        for browser in (here, there):
            inserted = await browser.change("insert", project_id)
            assert inserted["row"]["title"] == "Work"
            assert inserted["row"] == (await browser.call("get_projects"))["projects"][0]
        site.cluster.sql(f"update projects set title = 'By SQL' where project_id = '{project_id}'")
        for browser in (here, there):
            assert (await browser.change("update", project_id))["row"]["title"] == "By SQL"
        await there.call("start_project", project_id=project_id, wait=10)
        while (await here.change("update", project_id))["row"]["state"] != "running":
            pass
        site.cluster.sql(f"update accounts set first_name = 'Augusta' where account_id = '{ada.account_id}'")
        assert (await here.change("update", project_id))["row"]["users"][0]["first_name"] == "Augusta"
        site.cluster.sql(f"delete from projects where project_id = '{project_id}'")
        for browser in (here, there):
            assert "row" not in await browser.change("delete", project_id)


async def test_who_is_invited_sees_an_insert_and_who_is_removed_a_delete(site: Site, ada: Person) -> None:
    bob = await asyncio.to_thread(site.person, 1)
    project_id = await asyncio.to_thread(ada.project)
    async with Browser(bob) as browser:
        await browser.call("subscribe", table="projects")
        await asyncio.to_thread(ada.ok, "invite_collaborator", project_id=project_id, account_id=bob.account_id)
        assert len((await browser.change("insert", project_id))["row"]["users"]) == 2
        await asyncio.to_thread(ada.ok, "remove_collaborator", project_id=project_id, account_id=bob.account_id)
        await browser.change("delete", project_id)
        await asyncio.to_thread(ada.ok, "update_project", project_id=project_id, title="Secret")
        await browser.call("get_account")
        assert browser.pushed.empty()


async def test_nobody_sees_the_rows_of_others(site: Site, ada: Person) -> None:
    bob = await asyncio.to_thread(site.person)
    async with Browser(bob) as browser:
        await browser.call("subscribe", table="projects")
        answer = await browser.call("subscribe", table="accounts")
        assert [row["account_id"] for row in answer["rows"]] == [bob.account_id]
        await asyncio.to_thread(ada.project)
        site.cluster.sql(f"update accounts set last_name = 'X' where account_id = '{ada.account_id}'")
        site.cluster.sql(f"update accounts set last_name = 'Y' where account_id = '{bob.account_id}'")
        assert (await browser.change("update", bob.account_id))["row"]["last_name"] == "Y"
        assert browser.pushed.empty()


async def test_unsubscribing_ends_the_changes_and_subscriptions_are_limited(ada: Person) -> None:
    async with Browser(ada) as browser:
        numbers = [(await browser.call("subscribe", table="projects"))["subscription"] for _ in range(20)]
        assert (await browser.call("subscribe", table="projects"))["error"]["code"] == "too_many"
        for number in numbers:
            assert (await browser.call("unsubscribe", subscription=number))["subscription"] == number
        await browser.call("create_project", title="Unseen")
        await browser.next("version")
        await browser.call("get_account")
        assert browser.pushed.empty()


async def test_the_end_of_a_session_ends_its_connections_on_every_hub(ada: Person) -> None:
    async with Browser(ada, 0) as here, Browser(ada, 1) as there:
        await there.call("get_account")
        await here.call("sign_out")
        for browser in (here, there):
            await browser.next("signed_out")
            async with asyncio.timeout(5):
                await browser.ended.wait()


async def test_disabling_an_account_ends_its_connections(site: Site, ada: Person) -> None:
    async with Browser(ada) as browser:
        await browser.call("get_account")
        site.cluster.sql(f"update accounts set disabled = true where account_id = '{ada.account_id}'")
        await browser.next("signed_out")
        async with asyncio.timeout(5):
            await browser.ended.wait()


async def test_a_burst_of_changes_arrives_whole(site: Site, ada: Person) -> None:
    async with Browser(ada) as browser:
        await browser.call("subscribe", table="projects")
        site.cluster.sql(
            "with made as (insert into projects (title, disk, memory, cores, cpu_shares, idle_timeout)"
            " select 'bulk ' || n, 3000, 1000, 1, 256, 3600 from generate_series(1, 1200) n returning project_id)"
            f" insert into collaborators select project_id, '{ada.account_id}', 'owner' from made"
        )
        theirs = f"select project_id from collaborators where account_id = '{ada.account_id}'"
        seen: set[str] = set()
        while len(seen) < 1200:
            seen |= {change["key"] for change in (await browser.next("changes"))["changes"]}
        site.cluster.sql(f"delete from projects where project_id in ({theirs})")


async def test_a_client_that_never_reads_is_disconnected(site: Site, ada: Person) -> None:
    project_id = await asyncio.to_thread(ada.running)
    await asyncio.to_thread(ada.ok, "write_text_file", project_id=project_id, path="big", content="x" * 9_000_000)
    browser = Browser(ada)
    socket = await browser._connect
    for number in range(40):
        call = {"id": number, "event": "read_text_file", "project_id": project_id, "path": "big"}
        await socket.send("4" + json.dumps(call))
    socket.transport.pause_reading()

    await asyncio.to_thread(until, lambda: "does not read" in site.hubs[0].log.read_text(), 90)
    socket.transport.abort()


async def test_an_oversized_message_ends_the_connection(ada: Person) -> None:
    async with Browser(ada) as browser:
        await browser.say("x" * (17 * 1024 * 1024))
        async with asyncio.timeout(10):
            await browser.ended.wait()


async def test_a_state_told_by_a_host_arrives(site: Site, ada: Person) -> None:
    project_id = await asyncio.to_thread(ada.running)
    host = next(host for host in site.compute if project_id in host.states)
    async with Browser(ada, 1) as browser:
        await browser.call("subscribe", table="projects")
        site.loop.call(host.become, project_id, State.OPENED, "out of memory")
        assert (await browser.change("update", project_id))["row"]["state_detail"] == "out of memory"
