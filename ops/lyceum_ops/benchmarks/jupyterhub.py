"""JupyterHub, current and locked, with configurable-http-proxy, in an environment of its own on the loopback.

Its configuration is the lightest that it offers: processes of one user without isolation (SimpleLocalProcessSpawner),
no passwords, no TLS. What it is compared with has all three.
"""

from __future__ import annotations

import asyncio
import secrets
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen
from typing import Any

import httpx
from websockets.asyncio.client import connect

from lyceum_ops import checkout, programs
from lyceum_ops.benchmarks.person import ECHOED, PATIENCE, TYPED, Person, ask_kernel, new_kernel, until
from lyceum_ops.building import fingerprint
from lyceum_ops.building.web import node_environment
from lyceum_ops.errors import die
from lyceum_ops.progress import Progress

LOCK = checkout.LOCKS / "jupyterhub"
FOLDER = checkout.BUILD / "bench" / "jupyterhub"
CONFIGURATION = """
c.JupyterHub.bind_url = "http://127.0.0.1:{public}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.ConfigurableHTTPProxy.command = ["{proxy}"]
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.Spawner.args = ["--allow-root"]
c.Spawner.http_timeout = c.Spawner.start_timeout = {patience:.0f}
c.Spawner.cmd = ["{singleuser}"]
c.JupyterHub.services = [{{"name": "bench", "api_token": "{token}"}}]
c.JupyterHub.load_roles = [
    {{"name": "bench", "services": ["bench"], "scopes": ["admin:users", "admin:servers", "access:servers"]}}
]
"""


def install(progress: Progress) -> None:
    """Make the environment unless it is there as locked."""
    stamp = FOLDER / "fingerprint"
    with fingerprint.exclusive(FOLDER), progress.step("Install JupyterHub beside") as step:
        wanted = fingerprint.of([LOCK])
        if fingerprint.matches(stamp, wanted):
            step.note = "unchanged"
            return
        programs.run(["python3", "-m", "venv", "--clear", str(FOLDER / "venv")])
        pip = [str(FOLDER / "venv/bin/python"), "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        programs.run([*pip, "--requirement", str(LOCK / "requirements.txt")], timeout=900)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            (FOLDER / name).write_bytes((LOCK / name).read_bytes())
        programs.run(["npm", "ci", "--omit=dev"], directory=FOLDER, extra_environment=node_environment(), timeout=900)
        stamp.write_text(f"{wanted}\n", encoding="utf-8")


@dataclass(frozen=True)
class JupyterHub:
    """A running JupyterHub."""

    url: str
    pid: int
    http: httpx.AsyncClient
    token: str

    async def user(self, name: str) -> User:
        """Make a user."""
        await self.call("POST", f"users/{name}", httpx.codes.CREATED)
        return User(self, name)

    async def call(self, method: str, path: str, *expected: int) -> Any:
        """Call its REST interface."""
        answer = await self.http.request(method, f"{self.url}/hub/api/{path}")
        if answer.status_code not in expected:
            raise ConnectionError(f"JupyterHub answered {answer.status_code} to {method} {path}: {answer.text[:300]}")
        return answer.json() if answer.content else None


class User(Person):
    """A user of JupyterHub with a server."""

    def __init__(self, hub: JupyterHub, name: str) -> None:
        self._hub, self._name = hub, name
        self._base = f"{hub.url}/user/{name}/"

    async def start(self) -> None:
        """Ask for the server, and follow its progress until it is ready, as the waiting page does."""
        await self._hub.call("POST", f"users/{self._name}/server", httpx.codes.CREATED, httpx.codes.ACCEPTED)
        async with self._hub.http.stream(
            "GET", f"{self._hub.url}/hub/api/users/{self._name}/server/progress", timeout=PATIENCE
        ) as events:
            async for line in events.aiter_lines():
                if '"ready": true' in line:
                    return
                if '"failed": true' in line:
                    raise ConnectionError(f"JupyterHub could not start a server: {line[:300]}")
        raise ConnectionError("JupyterHub's progress ended before the server was ready")

    async def stop(self) -> None:
        """Stop the server and wait until it is gone."""
        await self._hub.call("DELETE", f"users/{self._name}/server", httpx.codes.NO_CONTENT, httpx.codes.ACCEPTED)
        async with asyncio.timeout(PATIENCE):
            while (  # noqa: ASYNC110 - JupyterHub tells nobody when a server has ended
                await self._hub.call("GET", f"users/{self._name}", httpx.codes.OK)
            )["server"] is not None:
                await asyncio.sleep(0.1)

    async def terminal(self) -> None:
        """Open a terminal and wait for its echo."""
        answer = await self._hub.http.post(f"{self._base}api/terminals")
        name = answer.raise_for_status().json()["name"]
        async with self._websocket(f"terminals/websocket/{name}") as connection:
            await connection.send(f'["stdin", {TYPED!r}]'.replace("'", '"'))
            await until(connection, lambda message: ECHOED in str(message))
        await self._hub.http.delete(f"{self._base}api/terminals/{name}")

    async def kernel(self) -> None:
        """Start a kernel and wait for its answer."""
        kernel = await new_kernel(self._hub.http, self._base)
        async with self._websocket(f"api/kernels/{kernel}/channels") as connection:
            await ask_kernel(connection)

    def processes(self) -> Iterator[int]:
        """Its server, and what that started."""
        of = _parents()
        servers = {pid for pid, parent in of.items() if parent == self._hub.pid and self._is_server(pid)}
        for pid in of:
            ancestor: int | None = pid
            while ancestor is not None and ancestor not in servers:
                ancestor = of.get(ancestor)
            if ancestor is not None:
                yield pid

    def _is_server(self, pid: int) -> bool:
        with suppress(OSError):
            return f"JUPYTERHUB_USER={self._name}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        return False

    def _websocket(self, path: str) -> connect:
        address = f"{self._base}{path}".replace("http://", "ws://")
        headers = {"Authorization": f"token {self._hub.token}"}
        return connect(address, additional_headers=headers, max_size=None, open_timeout=PATIENCE)


@asynccontextmanager
async def running() -> AsyncIterator[JupyterHub]:
    """Run it on free ports of the loopback, with its state in a folder of its own; ended and removed afterwards."""
    token = secrets.token_hex(16)
    limits = httpx.Limits(max_connections=None)
    headers = {"Authorization": f"token {token}"}
    with _process(token) as (process, url, log):
        async with httpx.AsyncClient(headers=headers, timeout=PATIENCE, limits=limits) as http:
            await _wait_until_up(http, url, process, log)
            yield JupyterHub(url, process.pid, http, token)


@contextmanager
def _process(token: str) -> Iterator[tuple[Popen[bytes], str, Path]]:
    """The process, its address and its log."""
    public, hub, api = _free_ports(3)
    with tempfile.TemporaryDirectory(prefix="lyceum-jupyterhub-") as folder:
        configuration, log = Path(folder, "jupyterhub_config.py"), Path(folder, "jupyterhub.log")
        configuration.write_text(
            CONFIGURATION.format(
                public=public, hub=hub, api=api, token=token, patience=PATIENCE,
                proxy=FOLDER / "node_modules/.bin/configurable-http-proxy",
                singleuser=FOLDER / "venv/bin/jupyterhub-singleuser",
            ),
            encoding="utf-8",
        )  # fmt: skip
        path = f"{FOLDER / 'venv/bin'}:{node_environment()['PATH']}"
        with log.open("wb") as output:
            process = Popen(
                [FOLDER / "venv/bin/jupyterhub", "--config", str(configuration)], cwd=folder,
                env=programs.environment({"PATH": path, "HOME": folder}), stdin=DEVNULL, stdout=output, stderr=STDOUT,
            )  # fmt: skip
        try:
            yield process, f"http://127.0.0.1:{public}", log
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


async def _wait_until_up(http: httpx.AsyncClient, url: str, process: Popen[bytes], log: Path) -> None:
    async with asyncio.timeout(PATIENCE):
        while process.poll() is None:
            with suppress(httpx.HTTPError):
                if (await http.get(f"{url}/hub/api/")).status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(0.2)
    die("JupyterHub ended at once.", hint=(await asyncio.to_thread(log.read_text, errors="replace"))[-1000:])


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _parents() -> dict[int, int]:
    """The parent of each process."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
            found[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    return found
