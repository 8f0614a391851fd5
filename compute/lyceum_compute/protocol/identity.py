"""Who is at the other end: mutual TLS with the instance's own certificate authority."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from typing import Any

import msgspec

#: What a certificate names: ``lyceum://<service>/<host>``.
_IDENTITY = re.compile(r"lyceum://([a-z0-9-]{1,40})/([A-Za-z0-9._-]{1,253})")


class TlsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ``[tls]`` table of every service's settings: paths of files."""

    ca: str
    certificate: str
    key: str


class IdentityError(Exception):
    """The other end is not who it must be."""


@dataclass(frozen=True)
class Peer:
    """Who is at the other end of a connection: the service and host in its certificate, or a user of the same host."""

    service: str
    host: str
    uid: int | None = None

    def __str__(self) -> str:
        return f"{self.service}/{self.host}" if self.uid is None else f"uid {self.uid}"


class Identity:
    """The service's own certificate, as contexts for serving and for calling.

    Both speak TLS 1.3 only, show the certificate, and accept only a peer whose certificate the instance's authority
    signed. ``reload`` takes renewed files into use for connections made from then on.
    """

    def __init__(self, settings: TlsSettings) -> None:
        self.settings = settings
        self.server = self._context(ssl.PROTOCOL_TLS_SERVER)
        self.client = self._context(ssl.PROTOCOL_TLS_CLIENT)
        self.client.check_hostname = True

    def reload(self) -> None:
        """Read the certificate, its key and the authority anew."""
        for context in (self.server, self.client):
            self._load(context)

    def _context(self, protocol: int) -> ssl.SSLContext:
        context = ssl.SSLContext(protocol)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.verify_mode = ssl.CERT_REQUIRED
        if protocol == ssl.PROTOCOL_TLS_SERVER:
            context.num_tickets = 0  # every connection is verified in full, so that a renewed authority counts at once
        self._load(context)
        return context

    def _load(self, context: ssl.SSLContext) -> None:
        try:
            context.load_verify_locations(cafile=self.settings.ca)
            context.load_cert_chain(self.settings.certificate, self.settings.key)
        except OSError as error:  # ssl.SSLError is one
            files = f"{self.settings.ca}, {self.settings.certificate}, {self.settings.key}"
            raise IdentityError(f"the certificates cannot be used ({files}): {error}") from error


def peer_of(certificate: Any) -> Peer:
    """Return whom a verified certificate (what ``getpeercert`` gives) names. Raises ``IdentityError``."""
    names = [value for kind, value in (certificate or {}).get("subjectAltName", ()) if kind == "URI"]
    found = [match for match in map(_IDENTITY.fullmatch, names) if match]
    if len(names) != 1 or len(found) != 1:
        raise IdentityError("the certificate does not name one service of this instance")
    return Peer(service=found[0][1], host=found[0][2])


def check_server(certificate: Any, service: str, host: str) -> None:
    """Raise ``IdentityError`` unless the server's certificate names the service and host that were meant."""
    peer = peer_of(certificate)
    if (peer.service, peer.host) != (service, host):
        raise IdentityError(f"{service}/{host} was called, but {peer} answered")
