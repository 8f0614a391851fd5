"""What a project's local hub may answer, it being a stranger's program."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
import pytest
from lyceum_compute.daemon import local_hub
from lyceum_compute.daemon.local_hub import LocalHub
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import ExecResult

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
EXEC = msgspec.Raw(b'{"command":"id"}')


@asynccontextmanager
async def listening(path: Path, behaviour: Behaviour) -> AsyncIterator[LocalHub]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await behaviour(reader, writer)
        writer.close()

    server = await asyncio.start_unix_server(serve, str(path))
    async with server:
        yield LocalHub(path)


def answering(line: bytes) -> Behaviour:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(line)

    return behave


async def test_an_answer_is_passed_on(tmp_path: Path) -> None:
    line = b'{"id":1,"result":{"stdout":"x","stderr":"","exit_code":0,"timed_out":false,"truncated":false}}\n'
    async with listening(tmp_path / "s", answering(line)) as hub:
        assert await hub.call("exec", EXEC) == ExecResult(
            stdout="x", stderr="", exit_code=0, timed_out=False, truncated=False
        )


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"", "unavailable"),
        (b"garbage\n", "unavailable"),
        (b'{"id":1,"result":{"stdout":1}}\n', "unavailable"),
        (b'{"id":1,"result":' + b"[" * 100_000 + b"\n", "unavailable"),
        (b'{"id":1,"error":{"code":"not_found","message":"no"}}\n', "not_found"),
        (b'{"id":1,"error":{"code":"you_are_root","message":"no"}}\n', "internal"),
        (b'{"id":null,"error":{"code":"x","message":"no"}}\n', "unavailable"),
    ],
)
async def test_forged_answers_are_errors(tmp_path: Path, line: bytes, code: str) -> None:
    async with listening(tmp_path / "s", answering(line)) as hub:
        with pytest.raises(FaultError) as caught:
            await hub.call("exec", EXEC)
        assert caught.value.code == code


async def test_a_long_message_is_cut(tmp_path: Path) -> None:
    line = msgspec.json.encode({"id": 1, "error": {"code": "not_found", "message": "x" * 100_000}}) + b"\n"
    async with listening(tmp_path / "s", answering(line)) as hub:
        with pytest.raises(FaultError) as caught:
            await hub.call("exec", EXEC)
    assert len(caught.value.message) == local_hub.LONGEST_MESSAGE


async def test_one_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    monkeypatch.setattr(local_hub, "OPERATION_TIMEOUT", 0.05)
    async with listening(tmp_path / "s", hang) as hub:
        with pytest.raises(FaultError) as caught:
            await hub.call("list_directory", msgspec.Raw(b"{}"))
    assert caught.value.code == "timed_out"


@pytest.mark.parametrize(
    "said",
    [b"x" * 1_000_000, b'{"event":"x"}\n' * 10_000, b'{"id":7,"result":{}}\n' * 10_000],
    ids=["no end of a line", "events", "answers to nothing"],
)
async def test_endless_output_is_cut_off(tmp_path: Path, said: bytes) -> None:
    """Lines that nobody waits for were read as long as the call lasted, and nobody else's calls meanwhile."""

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        try:
            while not writer.is_closing():
                writer.write(said)
                await writer.drain()
        except OSError:
            pass

    async with listening(tmp_path / "s", flood) as hub:
        with pytest.raises(FaultError) as caught:
            await hub.call("exec", EXEC)
    assert caught.value.code == "unavailable"


async def test_large_answers_are_read_in_turn(tmp_path: Path) -> None:
    under_way: set[asyncio.StreamWriter] = set()
    at_once: list[int] = []

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        for megabyte in range(8):
            writer.write(b"x" * 2**20)
            await writer.drain()
            if megabyte >= 3:  # more than buffers hold
                under_way.add(writer)
                at_once.append(len(under_way))
        under_way.discard(writer)

    async with listening(tmp_path / "s", pour) as hub:
        answers = await asyncio.gather(*(hub.call("exec", EXEC) for _ in range(12)), return_exceptions=True)
    assert [getattr(answer, "code", None) for answer in answers] == ["unavailable"] * 12
    assert max(at_once) == local_hub.LARGE_AT_ONCE


async def test_an_answer_of_megabytes_is_passed_on(tmp_path: Path) -> None:
    whole = ExecResult(stdout="x" * 4_000_000, stderr="", exit_code=0, timed_out=False, truncated=False)
    line = b'{"id":1,"result":' + msgspec.json.encode(whole) + b"}\n"
    async with listening(tmp_path / "s", answering(line)) as hub:
        answers = await asyncio.gather(*(hub.call("exec", EXEC) for _ in range(6)))
    assert answers == [whole] * 6


async def test_nobody_there_is_not_running(tmp_path: Path) -> None:
    with pytest.raises(FaultError) as caught:
        await LocalHub(tmp_path / "none").call("exec", EXEC)
    assert caught.value.code == "not_running"


@pytest.mark.parametrize(
    "raw", [b"[]", b'{"command":"x","uid":0}', b'{"command":"x","timeout":601}', b'{"command":"x","timeout":-1}']
)
async def test_arguments_are_checked_before_anything_is_asked(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(FaultError) as caught:
        await LocalHub(tmp_path / "none").call("exec", msgspec.Raw(raw))
    assert caught.value.code == "invalid"


async def test_an_answer_without_an_end_is_not_read_to_it(tmp_path: Path) -> None:
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readline()
        with suppress(OSError):
            for _ in range(1024):
                writer.write(b"x" * 2**20)
                await writer.drain()
                sent += 2**20

    async with listening(tmp_path / "s", flood) as hub:
        with pytest.raises(FaultError) as caught:
            await hub.call("exec", EXEC)
    assert caught.value.code == "unavailable"
    assert sent < 64 * 2**20
