"""A small site: PostgreSQL, fake hosts, and two hub processes."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from .cluster import HUB_PASSWORD, OWNER_PASSWORD, Cluster, free_port
from .fakes import FakeCompute, FakeStorage, Loop
from .pki import Authority

ROOT = Path(__file__).parents[3]
ORIGIN = "https://lyceum.test"
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILGrLITRIf3cMG3BtglcvVe6cka0p9iDkJXOy5m6SbU0"
PASSWORD = "correct horse battery"


class HubProcess:
    """One ``lyceum-hub serve``."""

    def __init__(self, site: Site, instance: int, config: Path | None = None) -> None:
        self.site = site
        self.instance = instance
        self.config = config or site.config
        self.url = f"https://localhost:{site.first_port + 2 * instance}"
        self.log = site.folder / f"hub-{instance}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it is alive."""
        with self.log.open("ab") as log:
            self.process = self.site.command("serve", "--instance", str(self.instance), config=self.config, stderr=log)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/alive", verify=self.site.edge, timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"the hub did not come up: {self.log.read_text()[-3000:]}")

    def end(self, sign: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        assert self.process is not None
        self.process.send_signal(sign)
        return self.process.wait(40)


class Site:
    """Everything that the tests share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder)
        self.edge = self.authority.client("edge")
        self.proxy = self.authority.client("hub-proxy")
        self.cluster = Cluster(folder, self.authority)
        self.loop = Loop()
        self.compute = [self._compute("localhost"), self._compute("127.0.0.2")]
        self.storage = FakeStorage("localhost", free_port(), self._identity("storage", "localhost"))
        self.first_port = _free_ports()
        self.config = folder / "hub.toml"
        self._write_config()
        self.hubs = [HubProcess(self, 0), HubProcess(self, 1)]
        self._numbers = itertools.count(1)

    def _identity(self, service: str, host: str) -> Any:
        from lyceum_compute.protocol.identity import Identity, TlsSettings  # noqa: PLC0415

        crt, key = self.authority.issue(service, host)
        return Identity(TlsSettings(ca=str(self.authority.ca), certificate=str(crt), key=str(key)))

    def _compute(self, name: str) -> FakeCompute:
        return FakeCompute(name, free_port(), self._identity("compute", name))

    def _write_config(self) -> None:
        crt, key = self.authority.issue("hub", "hub1")
        password = self.folder / "database_password"
        password.write_text(HUB_PASSWORD + "\n")
        compute = "".join(f'[[compute]]\nname = "{host.name}"\nport = {host.port}\n' for host in self.compute)
        self.config.write_text(
            f'name = "hub1"\nnames = ["lyceum.test"]\nlisten = "127.0.0.1"\nfirst_port = {self.first_port}\n'
            f'sign_up = "open"\nproject_domain = "projects.test"\n'
            f'[database]\nhost = "localhost"\nport = {self.cluster.port}\npassword_file = "{password}"\npool = 5\n'
            f'[tls]\nca = "{self.authority.ca}"\ncertificate = "{crt}"\nkey = "{key}"\n'
            f"[limits]\nsubscriptions = 20\n"
            f'[ssh]\nport = 2222\nhost_key = "{HOST_KEY}"\n'
            f'{compute}[[storage]]\nname = "localhost"\nport = {self.storage.port}\n'
        )

    def command(self, *arguments: str, config: Path | None = None, **options: Any) -> subprocess.Popen[bytes]:
        """Start a ``lyceum-hub`` command."""
        name, *rest = arguments
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'hub'}:{ROOT / 'compute'}"}
        return subprocess.Popen(  # noqa: S603 our own program
            [sys.executable, "-m", "lyceum_hub", name, "--config", config or self.config, *rest],
            env=environment,
            **options,
        )

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a ``lyceum-hub`` command to its end."""
        process = self.command(*arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate(stdin.encode(), timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, out.decode(), err.decode())

    def migrate(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``lyceum-hub migrate`` as the owner."""
        return self.run("migrate", *arguments, stdin=OWNER_PASSWORD + "\n")

    def start(self) -> None:
        """Start everything."""
        from .cluster import ROLES  # noqa: PLC0415

        self.cluster.start()
        self.cluster.sql(ROLES, "postgres")
        self.cluster.sql("create database lyceum owner lyceum_owner", "postgres")
        self.cluster.sql("alter schema public owner to lyceum_owner")
        done = self.migrate()
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        for host in (*self.compute, self.storage):
            self.loop.run(host.start())
        for hub in self.hubs:
            hub.start()

    @contextmanager
    def third_hub(self, config: Path | None = None) -> Iterator[HubProcess]:
        """Run another hub process for a while, with settings of its own if they are given; the test may end it."""
        hub = HubProcess(self, len(self.hubs), config)
        self.hubs.append(hub)
        try:
            hub.start()
            yield hub
        finally:
            if hub.process is not None and hub.process.poll() is None:
                hub.end(signal.SIGKILL)
            self.hubs.remove(hub)

    def stop(self) -> None:
        """Stop everything, whatever the tests left."""
        for hub in self.hubs:
            if hub.process is not None and hub.process.poll() is None:
                hub.process.kill()
                hub.process.wait(10)
        for host in (*self.compute, self.storage):
            self.loop.run(host.stop())
        self.loop.close()
        self.cluster.stop()

    # People.

    def address(self) -> str:
        """Return an IP address that nobody has called from yet."""
        number = next(self._numbers)
        return f"10.{number // 65536}.{number // 256 % 256}.{number % 256}"

    def email(self) -> str:
        """Return an e-mail address that nobody has yet."""
        return f"person{next(self._numbers)}@example.org"

    def person(self, hub: int = 0) -> Person:
        """Return somebody new, signed in."""
        person = Person(self, hub)
        person.email_address = self.email()
        made = person.ok(
            "create_account",
            email_address=person.email_address,
            password=PASSWORD,
            first_name="Ada",
            last_name="Lovelace",
        )
        person.account_id = made["account_id"]
        return person


class Person:
    """A browser, or a program: cookies, an address, and the hub it is sent to."""

    def __init__(self, site: Site, hub: int = 0, **headers: str) -> None:
        self.site = site
        self.hub = hub
        self.email_address = ""
        self.account_id = ""
        self.cookies: dict[str, str] = {}
        self.headers = {"x-forwarded-for": site.address(), **headers}

    def post(self, event: str, *, hub: int | None = None, **fields: Any) -> httpx.Response:
        """Call an event and return the response."""
        response = httpx.post(
            f"{self.site.hubs[self.hub if hub is None else hub].url}/api/v1/{event}",
            json=fields,
            headers={**self.headers, **self._cookie()},
            verify=self.site.edge,
            timeout=40,
        )
        self._keep(response)
        return response

    def raw(self, event: str, content: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Send a body as it is."""
        own = {"content-type": "application/json", **self.headers, **self._cookie(), **(headers or {})}
        url = f"{self.site.hubs[self.hub].url}/api/v1/{event}"
        return httpx.post(url, content=content, headers=own, verify=self.site.edge, timeout=30)

    def _cookie(self) -> dict[str, str]:
        return {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}

    def _keep(self, response: httpx.Response) -> None:
        for header in response.headers.get_list("set-cookie"):
            name, _, value = header.split(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
            if not self.cookies[name]:
                del self.cookies[name]

    def ok(self, event: str, **fields: Any) -> dict[str, Any]:
        """Call an event that must succeed; return its output."""
        response = self.post(event, **fields)
        assert response.status_code == 200, (event, response.status_code, response.text)
        output: dict[str, Any] = response.json()
        return output

    def refused(self, event: str, status: int, code: str, **fields: Any) -> dict[str, Any]:
        """Call an event that must fail; return the error."""
        response = self.post(event, **fields)
        error: dict[str, Any] = response.json()["error"]
        assert (response.status_code, error["code"]) == (status, code), (event, response.text)
        assert "Traceback" not in response.text
        return error

    def project(self, **fields: Any) -> str:
        """Make a project; return its id."""
        project_id: str = self.ok("create_project", **({"title": "Work"} | fields))["project_id"]
        return project_id

    def running(self, **fields: Any) -> str:
        """Make a project that runs; return its id."""
        project_id = self.project(**fields)
        assert self.ok("start_project", project_id=project_id, wait=10)["state"] == "running"
        return project_id


def _free_ports() -> int:
    """Return a port that is free with those of two more hub processes after it."""
    while True:
        first = free_port()
        try:
            for offset in (2, 4):
                with socket.socket() as sock:
                    sock.bind(("127.0.0.1", first + offset))
        except (OSError, OverflowError):
            continue
        return first
