"""What may be opened: sessions, and connections to the project's own ports. All else is refused, with a reason."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from asyncssh import (
    OPEN_ADMINISTRATIVELY_PROHIBITED,
    OPEN_UNKNOWN_CHANNEL_TYPE,
)
from asyncssh.packet import SSHPacket, String, UInt32

#: Names of the project's own address, as its ``/etc/hosts`` has them.
OWN_NAMES = frozenset([b"localhost", b"ip6-localhost", b"ip6-loopback"])
WHY_NOT = {
    b"tun@openssh.com": "Lyceum: tunnels are not offered.",
    b"direct-streamlocal@openssh.com": "Lyceum: forwarding leads to ports of the project, not to its sockets.",
}


@dataclass(frozen=True)
class Opening:
    """A request to open a channel, by the number that the asking side gave it."""

    number: int
    refusal: tuple[int, str] | None
    """Code and reason; None if it may be opened."""

    def failure(self, refusal: tuple[int, str] | None = None) -> tuple[bytes, ...]:
        """Return the fields of the answer that refuses it."""
        code, reason = refusal or self.refusal or (OPEN_ADMINISTRATIVELY_PROHIBITED, "")
        return UInt32(self.number), UInt32(code), String(reason), String("en")


def read(packet: SSHPacket) -> Opening:
    """Return what a person's client asks for. Raises ``asyncssh.packet.PacketDecodeError``."""
    kind = packet.get_string()
    number = packet.get_uint32()
    packet.get_uint32()  # window
    packet.get_uint32()  # largest packet
    if kind == b"session":
        return Opening(number, None)
    if kind == b"direct-tcpip":
        return Opening(number, _check_target(packet.get_string()))
    why = WHY_NOT.get(kind, "Lyceum: channels of this kind are not offered.")
    return Opening(number, (OPEN_UNKNOWN_CHANNEL_TYPE, why))


def _check_target(host: bytes) -> tuple[int, str] | None:
    if host.lower() in OWN_NAMES:
        return None
    try:
        if ipaddress.ip_address(host.decode("ascii")).is_loopback:
            return None
    except ValueError:
        pass
    reason = "Lyceum: forwarding leads to the project's own ports (localhost), and to no other host."
    return OPEN_ADMINISTRATIVELY_PROHIBITED, reason
