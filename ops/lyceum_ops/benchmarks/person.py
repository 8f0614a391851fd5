"""One person's place to work, on whichever system: started, used as a browser would, and stopped."""

from __future__ import annotations

import asyncio
import json
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection

TYPED = "echo $((6*7))mark\n"
ECHOED = "42mark"
PATIENCE = 300.0  # seconds that a start or an answer may take before the measurement is given up


class Person(ABC):
    """A user's server (JupyterHub) or project (Lyceum)."""

    @abstractmethod
    async def start(self) -> None:
        """Start it, and return when the system says that it runs."""

    @abstractmethod
    async def stop(self) -> None:
        """Stop it, and return when it has."""

    @abstractmethod
    async def terminal(self) -> None:
        """Open a terminal, type, and return when the echo is there."""

    @abstractmethod
    async def kernel(self) -> None:
        """Start a notebook kernel for Python, ask for 1+1, and return when the answer is there."""

    @abstractmethod
    def processes(self) -> Iterable[int]:
        """Process ids of everything that runs for this person alone, as this host sees them."""

    def memory(self) -> float:
        """Proportional set size of those processes, in MiB."""
        return sum(proportional_set_size(pid) for pid in self.processes())


def proportional_set_size(pid: int) -> float:
    """PSS of a process in MiB; nothing for one that ended meanwhile."""
    with suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


async def until(connection: ClientConnection, found: Callable[[Any], bool]) -> None:
    """Read messages until one is what is waited for."""
    async with asyncio.timeout(PATIENCE):
        async for message in connection:
            if found(message):
                return
    raise ConnectionError("the connection ended before the answer came")


async def ask_kernel(connection: ClientConnection) -> None:
    """Over the websocket of a kernel's channels, ask for 1+1 and wait for 2 (Jupyter's messaging protocol 5.3)."""
    header = {
        "msg_id": uuid.uuid4().hex, "session": uuid.uuid4().hex, "username": "bench", "version": "5.3",
        "date": datetime.now(UTC).isoformat(), "msg_type": "execute_request",
    }  # fmt: skip
    content = {"code": "1+1", "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
    message = {
        "header": header,
        "parent_header": {},
        "metadata": {},
        "content": content,
        "channel": "shell",
        "buffers": [],
    }
    await connection.send(json.dumps(message))

    def answered(received: Any) -> bool:
        if not isinstance(received, str):
            return False
        answer = json.loads(received)
        kind, of = answer["header"]["msg_type"], answer["parent_header"].get("msg_id")
        return bool(
            kind == "execute_result" and of == header["msg_id"] and answer["content"]["data"]["text/plain"] == "2"
        )

    await until(connection, answered)


async def new_kernel(http: httpx.AsyncClient, base: str) -> str:
    """Start a kernel for Python below a Jupyter server's address; returns its id."""
    answer = await http.post(f"{base}api/kernels", json={"name": "python3"}, follow_redirects=False)
    if answer.status_code != httpx.codes.CREATED:
        raise ConnectionError(f"POST {answer.url} answered {answer.status_code}: {answer.text[:300]}")
    return str(answer.json()["id"])
