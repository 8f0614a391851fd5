"""Runs in a project: `stream.py PORT` answers `GET /.../COUNT` with so many blocks: a body, or messages.

It returns once it listens, and goes on in the background.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import socket
import sys
import threading

BLOCK = 65536
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455
FRAME = b"\x82\x7f" + BLOCK.to_bytes(8, "big")  # a whole message of bytes


def answer(connection: socket.socket) -> None:
    """Read one request and send what it asks for."""
    with connection:
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(BLOCK)
        count = int(head.split()[1].rpartition(b"/")[2])
        key = re.search(rb"(?im)^sec-websocket-key: *(\S+)", head)
        if key:
            accept = base64.b64encode(hashlib.sha1(key[1] + MAGIC).digest())  # noqa: S324 - as the protocol says
            lines = [b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade"]
            lines.append(b"Sec-WebSocket-Accept: " + accept)
        else:
            lines = [b"HTTP/1.1 200 OK", b"Content-Type: application/octet-stream"]
            lines.append(f"Content-Length: {count * BLOCK}".encode())
        connection.sendall(b"\r\n".join(lines) + b"\r\n\r\n")
        block = (FRAME if key else b"") + bytes(BLOCK)
        for _ in range(count):
            connection.sendall(block)
        connection.recv(1)  # whoever asked closes first


def main(port: int) -> None:
    """Listen, and serve in the background."""
    listener = socket.create_server(("127.0.0.1", port))
    if os.fork():
        return
    os.setsid()
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=[connection], daemon=True).start()


if __name__ == "__main__":
    main(int(sys.argv[1]))
