"""A client of an instance as anyone could write one: HTTPS and JSON, nothing of Lyceum's own code."""

from __future__ import annotations

import secrets
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

PASSWORD = "correct horse battery staple"


class Refused(Exception):
    """An operation was refused."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message


class Client:
    """One browser's worth of cookies at one instance.

    Args:
        url: the instance's address, without a slash at the end.
        tls: trusts the instance's certificate authority.
        backend: value of the cookie ``lyceum_backend``, to choose a hub; without it the load balancer chooses.
    """

    def __init__(self, url: str, tls: ssl.SSLContext, *, backend: str | None = None) -> None:
        self.url, self.tls = url, tls
        self.http = httpx.Client(base_url=url, verify=tls, timeout=660, headers={"Origin": url})
        if backend is not None:
            self.http.cookies.set("lyceum_backend", backend)
        self.email_address = ""

    def post(self, event: str, **fields: Any) -> httpx.Response:
        """Call an operation and give the bare response."""
        return self.http.post(f"/api/v1/{event}", json=fields)

    def call(self, event: str, **fields: Any) -> Any:
        """Call an operation and give its output.

        Raises:
            Refused: the instance answered with an error.
        """
        response = self.post(event, **fields)
        if response.status_code == httpx.codes.OK:
            return response.json()
        error = response.json()["error"]
        raise Refused(response.status_code, error["code"], error["message"])

    def create_account(self, first_name: str = "Ada", last_name: str = "Example") -> str:
        """Make an account of a fresh address and stay signed in; gives the account's id."""
        self.email_address = f"{first_name.lower()}-{secrets.token_hex(6)}@example.org"
        answer = self.call(
            "create_account",
            email_address=self.email_address,
            password=PASSWORD,
            first_name=first_name,
            last_name=last_name,
        )
        return str(answer["account_id"])

    def running_project(self, title: str = "Test") -> str:
        """Make a project and wait until it runs; gives its id."""
        project_id = str(self.call("create_project", title=title)["project_id"])
        state = self.call("start_project", project_id=project_id, wait=60)["state"]
        assert state == "running", state
        return project_id

    def until_running(self, project_id: str) -> None:
        """Wait until the hub has found a project running whose host was away for a moment."""
        deadline = time.monotonic() + 30
        while True:
            try:
                state = self.call("start_project", project_id=project_id, wait=60)["state"]
            except Refused as refusal:
                if refusal.status != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
            else:
                assert state == "running", state
                return

    def run(self, project_id: str, script: str, **fields: Any) -> dict[str, Any]:
        """Run a bash script in a project."""
        answer: dict[str, Any] = self.call("project_exec", project_id=project_id, command=script, bash=True, **fields)
        return answer

    def project(self, project_id: str) -> dict[str, Any]:
        """The row of one of the person's projects."""
        rows: list[dict[str, Any]] = self.call("get_projects")["projects"]
        return next(row for row in rows if row["project_id"] == project_id)

    def share_session(self, other: Client) -> None:
        """Be signed in as ``other`` is, on whatever hub."""
        self.http.headers["Cookie"] = f"__Host-lyceum_session={other.http.cookies['__Host-lyceum_session']}"
        if backend := self.http.cookies.get("lyceum_backend"):
            self.http.headers["Cookie"] += f"; lyceum_backend={backend}"


@contextmanager
def refused(status: int, code: str) -> Iterator[None]:
    """The block's call must be refused with this status and code, and a message fit for people."""
    try:
        yield
    except Refused as error:
        assert (error.status, error.code) == (status, code), error
        assert error.message, "an error needs a message"
        assert "Traceback" not in error.message
    else:
        raise AssertionError(f"expected {status} {code}, but it was allowed")
