"""Stands in for hub and hub proxy: by mutual TLS it tells back which process it is and what it was asked.

Arguments: port, folder of certificates, name of the certificate. A request whose header ``X-End`` names the process's
port ends its connection without an answer; an upgrade to a websocket becomes an echo of bytes.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import ssl
import sys
from pathlib import Path
from typing import Any

WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class FakeHub(http.server.BaseHTTPRequestHandler):
    """Answers everything alike."""

    protocol_version = "HTTP/1.1"
    timeout = 600

    def handle_any(self) -> None:
        """Tell back, echo, or end."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        port = str(self.server.server_port)  # type: ignore[attr-defined]
        if port in self.headers.get("X-End", "").split(","):
            self.close_connection = True
        elif self.headers.get("Upgrade"):
            self.echo()
        else:
            self.tell(port, len(body))

    def tell(self, port: str, length: int) -> None:
        """Answer with what was asked."""
        headers = [[name.lower(), value] for name, value in self.headers.items()]
        text = json.dumps({"port": port, "path": self.path, "length": length, "headers": headers}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def echo(self) -> None:
        """Answer 101 as RFC 6455 wants it and send back what comes, until the other side ends."""
        key = self.headers.get("Sec-WebSocket-Key", "") + WEBSOCKET
        accept = base64.b64encode(hashlib.sha1(key.encode(), usedforsecurity=False).digest()).decode()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept)
        self.end_headers()
        self.wfile.flush()
        while data := self.connection.recv(4096):
            self.connection.sendall(data)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    do_GET = do_POST = handle_any  # noqa: N815 the names that http.server calls


class Server(http.server.ThreadingHTTPServer):
    """Makes the handshake in the connection's own thread, so that a peer that is refused stops nobody else."""

    context: ssl.SSLContext

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve a peer that showed a certificate."""
        try:
            with self.context.wrap_socket(request, server_side=True) as encrypted:
                super().finish_request(encrypted, client_address)
        except (ssl.SSLError, ConnectionError):
            return


def main() -> None:
    """Serve until killed."""
    port, folder, name = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    server = Server(("0.0.0.0", port), FakeHub)  # noqa: S104 - a lab's machine
    server.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.crt"))
    server.context.verify_mode = ssl.CERT_REQUIRED
    server.context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
    server.serve_forever()


if __name__ == "__main__":
    main()
