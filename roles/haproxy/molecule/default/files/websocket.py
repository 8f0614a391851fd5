"""Opens a websocket through the edge as a browser does, over HTTP/1.1 or HTTP/2 (RFC 8441), and echoes lines.

Arguments: address of the edge, ``h1`` or ``h2``. Prints ``open``, and then each line of standard input as it came
back.
"""

from __future__ import annotations

import socket
import ssl
import struct
import sys

HEADERS = [
    (":method", "CONNECT"),
    (":protocol", "websocket"),
    (":scheme", "https"),
    (":path", "/hub/?transport=websocket"),
    (":authority", "localhost"),
    ("sec-websocket-version", "13"),
    ("origin", "https://localhost"),
]
DATA, HEADER, RESET, SETTINGS, PING, GOAWAY, WINDOW = 0, 1, 3, 4, 6, 7, 8
ENABLE_CONNECT_PROTOCOL = 8
STATUS_200 = 0x88


def connect(address: str, protocol: str) -> ssl.SSLSocket:
    """Return a connection that speaks the protocol; who serves is of no matter here."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols([protocol])
    connection = context.wrap_socket(socket.create_connection((address, 443), timeout=30), server_hostname="localhost")
    if connection.selected_alpn_protocol() != protocol:
        raise SystemExit(f"the edge does not speak {protocol}")
    return connection


class First:
    """A websocket over HTTP/1.1."""

    def __init__(self, address: str) -> None:
        self._connection = connect(address, "http/1.1")
        self._connection.sendall(
            b"GET /hub/?transport=websocket HTTP/1.1\r\nHost: localhost\r\n"
            b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: https://localhost\r\n\r\n"
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self._connection.recv(1) or sys.exit("closed")
        if b" 101 " not in head.partition(b"\r\n")[0]:
            raise SystemExit(head.decode())

    def echo(self, data: bytes) -> bytes:
        """Send, and return as many bytes."""
        self._connection.sendall(data)
        got = b""
        while len(got) < len(data):
            got += self._connection.recv(4096) or sys.exit("closed")
        return got


class Second:
    """A websocket over a stream of HTTP/2."""

    def __init__(self, address: str) -> None:
        self._connection = connect(address, "h2")
        self._connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + self._frame(SETTINGS, 0, 0, b""))
        kind, payload = self._receive()
        settings = dict(struct.iter_unpack(">HI", payload)) if kind == SETTINGS else {}
        if settings.get(ENABLE_CONNECT_PROTOCOL) != 1:
            raise SystemExit("the edge offers no websockets over HTTP/2")
        block = b"".join(self._literal(name) + self._literal(value) for name, value in self._pairs())
        self._connection.sendall(self._frame(HEADER, 0x4, 1, block))
        kind, payload = self._receive(HEADER)
        if payload[:1] != bytes([STATUS_200]):
            raise SystemExit(f"refused: {payload!r}")

    @staticmethod
    def _pairs() -> list[tuple[bytes, bytes]]:
        return [(name.encode(), value.encode()) for name, value in HEADERS]

    def _literal(self, text: bytes) -> bytes:
        """A string without Huffman's code; before a name, the mark of a literal field that is not indexed."""
        mark = b"\x00" if text in {name for name, _ in self._pairs()} else b""
        return mark + bytes([len(text)]) + text

    @staticmethod
    def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
        return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload

    def _exactly(self, length: int) -> bytes:
        got = b""
        while len(got) < length:
            got += self._connection.recv(length - len(got)) or sys.exit("closed")
        return got

    def _receive(self, wanted: int | None = None) -> tuple[int, bytes]:
        """The next frame of a kind, or of any."""
        while True:
            head = self._exactly(9)
            kind, flags = head[3], head[4]
            payload = self._exactly(int.from_bytes(head[:3], "big"))
            if kind == SETTINGS and not flags & 1:
                self._connection.sendall(self._frame(SETTINGS, 1, 0, b""))
            if kind == RESET:
                raise SystemExit("the stream was reset")
            if wanted in (None, kind):
                return kind, payload

    def echo(self, data: bytes) -> bytes:
        """Send, and return as many bytes."""
        self._connection.sendall(self._frame(DATA, 0, 1, data))
        got = b""
        while len(got) < len(data):
            got += self._receive(DATA)[1]
        return got


def main() -> None:
    """Echo until standard input ends."""
    websocket = {"h1": First, "h2": Second}[sys.argv[2]](sys.argv[1])
    print("open", flush=True)
    for line in sys.stdin:
        print(websocket.echo(line.encode()).decode().rstrip("\n"), flush=True)


if __name__ == "__main__":
    main()
