"""A Lyceum instance in a lab on this machine, used as anyone would: HTTPS, operations, websockets."""

from __future__ import annotations

import secrets
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import connect

from lyceum_ops.benchmarks.person import ECHOED, PATIENCE, TYPED, Person, ask_kernel, new_kernel, until
from lyceum_ops.errors import die
from lyceum_ops.inventory.secrets import administrator_password
from lyceum_ops.lab import definition, inventory

MEMORY = 400  # MB that a project may use: twenty of them fit into a small computer


@dataclass(frozen=True)
class Instance:
    """An instance, and how to call it as its administrator."""

    url: str
    port: int
    project_domain: str
    http: httpx.AsyncClient
    tls: ssl.SSLContext

    async def call(self, event: str, **fields: Any) -> Any:
        """Call an operation."""
        answer = await self.http.post(f"{self.url}/api/v1/{event}", json=fields)
        if answer.status_code != httpx.codes.OK:
            raise ConnectionError(f"{event} was answered with {answer.status_code}: {answer.text[:300]}")
        return answer.json()

    async def change(self, project_id: str, event: str, wanted: str) -> None:
        """Start or stop a project, and wait until it is in the state that is wanted."""
        answer = await self.call(event, project_id=project_id, wait=PATIENCE)
        if answer["state"] != wanted:
            raise ConnectionError(f"{event} ended in {answer['state']}: {answer['state_detail']}")

    async def project(self, name: str) -> Project:
        """Make a project, start it once, so that it has its place and its user, and stop it."""
        project_id = (await self.call("create_project", title=name))["project_id"]
        await self.call("set_quotas", project_id=project_id, memory=MEMORY)
        await self.call("start_project", project_id=project_id, wait=PATIENCE)
        uid = (await self.call("project_exec", project_id=project_id, command="id", args=["-u"]))["stdout"]
        await self.call("stop_project", project_id=project_id, wait=PATIENCE)
        return Project(self, project_id, int(uid))


class Project(Person):
    """A project of an instance."""

    def __init__(self, instance: Instance, project_id: str, uid: int) -> None:
        self._instance, self.project_id, self._uid = instance, project_id, uid
        self._origin = f"https://{project_id}.{instance.project_domain}:{instance.port}"

    async def start(self) -> None:
        """Start it and wait until it runs."""
        await self._instance.change(self.project_id, "start_project", "running")

    async def stop(self) -> None:
        """Stop it and wait until it has; the copy to storage that follows is waited for too."""
        await self._instance.change(self.project_id, "stop_project", "opened")

    async def terminal(self) -> None:
        """Open a terminal and wait for its echo."""
        address = f"{self._instance.url}/{self.project_id}/terminal/{secrets.token_hex(4)}".replace("https:", "wss:")
        async with self._websocket(address, self._instance.url) as connection:
            await connection.send(TYPED.encode())
            await until(connection, lambda message: isinstance(message, bytes) and ECHOED.encode() in message)
            await connection.send('{"end": true}')

    async def kernel(self) -> None:
        """Start a kernel in the project's JupyterLab, on the project's own origin, and wait for its answer."""
        base = f"{self._origin}/{self.project_id}/port/jupyter/"
        kernel = await new_kernel(self._instance.http, base)
        address = f"{base}api/kernels/{kernel}/channels".replace("https:", "wss:")
        async with self._websocket(address, self._origin) as connection:
            await ask_kernel(connection)

    async def run_python(self, program: str, *arguments: str) -> None:
        """Run a program for Python in the project, to its end."""
        fields = {"command": "python3", "args": ["-c", program, *arguments], "project_id": self.project_id}
        result = await self._instance.call("project_exec", **fields)
        if result["exit_code"] != 0:
            raise ConnectionError(f"a program in a project failed: {result['stderr'][-300:]}")

    def connection(self) -> socket.socket:
        """Connect to the instance under the name of the project's origin."""
        plain = socket.create_connection(("127.0.0.1", self._instance.port))
        return self._instance.tls.wrap_socket(plain, server_hostname=urlsplit(self._origin).hostname)

    def head(self, port: int, path: str) -> list[str]:
        """Return the first lines of a request to what listens on one of the project's ports."""
        return [
            f"GET /{self.project_id}/port/{port}/{path} HTTP/1.1",
            f"Host: {urlsplit(self._origin).netloc}",
            f"Origin: {self._origin}",
            f"Authorization: {self._instance.http.headers['Authorization']}",
        ]

    def processes(self) -> Iterator[int]:
        """Everything that runs as the project's user."""
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(FileNotFoundError):
                if entry.stat().st_uid == self._uid:
                    yield int(entry.name)

    def _websocket(self, address: str, origin: str) -> connect:
        key = self._instance.http.headers["Authorization"]
        return connect(
            address, host="127.0.0.1", port=self._instance.port, ssl=self._instance.tls, max_size=None,
            additional_headers={"Authorization": key, "Origin": origin}, open_timeout=PATIENCE,
        )  # fmt: skip


class _Loopback(httpx.AsyncHTTPTransport):
    """Connects to this machine whatever the name: not every resolver knows that `*.localhost` is here (RFC 6761)."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        # A request of its own: the cookies of the answer belong to the name that was asked for.
        here = httpx.Request(
            request.method,
            request.url.copy_with(host="127.0.0.1"),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.host},
        )
        return await super().handle_async_request(here)


@asynccontextmanager
async def signed_in(name: str) -> AsyncIterator[Instance]:
    """Use the instance of a lab as its administrator, by an API key that is deleted afterwards."""
    lab = definition.load(name)
    if lab is None or lab.port is None:
        die(f"There is no lab {name} with an instance on this machine.", hint=f"Make it: ./lyceum up --name {name}")
    tls = ssl.create_default_context(cafile=lab.places.inventory / "pki" / "ca.crt")
    settings = inventory.settings_of(lab)
    url = f"https://localhost:{lab.port}"
    transport = _Loopback(verify=tls, limits=httpx.Limits(max_connections=None))
    async with httpx.AsyncClient(transport=transport, timeout=PATIENCE + 10, headers={"Origin": url}) as http:
        instance = Instance(url, lab.port, settings.get("lyceum__project_domain", ""), http, tls)
        password = administrator_password(lab.places.inventory)
        await instance.call("sign_in", email_address=settings["lyceum__administrator_email"], password=password)
        key = await instance.call("create_api_key", name="bench")
        http.cookies.clear()
        del http.headers["Origin"]
        http.headers["Authorization"] = f"Bearer {key['api_key']}"
        try:
            yield instance
        finally:
            await instance.call("delete_api_key", api_key_id=key["api_key_id"])
