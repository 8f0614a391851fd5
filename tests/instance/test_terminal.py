"""Terminals, from a websocket client's side through the whole chain: edge, hub proxy, gateway, console server."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.instance.client import Client
from tests.instance.conftest import ClientMaker

pytestmark = pytest.mark.lab

WINDOW = 256 * 1024


@pytest.fixture
def client(shared_client: Client) -> Client:
    return shared_client


@pytest.fixture
def project(shared_project: str) -> str:
    return shared_project


@pytest.fixture
def session(request: pytest.FixtureRequest) -> str:
    """A terminal of the test's own, in the project that they share."""
    return re.sub("[^a-z0-9]", "-", request.node.name)[-60:]


class Viewer:
    """One browser's view of a terminal. Acknowledges what it reads, unless told otherwise."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.count = 0
        self.output = b""
        self.messages: list[dict[str, Any]] = []

    async def read(self, *, acknowledge: bool = True) -> None:
        message = await self.connection.recv()
        if isinstance(message, str):
            self.messages.append(json.loads(message))
            return
        self.count += len(message)
        self.output = (self.output + message)[-400_000:]
        if acknowledge:
            await self.say(acknowledge=self.count)

    async def say(self, **message: Any) -> None:
        with suppress(ConnectionClosed):
            await self.connection.send(json.dumps(message))

    async def type(self, text: str) -> None:
        await self.connection.send(text.encode())

    async def until(self, wanted: str) -> None:
        async with asyncio.timeout(30):
            while wanted.encode() not in self.output:
                await self.read()

    async def told(self, name: str) -> Any:
        """Wait for the next message of this name."""
        async with asyncio.timeout(30):
            while True:
                for message in self.messages:
                    if name in message:
                        self.messages.remove(message)
                        return message[name]
                await self.read()

    async def closed(self) -> ConnectionClosed:
        async with asyncio.timeout(30):
            while True:
                try:
                    await self.read(acknowledge=False)
                except ConnectionClosed as closed:
                    return closed


@asynccontextmanager
async def view(
    client: Client, project: str, session: str, *, query: str = "", origin: str | None = None
) -> AsyncIterator[Viewer]:
    address = client.url.replace("https://", "wss://")
    cookies = "; ".join(f"{name}={value}" for name, value in client.http.cookies.items())
    async with connect(
        f"{address}/{project}/terminal/{session}{query}",
        ssl=client.tls,
        origin=origin or client.url,  # type: ignore[arg-type]
        additional_headers={"Cookie": cookies} if cookies else None,
        compression=None,
        max_size=None,
        open_timeout=30,
    ) as connection:
        yield Viewer(connection)


def sessions(client: Client, project: str) -> list[dict[str, Any]]:
    answer = client.http.get(f"/{project}/terminal/")
    assert answer.status_code == httpx.codes.OK, answer.text
    found: list[dict[str, Any]] = answer.json()["sessions"]
    return found


async def status_of(client: Client, project: str, **more: Any) -> int:
    """The status with which a terminal is refused."""
    with pytest.raises(InvalidStatus) as raised:
        async with view(client, project, "refused", **more):
            pass
    return int(raised.value.response.status_code)


async def test_echo(client: Client, project: str, session: str) -> None:
    async with view(client, project, session, query="?rows=30&columns=100") as viewer:
        hello = await viewer.told("hello")
        assert hello == {"session": session, "rows": 30, "columns": 100, "history_bytes": 0}
        await viewer.type("echo $((6*7)) $TERM $PWD; stty size; tty\n")
        await viewer.until("42 xterm-256color /home/user\r\n30 100\r\n/dev/pts/")
        await viewer.type("printf 'Gr\\u00fc\\u00dfe %s\\n' 你好\n")
        await viewer.until("Grüße 你好\r\n")


async def test_two_viewers_and_resizing(client: Client, project: str, session: str) -> None:
    async with view(client, project, session, query="?rows=30&columns=80") as first:
        await first.told("hello")
        async with view(client, project, session, query="?rows=20&columns=120") as second:
            hello = await second.told("hello")
            assert (hello["rows"], hello["columns"]) == (20, 80)
            assert await first.told("size") == {"rows": 20, "columns": 80}
            await second.type("echo from-sec''ond; stty size\n")
            await first.until("from-second\r\n20 80\r\n")
            await second.until("from-second\r\n20 80\r\n")
            await second.say(resize={"rows": 25, "columns": 70})
            assert await first.told("size") == {"rows": 25, "columns": 70}
        assert await first.told("size") == {"rows": 30, "columns": 80}


async def test_reconnecting_with_scrollback(client: Client, project: str, session: str) -> None:
    async with view(client, project, session) as viewer:
        await viewer.type("kept=treasure; for i in $(seq 200); do echo line-$i-end; done\n")
        await viewer.until("line-200-end\r\n")
        before = viewer.output
    assert {entry["session"]: entry["viewers"] for entry in sessions(client, project)}[session] == 0
    async with view(client, project, session) as viewer:
        hello = await viewer.told("hello")
        assert hello["history_bytes"] >= len(before)
        while viewer.count < hello["history_bytes"]:
            await viewer.read()
        assert viewer.output.startswith(before)
        await viewer.type("echo $kept\n")
        await viewer.until("treasure\r\n")


async def test_output_without_end(client: Client, project: str, session: str) -> None:
    async with view(client, project, session) as viewer:
        await viewer.told("hello")
        await viewer.type("yes\n")
        with suppress(TimeoutError):
            async with asyncio.timeout(3):
                while True:
                    await viewer.read(acknowledge=False)
        assert WINDOW <= viewer.count <= 2 * WINDOW
        viewer.output = b""
        await viewer.type("\x03")
        await viewer.say(acknowledge=viewer.count)
        await viewer.until("$ ")  # what is typed before bash is back may be thrown away
        await viewer.type("echo still-h''ere\n")
        await viewer.until("still-here\r\n")


async def test_one_viewer_that_does_not_acknowledge_holds_up_nobody(client: Client, project: str, session: str) -> None:
    async with view(client, project, session) as lazy:
        await lazy.told("hello")
        async with view(client, project, session) as keen:
            await keen.type("head -c 3000000 /dev/zero | tr '\\0' x; echo at-the-e''nd\n")
            await keen.until("at-the-end\r\n")
            closed = await lazy.closed()
            assert closed.rcvd is not None
            assert closed.rcvd.code == 4008


async def test_several_terminals_and_their_end(client: Client, project: str, session: str) -> None:
    async with view(client, project, f"{session}-a") as first, view(client, project, f"{session}-b") as second:
        await first.type("name=first; sleep 1000\n")
        await second.type("echo [$name]\n")
        await second.until("[]\r\n")
        viewers = {entry["session"]: entry["viewers"] for entry in sessions(client, project)}
        assert (viewers[f"{session}-a"], viewers[f"{session}-b"]) == (1, 1)
        await second.type("exit 7\n")
        assert await second.told("exit") == {"code": 7}
        closed = await second.closed()
        assert closed.rcvd is not None
        assert closed.rcvd.code == 1000
        await first.say(end=True)
        assert "code" in await first.told("exit")
    assert not [entry for entry in sessions(client, project) if entry["session"].startswith(session)]


async def test_background_work_survives_a_closed_browser(client: Client, project: str, session: str) -> None:
    async with view(client, project, session) as viewer:
        await viewer.type("(sleep 1; echo finished > result) ; echo d''one\n")
        await viewer.told("hello")
    async with view(client, project, session) as viewer:
        await viewer.until("done\r\n")
    assert client.run(project, "cat result")["stdout"] == "finished\n"


async def test_who_may_not(client: Client, new_client: ClientMaker, project: str) -> None:
    stranger, nobody = new_client(), new_client()
    stranger.create_account("Eve")
    assert await status_of(nobody, project) == 401
    assert await status_of(stranger, project) in (403, 404)
    assert stranger.http.get(f"/{project}/terminal/").status_code in (403, 404)
    assert await status_of(client, project, origin="https://elsewhere.example") == 403


async def test_removed_collaborator_is_cut_off(
    client: Client, new_client: ClientMaker, project: str, session: str
) -> None:
    friend = new_client()
    account = friend.create_account("Ben")
    client.call("invite_collaborator", project_id=project, account_id=account)
    async with view(friend, project, session) as viewer, view(client, project, session) as owner:
        await viewer.told("hello")
        await owner.told("hello")
        client.call("remove_collaborator", project_id=project, account_id=account)
        async with asyncio.timeout(5):
            await viewer.closed()
        await owner.type("echo still-h''ere\n")
        await owner.until("still-here\r\n")
    assert await status_of(friend, project) in (403, 404)


async def test_project_that_does_not_run(client: Client) -> None:
    project = str(client.call("create_project", title="Stopped")["project_id"])
    assert await status_of(client, project) in (409, 503)


async def test_nonsense(client: Client, project: str, session: str) -> None:
    for text in ("nonsense", '{"acknowledge": 1000000}', "[1]"):
        async with view(client, project, session) as viewer:
            await viewer.told("hello")
            await viewer.connection.send(text)
            closed = await viewer.closed()
            assert closed.rcvd is not None
            assert closed.rcvd.code == 1008
    for path in (f"/{project}/terminal/a%20b", f"/{project}/terminal/{'a' * 65}", f"/{project}/terminal/a/b"):
        assert client.http.get(path).status_code == httpx.codes.NOT_FOUND
    answer = client.http.get(f"/{project}/terminal/main")
    assert answer.status_code in (httpx.codes.BAD_REQUEST, httpx.codes.UPGRADE_REQUIRED)
    assert "html" not in answer.headers["Content-Type"]
