"""Server and client together, over real sockets of the loopback."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from lyceum_compute.protocol.client import Client, TlsAddress, UnixAddress
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.identity import Peer
from lyceum_compute.protocol.messages import Empty, Event, Exec, State, StateChanged
from lyceum_compute.protocol.server import Limits, Operation, Server

HUB = frozenset({"hub", "local"})
ID = "c2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"


async def echo(peer: Peer, arguments: Exec) -> dict[str, Any]:
    return {"peer": str(peer), "command": arguments.command}


async def refuse(_peer: Peer, _arguments: Empty) -> None:
    raise FaultError("not_running", "the project does not run")


async def fail(_peer: Peer, _arguments: Empty) -> None:
    raise RuntimeError("secret detail")


OPERATIONS = {
    "echo": Operation(echo, Exec, HUB),
    "refuse": Operation(refuse, Empty, HUB),
    "fail": Operation(fail, Empty, HUB),
    "only": Operation(echo, Exec, frozenset({"compute"})),
}


@asynccontextmanager
async def serving(
    path: Path, operations: dict[str, Operation] | None = None, limits: Limits | None = None
) -> AsyncIterator[Server]:
    server = Server(operations or OPERATIONS, limits=limits)
    await server.listen_unix(str(path))
    try:
        yield server
    finally:
        await server.close()


@asynccontextmanager
async def serving_tls(authority: Any, **more: Any) -> AsyncIterator[tuple[Server, int]]:
    server = Server(OPERATIONS, **more)
    await server.listen_tls("127.0.0.1", 0, authority.identity("compute"))
    try:
        yield server, server.addresses[0][1]
    finally:
        await server.close()


async def test_many_requests_are_answered_over_one_connection(tmp_path: Path) -> None:
    async with serving(tmp_path / "s"), Client(UnixAddress(str(tmp_path / "s"))) as client:
        results = await asyncio.gather(
            *(client.request("echo", Exec(command=str(n)), dict[str, str], timeout=5) for n in range(200))
        )
    assert [result["command"] for result in results] == [str(n) for n in range(200)]


async def test_a_slow_request_does_not_hold_up_another(tmp_path: Path) -> None:
    go = asyncio.Event()

    async def wait(_peer: Peer, _arguments: Empty) -> Empty:
        await go.wait()
        return Empty()

    operations = OPERATIONS | {"wait": Operation(wait, Empty, HUB)}
    async with serving(tmp_path / "s", operations), Client(UnixAddress(str(tmp_path / "s"))) as client:
        slow = asyncio.create_task(client.request("wait", Empty(), Empty))
        assert (await client.request("echo", Exec(command="x"), dict[str, str]))["command"] == "x"
        assert not slow.done()
        go.set()
        assert await slow == Empty()


@pytest.mark.parametrize(
    ("operation", "arguments", "code"),
    [
        ("refuse", Empty(), "not_running"),
        ("nonsense", Empty(), "unknown_operation"),
        ("only", Exec(command="x"), "forbidden"),
        ("only", Empty(), "forbidden"),
        ("echo", Empty(), "invalid"),
        ("fail", Empty(), "internal"),
    ],
)
async def test_a_refusal_has_its_code(tmp_path: Path, operation: str, arguments: Any, code: str) -> None:
    async with serving(tmp_path / "s"), Client(UnixAddress(str(tmp_path / "s"))) as client:
        with pytest.raises(FaultError) as caught:
            await client.request(operation, arguments, Empty)
        assert caught.value.code == code
        assert "secret" not in caught.value.message


async def test_malformed_json_is_answered_with_id_null_and_the_connection_goes_on(tmp_path: Path) -> None:
    async with serving(tmp_path / "s"):
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
        writer.write(b'nonsense\n{"id":5,"operation":"refuse"}\n')
        first = msgspec.json.decode(await reader.readline())
        second = msgspec.json.decode(await reader.readline())
        writer.close()
    assert (first["id"], first["error"]["code"]) == (None, "malformed")
    assert (second["id"], second["error"]["code"]) == (5, "not_running")


async def test_a_message_over_the_limit_ends_the_connection_with_an_error(tmp_path: Path) -> None:
    async with serving(tmp_path / "s", limits=Limits(line=1000)):
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
        writer.write(b"x" * 5000)
        assert msgspec.json.decode(await reader.readline())["error"]["code"] == "too_large"
        assert await reader.read() == b""
        writer.close()


async def test_half_a_message_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    async with serving(tmp_path / "s", limits=Limits(stall=0.05)):
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
        writer.write(b'{"id":')
        assert msgspec.json.decode(await reader.readline())["error"]["code"] == "timed_out"
        assert await reader.read() == b""
        writer.close()


async def test_an_idle_connection_is_left_alone(tmp_path: Path) -> None:
    async with serving(tmp_path / "s", limits=Limits(stall=0.01)), Client(UnixAddress(str(tmp_path / "s"))) as client:
        await client.request("echo", Exec(command="x"), dict[str, str])
        await asyncio.sleep(0.05)
        await client.request("echo", Exec(command="x"), dict[str, str])
        assert client.connected


async def test_requests_over_the_limit_wait_their_turn(tmp_path: Path) -> None:
    under_way = most = 0

    async def count(_peer: Peer, _arguments: Empty) -> Empty:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return Empty()

    operations = {"count": Operation(count, Empty, HUB)}
    async with (
        serving(tmp_path / "s", operations, Limits(requests=3)),
        Client(UnixAddress(str(tmp_path / "s"))) as client,
    ):
        await asyncio.gather(*(client.request("count", Empty(), Empty) for _ in range(20)))
    assert 1 < most <= 3


async def test_who_does_not_read_is_disconnected(tmp_path: Path) -> None:
    connected, gone = asyncio.Event(), asyncio.Event()
    server = Server(OPERATIONS, limits=Limits(unread=1000), on_connect=lambda _: connected.set())
    server.on_disconnect = lambda _: gone.set()
    await server.listen_unix(str(tmp_path / "s"))
    _reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
    async with asyncio.timeout(5):
        await connected.wait()
        for _ in range(100):
            server.push({"event": "x", "filling": "y" * 100_000})
        await gone.wait()
    writer.close()
    await server.close()


async def test_a_lost_caller_s_request_is_cancelled(tmp_path: Path) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def wait(_peer: Peer, _arguments: Empty) -> Empty:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return Empty()

    async with serving(tmp_path / "s", {"wait": Operation(wait, Empty, HUB)}):
        _reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
        writer.write(b'{"id":1,"operation":"wait"}\n')
        await began.wait()
        writer.close()
        async with asyncio.timeout(5):
            await ended.wait()


async def test_a_time_out_is_told_and_the_connection_goes_on(tmp_path: Path) -> None:
    async def wait(_peer: Peer, _arguments: Empty) -> Empty:
        await asyncio.Event().wait()
        return Empty()

    operations = OPERATIONS | {"wait": Operation(wait, Empty, HUB)}
    async with serving(tmp_path / "s", operations), Client(UnixAddress(str(tmp_path / "s"))) as client:
        with pytest.raises(FaultError) as caught:
            await client.request("wait", Empty(), Empty, timeout=0.01)
        assert caught.value.code == "timed_out"
        await client.request("echo", Exec(command="x"), dict[str, str])


async def test_events_reach_every_client_over_tls(authorities) -> None:
    seen: asyncio.Queue[Any] = asyncio.Queue()
    event = StateChanged(project_id=ID, state=State.RUNNING, changed=datetime(2026, 1, 1, tzinfo=UTC))

    def greet(connection: Any) -> None:
        Server.push_to(connection, event)

    async with serving_tls(authorities.own, on_connect=greet) as (server, port):
        address = TlsAddress("compute", "localhost", port, authorities.own.identity("hub"))
        async with (
            Client(address, event_type=Event, on_event=seen.put_nowait) as client,
            Client(address, event_type=Event, on_event=seen.put_nowait),
        ):
            assert [await seen.get(), await seen.get()] == [event, event]
            server.push(event)
            assert [await seen.get(), await seen.get()] == [event, event]
            result = await client.request("echo", Exec(command="x"), dict[str, str])
    assert result["peer"] == "hub/localhost"


async def test_pending_requests_fail_when_the_connection_is_lost_and_it_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "s"
    states: asyncio.Queue[bool] = asyncio.Queue()
    began = asyncio.Event()

    async def wait(_peer: Peer, _arguments: Empty) -> Empty:
        began.set()
        await asyncio.Event().wait()
        return Empty()

    operations = {"wait": Operation(wait, Empty, HUB)}
    async with Client(UnixAddress(str(path)), on_connected=states.put_nowait) as client:
        async with serving(path, operations):
            assert await states.get() is True
            pending = asyncio.create_task(client.request("wait", Empty(), Empty))
            await began.wait()
        with pytest.raises(FaultError) as caught:
            await pending
        assert caught.value.code == "unavailable"
        assert await states.get() is False
        path.unlink(missing_ok=True)
        async with serving(path):
            assert await states.get() is True
            await client.request("echo", Exec(command="x"), dict[str, str])


async def test_a_request_does_not_sit_out_the_pause_of_a_server_that_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lyceum_compute.protocol.client.random.uniform", lambda *_: 36_000.0)
    path = tmp_path / "s"
    async with Client(UnixAddress(str(path))) as client:
        with pytest.raises(FaultError):
            await client.request("echo", Exec(command="x"), dict[str, str], timeout=0.01)
        async with serving(path):
            assert (await client.request("echo", Exec(command="x"), dict[str, str]))["command"] == "x"


async def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    async with Client(UnixAddress(str(tmp_path / "none")), connect_wait=0.01) as client:
        with pytest.raises(FaultError) as caught:
            await client.request("echo", Exec(command="x"), Empty)
    assert caught.value.code == "unavailable"
    assert "none" in caught.value.message


async def test_an_answer_of_another_form_is_unavailable(tmp_path: Path) -> None:
    async with serving(tmp_path / "s"), Client(UnixAddress(str(tmp_path / "s"))) as client:
        with pytest.raises(FaultError) as caught:
            await client.request("echo", Exec(command="x"), State)
        assert caught.value.code == "unavailable"


Wrong = Callable[[Any, int], TlsAddress]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(
            lambda a, p: TlsAddress("compute", "localhost", p, a.foreign.identity("hub")), id="foreign authority"
        ),
        pytest.param(
            lambda a, p: TlsAddress("compute", "localhost", p, a.own.identity("gateway")), id="service not served"
        ),
        pytest.param(
            lambda a, p: TlsAddress(
                "compute", "localhost", p, a.own.identity("hub", uris=["lyceum://compute/x", "lyceum://hub/x"])
            ),
            id="two names",
        ),
        pytest.param(
            lambda a, p: TlsAddress("storage", "localhost", p, a.own.identity("hub")), id="another service meant"
        ),
    ],
)
async def test_a_wrong_certificate_gets_nowhere(authorities, wrong: Wrong) -> None:
    async with (
        serving_tls(authorities.own) as (_server, port),
        Client(wrong(authorities, port), connect_wait=0.2) as client,
    ):
        with pytest.raises(FaultError) as caught:
            await client.request("echo", Exec(command="x"), Empty, timeout=1)
    assert caught.value.code in {"unavailable", "timed_out"}


async def test_a_caller_without_a_certificate_gets_nowhere(authorities) -> None:
    async with serving_tls(authorities.own) as (_server, port):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(authorities.own.folder / "ca.crt")
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
        writer.write(b'{"id":1,"operation":"refuse"}\n')
        try:
            answer = await reader.read()
        except OSError:
            answer = b""
        assert answer == b""
        writer.transport.abort()
