"""A person, the two connections and a project together, without a process: AsyncSSH is client and server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncssh
import pytest
from lyceum_ssh.hubs import RefusedError
from lyceum_ssh.login import Visitor
from lyceum_ssh.service import CIPHERS
from lyceum_ssh.sides import HIGH_WATER, PersonSide, ProjectSide, Side

FLOOD = 48 * 1024 * 1024
KEY = asyncssh.generate_private_key("ssh-ed25519")


class Project(asyncssh.SSHServer):
    """A project's server: lets everybody in, and connects to anything."""

    connections: list[asyncssh.SSHServerConnection]

    def __init__(self, connections: list[asyncssh.SSHServerConnection]) -> None:
        self.connections = connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.connections.append(conn)

    def begin_auth(self, _username: str) -> bool:
        return False

    def connection_requested(self, *_: Any) -> Any:
        return self.greet

    async def greet(self, reader: Any, writer: Any) -> None:
        writer.write(b"hello " + await reader.read(100))
        writer.close()


class Guest(asyncssh.SSHServer):
    def begin_auth(self, _username: str) -> bool:
        return False


async def command(process: asyncssh.SSHServerProcess[bytes]) -> None:
    match (process.command or "").split():
        case ["cat"]:
            while data := await process.stdin.read(65536):
                process.stdout.write(data)
                await process.stdout.drain()
            process.exit(0)
        case ["env"]:
            process.stdout.write(f"{process.term_type} {process.term_size[:2]} {process.env}".encode())
            process.stderr.write(b"to stderr")
            process.exit(7)
        case ["flood"]:
            for _ in range(FLOOD // 65536):  # AsyncSSH's own server keeps in memory whatever the window lets it send
                process.stdout.write(bytes(65536))
                await asyncio.sleep(0)
        case _:
            process.exit_with_signal("TERM")


class Way:
    """Where the two sides and the project are."""

    def __init__(self) -> None:
        self.projects: list[asyncssh.SSHServerConnection] = []
        self.people: list[PersonSide] = []
        self.refusal: RefusedError | None = None
        self.port = self.project_port = 0

    async def reach(self, person: PersonSide) -> Side:
        if self.refusal is not None:
            raise self.refusal
        loop = asyncio.get_running_loop()
        options = asyncssh.SSHClientConnectionOptions(
            client_factory=lambda: Visitor(person), username="x", known_hosts=None, config=None, client_keys=None,
            agent_path=None, compression_algs=None,
        )  # fmt: skip
        options.waiter = logged_in = loop.create_future()
        _, project = await loop.create_connection(
            lambda: ProjectSide(loop, options, wait="auth"), "127.0.0.1", self.project_port
        )
        await logged_in
        return project

    def person(self) -> PersonSide:
        options = asyncssh.SSHServerConnectionOptions(
            server_factory=Guest, server_host_keys=[KEY], config=None, compression_algs=None, encryption_algs=CIPHERS
        )
        self.people.append(PersonSide(asyncio.get_running_loop(), options, self.reach))
        return self.people[-1]

    @asynccontextmanager
    async def client(self, **options: Any) -> AsyncIterator[asyncssh.SSHClientConnection]:
        connecting = asyncssh.connect(
            "127.0.0.1",
            self.port,
            username="x",
            known_hosts=None,
            config=None,
            client_keys=None,
            agent_path=None,
            **options,
        )
        async with asyncio.timeout(20), connecting as client:
            yield client


@pytest.fixture
async def way() -> AsyncIterator[Way]:
    way = Way()
    loop = asyncio.get_running_loop()
    server = await asyncssh.listen(
        "127.0.0.1", 0, server_factory=lambda: Project(way.projects), server_host_keys=[KEY], process_factory=command,
        encoding=None, line_editor=False, agent_forwarding=True, config=None,
    )  # fmt: skip
    front = await loop.create_server(way.person, "127.0.0.1", 0)
    way.project_port, way.port = server.get_port(), front.sockets[0].getsockname()[1]
    yield way
    front.close()
    server.close()
    for connection in (*way.people, *way.projects):
        connection.abort()
    await asyncio.gather(*(connection.wait_closed() for connection in (*way.people, *way.projects)))


async def test_streams_exit_codes_and_terminals(way: Way) -> None:
    async with way.client() as client:
        done = await client.run("env", term_type="xterm", term_size=(90, 30), env={"A": "b"}, encoding=None)
        assert (done.exit_status, done.stderr) == (7, b"to stderr")
        assert done.stdout == b"xterm (90, 30) {'A': 'b'}"
        assert (await client.run("die")).exit_signal == ("TERM", False, "", "en-US")
    assert len(way.projects) == 1


async def test_much_both_ways_at_once_and_rekeying(way: Way) -> None:
    content = bytes(range(256)) * 16384  # 4 MiB
    async with way.client(rekey_bytes=1024 * 1024) as client:
        runs = await asyncio.gather(*(client.run("cat", input=content, encoding=None) for _ in range(3)))
    assert all(done.stdout == content for done in runs)


async def test_forwarding_to_the_project_alone(way: Way) -> None:
    async with way.client() as client:
        reader, writer = await client.open_connection("localhost", 8000)
        writer.write(b"you")
        assert await reader.read() == b"hello you"
        for host in ("example.org", "10.0.0.1"):
            with pytest.raises(asyncssh.ChannelOpenError, match="to no other host"):
                await client.open_connection(host, 80)
        with pytest.raises(asyncssh.ChannelOpenError, match="not to its sockets"):
            await client.open_unix_connection("/run/x.sock")
        with pytest.raises(asyncssh.ChannelListenError):
            await client.forward_remote_port("", 0, "localhost", 22)
        assert (await client.run("env")).exit_status == 7  # nothing was harmed


async def test_project_opens_nothing(way: Way) -> None:
    async with way.client() as client:
        await client.run("env")
        (project,) = way.projects
        with pytest.raises(asyncssh.ChannelOpenError):
            await project.open_connection("localhost", 22)
        with pytest.raises(asyncssh.ChannelOpenError):
            await project.open_agent_connection()
        assert (await client.run("env")).exit_status == 7


async def test_refusal_is_told(way: Way) -> None:
    way.refusal = RefusedError("The project could not be started: no room.")
    async with way.client() as client:
        with pytest.raises(asyncssh.ChannelOpenError, match="no room"):
            await client.run("env")
        way.refusal = None
        assert (await client.run("env")).exit_status == 7


async def test_person_is_told_when_the_project_is_gone(way: Way) -> None:
    async with way.client() as client:
        process = await client.create_process("cat")
        way.projects[0].abort()
        await process.wait_closed()
        await client.wait_closed()
    assert way.people[0].is_closed()


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not reached():  # noqa: ASYNC110 there is no event for it
            await asyncio.sleep(0.01)


async def test_who_does_not_read_is_not_written_to(way: Way) -> None:
    """A client that opens a window of 4 GiB and then reads nothing: what waits for it stays small."""
    async with way.client() as client:
        await client.create_session(
            asyncssh.SSHClientSession, "flood", encoding=None, window=0xFFFFFFFF, max_pktsize=32768
        )
        transport: asyncio.Transport = client._transport  # type: ignore[assignment]
        transport.pause_reading()
        person = way.people[0]
        await until(lambda: person.busy)
        await until(lambda: not person.peer._reading)  # type: ignore[union-attr]
        written = person._transport.get_write_buffer_size()  # type: ignore[union-attr]
        assert HIGH_WATER <= written < 16 * HIGH_WATER
        transport.resume_reading()
        await until(lambda: not person.busy and person.peer._reading)  # type: ignore[union-attr]
        client.abort()


async def test_nothing_before_a_login(way: Way) -> None:
    """A channel that was never opened, and an answer to nothing, end the connection and nothing else."""
    async with way.client() as client:
        client.send_packet(94, b"\0\0\0\5", b"\0\0\0\1x")  # data for a channel
        await client.wait_closed()
    assert way.projects == []
