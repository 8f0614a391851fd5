"""Who asks the file server, as the gateway does."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lyceum_compute.local_hub.confinement import Home
from lyceum_compute.local_hub.file_server import FileServer

PROJECT = "5d2f0c3e-9a4b-4c1d-8e7f-0123456789ab"


class Answer:
    """What came back."""

    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["error"]["code"])


class Files:
    """The file server, one connection for each request."""

    def __init__(self, home: Home) -> None:
        self.server = FileServer(home)

    @contextmanager
    def connected(self) -> Iterator[socket.socket]:
        ours, theirs = socket.socketpair()
        ours.settimeout(10)

        def serve() -> None:
            with theirs:
                self.server.serve(theirs)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield ours
        finally:
            ours.close()
            thread.join(10)
            assert not thread.is_alive()

    def ask(self, method: str, path: str, body: Any = None, *, kind: str = "files", **headers: str) -> Answer:
        with self.connected() as sock:
            connection = http.client.HTTPConnection("project")
            connection.sock = sock
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(
                method,
                f"/{PROJECT}/{kind}/{path}",
                body,
                named,
                encode_chunked=body is not None and not isinstance(body, bytes),
            )
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Answer:
        return self.ask("PUT", path, body, **headers)
