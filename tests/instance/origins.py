"""A project's own origin, as a browser or a program of anyone's gets there."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import connect

from tests.instance.client import Client

COOKIE = "__Host-lyceum_project"
PROGRAM = Path(__file__).with_name("served.py")
PORT, PORT6 = 8000, 8006


def run_program(client: Client, project: str) -> None:
    """Start the program of ``served.py`` in a project, in the background; it listens when this returns."""
    client.call("write_text_file", project_id=project, path="served.py", content=PROGRAM.read_text())
    command = f"setsid python3 served.py {PORT} {PORT6} >served.log 2>&1 </dev/null &"
    started = client.run(project, f"{command} until [ -e served.ready ]; do sleep 0.1; done", timeout=30)
    assert started["exit_code"] == 0, client.run(project, "cat served.log")["stdout"]


class Own:
    """One client at a project's own origin. Its name need not be known to the resolver: it leads where the instance is.

    Args:
        client: who goes there.
        project: the project's id.
        domain: ``lyceum__project_domain`` of the instance.
        headers: what each request has, beside the cookie that ``enter`` gets.
    """

    def __init__(self, client: Client, project: str, domain: str, **headers: str) -> None:
        there = urlsplit(client.url)
        self.client, self.project, self.port = client, project, there.port or 443
        self.name = f"{project}.{domain}"
        self.origin = f"https://{self.name}:{self.port}"
        self.where = there.hostname or ""
        self.http = httpx.Client(base_url=client.url, verify=client.tls, timeout=60)
        self.headers = {"Host": f"{self.name}:{self.port}", **headers}

    @property
    def cookie(self) -> str:
        return str(self.http.cookies[COOKIE])

    def path(self, place: str) -> str:
        return place if place.startswith("/") else f"/{self.project}/{place}"

    def request(self, method: str, place: str, *, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        """Ask for a place in the project (``port/8000/``) or for a path (``/``)."""
        return self.http.request(
            method,
            self.path(place),
            headers={**self.headers, **(headers or {})},
            extensions={"sni_hostname": self.name},
            **more,
        )

    def get(self, place: str, **more: Any) -> httpx.Response:
        return self.request("GET", place, **more)

    def ticket(self, place: str = f"port/{PORT}/") -> str:
        """Ask at the instance's name; give the path and query to which it sends."""
        answer = self.client.http.get(f"/{self.project}/{place}")
        assert answer.status_code == httpx.codes.FOUND, answer.text
        location = urlsplit(answer.headers["Location"])
        assert f"{location.scheme}://{location.netloc}" == self.origin
        return f"{location.path}?{location.query}"

    def enter(self) -> Own:
        """Go there with a ticket, as a browser does."""
        answer = self.get(self.ticket())
        assert answer.status_code == httpx.codes.FOUND, answer.text
        assert answer.headers["Location"] == self.path(f"port/{PORT}/")
        return self

    def connect(self, place: str, *, headers: dict[str, str] | None = None, **more: Any) -> connect:
        """Open a websocket."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        sent = {**({"Cookie": cookies} if cookies else {}), **(headers or {})}
        return connect(
            f"wss://{self.name}:{self.port}{self.path(place)}",
            host=self.where,
            port=self.port,
            ssl=self.client.tls,
            additional_headers=sent,
            open_timeout=30,
            max_size=None,
            **more,
        )
