"""What the certificates of an instance hold, and when one is due to be made anew. No files here.

The form follows RFC 5280 as strictly as `openssl verify -x509_strict` and Python's VERIFY_X509_STRICT ask for.
"""

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFETIME = dt.timedelta(days=3650)
LIFETIME = dt.timedelta(days=90)
RENEW_WITH_LEFT = LIFETIME / 3
_CLOCK_SKEW = dt.timedelta(minutes=5)


@dataclass(frozen=True)
class Subject:
    """Whom a certificate names, and whether its bearer serves only or also calls others."""

    name: x509.Name
    alternatives: tuple[x509.GeneralName, ...]
    usages: tuple[x509.ObjectIdentifier, ...]


def service_subject(service: str, host: str, names: Sequence[str] = ()) -> Subject:
    """The subject of a service, which is both server and client. names: further DNS names or addresses."""
    return Subject(
        name=x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, service),
                x509.NameAttribute(NameOID.COMMON_NAME, host[:64]),
            ]
        ),
        alternatives=(
            # The second lets HAProxy and nginx, which compare DNS names alone, hold a server to its service.
            *_general_names([host, f"{service}.{host}", *names]),
            x509.UniformResourceIdentifier(f"lyceum://{service}/{host}"),
        ),
        usages=(ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH),
    )


def public_subject(names: Sequence[str], project_domain: str = "") -> Subject:
    """The subject of what browsers see: the instance's names and a wildcard for the projects' domain."""
    wildcard = [f"*.{project_domain}"] if project_domain else []
    return Subject(
        name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])]),
        alternatives=_general_names([*names, *wildcard]),
        usages=(ExtendedKeyUsageOID.SERVER_AUTH,),
    )


def _general_names(names: Sequence[str]) -> tuple[x509.GeneralName, ...]:
    return tuple(_general_name(name) for name in dict.fromkeys(names))


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        return x509.DNSName(name.encode("idna").decode() if not name.isascii() else name)


@dataclass(frozen=True)
class Authority:
    """The certificate of an authority and, where it is to sign, its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey | None = None

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue(self, subject: Subject, public_key: ec.EllipticCurvePublicKey, *, now: dt.datetime) -> x509.Certificate:
        """Sign a certificate for the subject; it never outlives the authority."""
        if self.key is None:
            raise ValueError("an authority without its key cannot sign")
        issuer_id = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return (
            x509.CertificateBuilder()
            .subject_name(subject.name)
            .issuer_name(self.certificate.subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _CLOCK_SKEW)
            .not_valid_after(min(now + LIFETIME, self.certificate.not_valid_after_utc))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage(subject.usages), critical=False)
            .add_extension(x509.SubjectAlternativeName(subject.alternatives), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_id), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def why_due(
        self,
        certificate: x509.Certificate | None,
        subject: Subject,
        public_key: ec.EllipticCurvePublicKey,
        *,
        now: dt.datetime,
    ) -> str:
        """Why a host's certificate must be made anew; empty if it is good."""
        if certificate is None:
            return "there is none"
        if certificate.public_key() != public_key:
            return "it is not for the host's key"
        if not self._has_signed(certificate):
            return "another authority issued it"
        if (
            certificate.subject != subject.name
            or _alternatives(certificate) != set(subject.alternatives)
            or _usages(certificate) != set(subject.usages)
        ):
            return "its names changed"
        if certificate.not_valid_after_utc - now < RENEW_WITH_LEFT:
            return f"it ends on {certificate.not_valid_after_utc:%Y-%m-%d}"
        return ""

    def _has_signed(self, certificate: x509.Certificate) -> bool:
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (InvalidSignature, ValueError, TypeError):
            return False
        return True


def create_authority(site_name: str, *, now: dt.datetime) -> Authority:
    """Make the authority of an instance: it signs services' certificates and nothing else (no authorities below it)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, site_name[:64] or "Lyceum"),
            # Two instances of one name must not be taken for each other by a browser that trusts both.
            x509.NameAttribute(NameOID.COMMON_NAME, f"Lyceum authority {x509.random_serial_number() & 0xFFFFFFFF:08x}"),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate=certificate, key=key)


def _key_usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternatives(certificate: x509.Certificate) -> set[x509.GeneralName]:
    try:
        return set(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return set()


def _usages(certificate: x509.Certificate) -> set[x509.ObjectIdentifier]:
    try:
        return set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return set()
