"""What may be opened."""

from __future__ import annotations

import pytest
from asyncssh.packet import PacketDecodeError, SSHPacket, String, UInt32
from lyceum_ssh import opening


def asked(kind: bytes, *more: bytes) -> opening.Opening:
    return opening.read(SSHPacket(String(kind) + UInt32(7) + UInt32(2**21) + UInt32(2**15) + b"".join(more)))


def to(host: bytes) -> opening.Opening:
    return asked(b"direct-tcpip", String(host), UInt32(80), String(b"127.0.0.1"), UInt32(4000))


def test_sessions() -> None:
    assert asked(b"session") == opening.Opening(7, None)


@pytest.mark.parametrize("host", [b"localhost", b"LOCALHOST", b"127.0.0.1", b"127.8.9.10", b"::1", b"ip6-localhost"])
def test_own_ports(host: bytes) -> None:
    assert to(host).refusal is None


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b"example.org",
        b"10.0.0.1",
        b"0.0.0.0",
        b"::",
        b"169.254.169.254",
        b"localhost.example.org",
        b"\xff",
        b"127.1",
    ],
)
def test_other_hosts_are_refused_with_a_reason(host: bytes) -> None:
    refusal = to(host).refusal
    assert refusal is not None
    assert refusal[1] == "Lyceum: forwarding leads to the project's own ports (localhost), and to no other host."


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (b"tun@openssh.com", "tunnels"),
        (b"direct-streamlocal@openssh.com", "sockets"),
        (b"x11", "not offered"),
        (b"forwarded-tcpip", "not offered"),
        (b"auth-agent@openssh.com", "not offered"),
        (b"\xff", "not offered"),
    ],
)
def test_other_kinds_are_refused_with_a_reason(kind: bytes, told: str) -> None:
    refusal = asked(kind).refusal
    assert refusal is not None
    assert told in refusal[1]


def test_half_a_request() -> None:
    with pytest.raises(PacketDecodeError):
        opening.read(SSHPacket(String(b"session")))
