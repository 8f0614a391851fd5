"""A certificate authority of the test's own, and certificates that it signed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from lyceum_compute.protocol.identity import Identity, TlsSettings


class Authority:
    """Signs certificates into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"test {folder.name}")])
        certificate = self._builder(self.name, self.key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        (folder / "ca.crt").write_bytes(
            certificate.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime.now(UTC) - timedelta(minutes=1))
            .not_valid_after(datetime.now(UTC) + timedelta(hours=1))
        )

    def settings(self, service: str, host: str, uris: list[str] | None = None) -> TlsSettings:
        """Return the files of a new certificate for a service on a host (or naming other URIs)."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        names = [
            x509.DNSName(host),
            *map(x509.UniformResourceIdentifier, uris if uris is not None else [f"lyceum://{service}/{host}"]),
        ]
        certificate = self._builder(subject, key).add_extension(x509.SubjectAlternativeName(names), critical=False)
        base = self.folder / f"{service}-{host}"
        base.with_suffix(".crt").write_bytes(
            certificate.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        base.with_suffix(".key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return TlsSettings(
            ca=str(self.folder / "ca.crt"), certificate=str(base.with_suffix(".crt")), key=str(base.with_suffix(".key"))
        )

    def identity(self, service: str, host: str = "localhost", uris: list[str] | None = None) -> Identity:
        """Return a new identity."""
        return Identity(self.settings(service, host, uris))


class Authorities(NamedTuple):
    """The instance's own authority and a stranger's."""

    own: Authority
    foreign: Authority


@pytest.fixture(scope="session")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Authorities:
    return Authorities(Authority(tmp_path_factory.mktemp("own")), Authority(tmp_path_factory.mktemp("foreign")))
