"""What the holder of a service's certificate gets from every listener of the instance; runs on a machine, as root.

Argument: JSON with ``listeners``, ``{name: [kind, host, port]}``, and what to do: ``certificates`` tries each certificate that
the machine has at each listener; ``flood`` sends a message of 1 GiB, ``half`` begins messages that never end, both to the
listeners given, with the certificate given. Prints one JSON object.
"""

import json
import os
import socket
import ssl
import sys

PKI = "/etc/lyceum/pki"
REQUESTS = {
    "lines": b'{"id": 1, "operation": "host_status", "arguments": {}}\n',
    "http": b"GET /alive HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "proxy": b"GET /7d3f3c9e-5b1a-4b0e-9d0a-0123456789ab/terminal/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "gateway": (
        b"GET /7d3f3c9e-5b1a-4b0e-9d0a-0123456789ab/terminal/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"X-Lyceum-Project: 7d3f3c9e-5b1a-4b0e-9d0a-0123456789ab\r\nX-Lyceum-Kind: terminal\r\n"
        b"X-Lyceum-Account: 7d3f3c9e-5b1a-4b0e-9d0a-0123456789ab\r\n\r\n"
    ),
}
given = json.loads(sys.argv[1])


def connect(host: str, port: int, certificate: str) -> ssl.SSLSocket:
    """Connect as a service, or as nobody; the other end is looked at by other tests."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(f"{PKI}/ca.crt")
    if certificate:
        context.load_cert_chain(f"{PKI}/{certificate}.crt", f"{PKI}/{certificate}.key")
    opened = socket.create_connection((host, port), timeout=10)
    return context.wrap_socket(opened)


def answer(kind: str, host: str, port: int, certificate: str) -> str:
    """The beginning of what a listener answers; or how it refuses."""
    try:
        with connect(host, port, certificate) as connection:
            connection.sendall(REQUESTS[kind])
            return connection.recv(400).decode(errors="replace") or "closed"
    except (ssl.SSLError, OSError) as error:
        return type(error).__name__


def flood(host: str, port: int, certificate: str, beginning: bytes) -> dict[str, object]:
    """Send 1 GiB that is no end of a message."""
    sent, said = 0, b""
    piece = b"x" * (1 << 20)
    try:
        with connect(host, port, certificate) as connection:
            connection.sendall(beginning)
            connection.settimeout(20)
            try:
                for _ in range(1024):
                    connection.sendall(piece)
                    sent += len(piece)
            finally:
                connection.settimeout(5)
                while data := connection.recv(1 << 16):
                    said = (said + data)[-300:]
    except (ssl.SSLError, OSError) as error:
        said = said or type(error).__name__.encode()
    return {"sent": sent, "said": said.decode(errors="replace")}


def half(host: str, port: int, certificate: str, beginning: bytes) -> int:
    """Begin messages on many connections at once, and handshakes on as many; then go away in the middle of all."""
    begun = [connect(host, port, certificate) for _ in range(20)]
    for connection in begun:
        connection.sendall(beginning)
    silent = [socket.create_connection((host, port), timeout=10) for _ in range(20)]
    for number, opened in enumerate(silent):
        opened.sendall(b"\x16\x03\x01\x02\x00\x01"[: number % 7])
    for each in (*begun, *silent):
        each.close()
    return len(begun) + len(silent)


found: dict[str, object] = {}
BEGINNINGS = {"lines": b'{"id": 1, "operation": "', "http": b"GET /", "proxy": b"GET /", "gateway": b"GET /"}
if given["do"] == "certificates":
    names = ["", *sorted(name.removesuffix(".key") for name in os.listdir(PKI) if name.endswith(".key"))]
    for name, (kind, host, port) in given["listeners"].items():
        found[name] = {certificate: answer(kind, host, port, certificate) for certificate in names}
for name, (kind, host, port, certificate) in given["listeners"].items() if given["do"] != "certificates" else ():
    does = flood if given["do"] == "flood" else half
    found[name] = does(host, port, certificate, BEGINNINGS[kind])
print(json.dumps(found))
