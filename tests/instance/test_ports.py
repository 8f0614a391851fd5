"""What a project serves on its ports: HTTP and websockets through the whole chain, of programs good and bad."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.deployment import Deployment
from tests.instance.client import Client
from tests.instance.conftest import AtOrigin, ClientMaker
from tests.instance.origins import PORT, PORT6, Own, run_program

pytestmark = pytest.mark.lab

BLOCK = bytes(range(256)) * 256


@pytest.fixture(scope="module")
def own(shared_client: Client, shared_project: str, at_origin: AtOrigin) -> Own:
    """The owner at the project's origin, where a program listens."""
    run_program(shared_client, shared_project)
    return at_origin(shared_client, shared_project).enter()


def test_requests_arrive_whole_and_without_secrets(own: Own) -> None:
    own.http.cookies.set("theirs", "1")
    answer = own.request(
        "PATCH",
        f"port/{PORT}/a%2Fb%20c/?q=%C3%A9",
        content=b"x" * 100_000,
        headers={"Authorization": "Bearer of-the-program", "X-Lyceum-Account": "forged", "Content-Type": "x/y"},
    )
    told = answer.json()
    assert (told["method"], told["target"], told["length"]) == ("PATCH", "/a%2Fb%20c/?q=%C3%A9", 100_000)
    headers = told["headers"]
    assert headers["cookie"] == "theirs=1"
    assert headers["host"] == own.headers["Host"]
    assert headers["x-forwarded-prefix"] == f"/{own.project}/port/{PORT}"
    assert headers["x-forwarded-proto"] == "https"
    assert re.fullmatch(r"[0-9a-f-]{36}", headers["x-lyceum-account"])
    assert not {"authorization", "x-forwarded-for", "x-lyceum-project", "x-lyceum-kind"} & headers.keys()
    assert own.cookie not in answer.text


def test_chunked_bodies_and_heads(own: Own) -> None:
    chunks = [b"abc", b"d" * 70_000, b"e"]
    told = own.request("POST", f"port/{PORT}/", content=iter(chunks)).json()
    assert told["digest"] == hashlib.sha256(b"".join(chunks)).hexdigest()
    assert own.request("HEAD", f"port/{PORT}/moved").headers["Location"] == f"/{own.project}/port/{PORT}/elsewhere"


def test_ipv6(own: Own) -> None:
    assert own.get(f"port/{PORT6}/x").json()["target"] == "/x"


async def test_websocket(own: Own) -> None:
    async with own.connect(f"port/{PORT}/socket", origin=own.origin) as websocket:
        for message in (b"hello", b"x" * 300_000):
            await websocket.send(message)
            assert await websocket.recv() == message


def test_large_transfers_stream(own: Own) -> None:
    digest = hashlib.sha256()
    with own.http.stream(
        "GET", own.path(f"port/{PORT}/large"), headers=own.headers, extensions={"sni_hostname": own.name}
    ) as answer:
        for data in answer.iter_raw():
            digest.update(data)
    assert digest.hexdigest() == hashlib.sha256(BLOCK * 512).hexdigest()
    told = own.request("PUT", f"port/{PORT}/", content=BLOCK * 512).json()
    assert (told["length"], told["digest"]) == (len(BLOCK) * 512, hashlib.sha256(BLOCK * 512).hexdigest())


def test_server_sent_events_are_not_held_up(own: Own) -> None:
    with own.http.stream(
        "GET", own.path(f"port/{PORT}/events"), headers=own.headers, extensions={"sni_hostname": own.name}
    ) as answer:
        lines = answer.iter_lines()
        assert next(lines) == "data: first"
        own.get(f"port/{PORT}/go")
        assert [line for line in lines if line] == ["data: second"]


@pytest.mark.parametrize("place", ["garbage", "long-head", "continue", "two-lengths", "hang-up"])
def test_programs_that_answer_nonsense(own: Own, place: str) -> None:
    answer = own.get(f"port/{PORT}/{place}", headers={"Accept": "text/html"})
    assert answer.status_code == httpx.codes.BAD_GATEWAY
    assert "project" in answer.text
    assert own.get(f"port/{PORT}/x").status_code == httpx.codes.OK


def test_one_answer_for_one_request(own: Own) -> None:
    assert own.get(f"port/{PORT}/two-answers").text == "one"
    assert own.get(f"port/{PORT}/x").json()["target"] == "/x"


def test_nothing_listens(own: Own) -> None:
    answer = own.get("port/9/", headers={"Accept": "text/html"})
    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert "Nothing in the project listens on port 9." in answer.text
    assert own.get("port/9/").json()["error"]["code"] == "nothing_listens"
    for place in ("port/0/", "port/65536/", "port/x/", "port/", "port"):
        assert own.get(place).status_code == httpx.codes.NOT_FOUND
    assert own.get(f"port/{PORT}?a=b").headers["Location"] == f"/{own.project}/port/{PORT}/?a=b"


def test_a_port_is_the_projects_own(own: Own, at_origin: AtOrigin) -> None:
    """What listens on the host's or another project's loopback is not reached."""
    client = own.client
    other = client.running_project("Other")
    try:
        theirs = at_origin(client, other).enter()
        for port in (PORT, 22, 5000, 6000, 6001):
            assert theirs.get(f"port/{port}/").json()["error"]["code"] == "nothing_listens"
        client.call("stop_project", project_id=other, wait=60)
        assert client.http.get(f"/{other}/port/{PORT}/").status_code == httpx.codes.CONFLICT
        answer = theirs.get(f"port/{PORT}/", headers={"Accept": "text/html"})
        assert (answer.status_code, "not running" in answer.text) == (httpx.codes.CONFLICT, True)
    finally:
        client.call("stop_project", project_id=other)


async def test_who_may_not(own: Own, new_client: ClientMaker, at_origin: AtOrigin) -> None:
    stranger, nobody = new_client(), new_client()
    stranger.create_account("Eve")
    for client, statuses in ((nobody, {401}), (stranger, {403, 404})):
        assert client.http.get(f"/{own.project}/port/{PORT}/").status_code in statuses
        there = at_origin(client, own.project)
        assert there.get(f"port/{PORT}/").status_code == httpx.codes.UNAUTHORIZED
        with pytest.raises(InvalidStatus) as refused:
            async with there.connect(f"port/{PORT}/socket"):
                pass
        assert refused.value.response.status_code == httpx.codes.UNAUTHORIZED
    assert nobody.http.get(f"/{own.project}/port/{PORT}/", headers={"Accept": "text/html"}).headers["Location"] == (
        f"/sign-in?next=/{own.project}/port/{PORT}/"
    )


async def test_a_removed_collaborator_is_cut_off(own: Own, new_client: ClientMaker, at_origin: AtOrigin) -> None:
    friend = new_client()
    account = friend.create_account("Ben")
    own.client.call("invite_collaborator", project_id=own.project, account_id=account)
    there = at_origin(friend, own.project).enter()
    async with there.connect(f"port/{PORT}/socket") as theirs, own.connect(f"port/{PORT}/socket") as owners:
        await theirs.send(b"in")
        assert await theirs.recv() == b"in"
        own.client.call("remove_collaborator", project_id=own.project, account_id=account)
        async with asyncio.timeout(5):
            with pytest.raises(ConnectionClosed):
                await theirs.recv()
        await owners.send(b"still here")
        assert await owners.recv() == b"still here"
    assert there.get(f"port/{PORT}/").status_code in (401, 403, 404)


@pytest.fixture
async def idle_sockets(own: Own) -> AsyncIterator[list[Any]]:
    """Websockets to a program that sends without end, which nobody reads."""
    opened = [await own.connect(f"port/{PORT}/flood", max_queue=1) for _ in range(10)]
    yield opened
    for websocket in opened:
        websocket.transport.abort()


async def test_websockets_that_never_read(own: Own, idle_sockets: list[Any], deployment: Deployment) -> None:
    host = deployment.host(str(own.client.project(own.project)["host"]))
    used = "awk '/VmRSS/ {print $2}' /proc/$(pgrep -P $(systemctl show -P MainPID lyceum-gateway))/status"
    before = int(host.check_output(used))
    async with own.connect(f"port/{PORT}/socket") as websocket:
        for _ in range(100):
            await websocket.send(b"x" * 10_000)
            assert len(await websocket.recv()) == 10_000
    assert len(idle_sockets) == 10
    assert int(host.check_output(used)) - before < 20_000  # kB


class Wire:
    """A connection of bytes to the edge, for what no library would send."""

    def __init__(self, own: Own) -> None:
        self.own = own
        raw = socket.create_connection((own.where, own.port), timeout=20)
        self.sock = own.client.tls.wrap_socket(raw, server_hostname=own.name)

    def ask(self, first: str, *headers: str, body: bytes = b"") -> bytes:
        lines = [
            first,
            f"Host: {self.own.headers['Host']}",
            f"Cookie: __Host-lyceum_project={self.own.cookie}",
            *headers,
        ]
        received = b""
        try:
            self.sock.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
            while data := self.sock.recv(65536):
                received += data
        except (TimeoutError, OSError):
            pass
        return received


@pytest.fixture
def wire(own: Own) -> Iterator[Wire]:
    wire = Wire(own)
    yield wire
    wire.sock.close()


def test_http_1_0(own: Own, wire: Wire) -> None:
    answer = wire.ask(f"GET /{own.project}/port/{PORT}/old HTTP/1.0")
    assert b" 200 " in answer.split(b"\r\n")[0]
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["target"] == "/old"


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Length: 4", "Transfer-Encoding: chunked"],
        ["Content-Length: 4", "Content-Length: 40"],
        ["Transfer-Encoding: xchunked"],
        ["Transfer-Encoding : chunked"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
        ["Content-Length: +4"],
        ["X: a\r\n Transfer-Encoding: chunked", "Content-Length: 4"],
    ],
)
def test_no_request_is_smuggled(own: Own, wire: Wire, headers: list[str]) -> None:
    hidden = f"GET /{own.project}/port/{PORT}/smuggled HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    bodies = b"0\r\n\r\n" + hidden
    answer = wire.ask(f"POST /{own.project}/port/{PORT}/outer HTTP/1.1", *headers, "Connection: close", body=bodies)
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert "/smuggled" not in own.get(f"port/{PORT}/seen").json()


def test_heads_that_are_too_long(own: Own, wire: Wire) -> None:
    answer = wire.ask(f"GET /{own.project}/port/{PORT}/ HTTP/1.1", f"X: {'x' * 60_000}", "Connection: close")
    assert re.match(rb"HTTP/1.1 (400|414|431) |$", answer)  # or the connection ends while it is still being sent
    long = own.get(f"port/{PORT}/", headers={"X": "x" * 20_000})
    assert (long.status_code, len(long.json()["headers"]["x"])) == (200, 20_000)


@pytest.mark.parametrize("path", ["/../{id}/port/8000/", "/{id}/port/8000/../../raw/x", "/{id}/port/8000/%2e%2e/x"])
def test_paths_that_lead_elsewhere(own: Own, wire: Wire, path: str) -> None:
    answer = wire.ask(f"GET {path.format(id=own.project)} HTTP/1.1", "Connection: close")
    assert re.match(rb"HTTP/1.1 (400|404) ", answer)
