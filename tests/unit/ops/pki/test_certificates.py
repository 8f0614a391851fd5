"""What certificates hold, and when they are due."""

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store
from lyceum_ops.pki.certificates import (
    LIFETIME,
    Authority,
    create_authority,
    public_subject,
    service_subject,
)

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
HUB = service_subject("hub", "hub1")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return create_authority("Lyceum", now=NOW)


@pytest.fixture(scope="module")
def key() -> ec.EllipticCurvePublicKey:
    return ec.generate_private_key(ec.SECP256R1()).public_key()


def test_service_is_named_by_unit_host_and_uri(authority: Authority, key: ec.EllipticCurvePublicKey) -> None:
    certificate = authority.issue(HUB, key, now=NOW)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert certificate.subject.rfc4514_string() == "CN=hub1,OU=hub"
    assert names.get_values_for_type(x509.DNSName) == ["hub1", "hub.hub1"]
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["lyceum://hub/hub1"]


def test_service_is_server_and_client_public_only_server() -> None:
    assert set(HUB.usages) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert public_subject(["localhost"]).usages == (ExtendedKeyUsageOID.SERVER_AUTH,)


def test_public_certificate_holds_names_addresses_and_the_projects_wildcard(
    authority: Authority, key: ec.EllipticCurvePublicKey
) -> None:
    subject = public_subject(["localhost", "127.0.0.1", "::1"], "projects.localhost")
    names = authority.issue(subject, key, now=NOW).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "*.projects.localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


def test_strict_verification_passes(authority: Authority, key: ec.EllipticCurvePublicKey) -> None:
    certificate = authority.issue(public_subject(["lyceum.example.org"]), key, now=NOW)
    verifier = (
        PolicyBuilder()
        .store(Store([authority.certificate]))
        .time(NOW + DAY)
        .build_server_verifier(x509.DNSName("lyceum.example.org"))
    )
    assert verifier.verify(certificate, [])[-1] == authority.certificate


def test_authority_can_sign_nothing_but_leaves(authority: Authority) -> None:
    constraints = authority.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert (constraints.value.ca, constraints.value.path_length) == (True, 0)


def test_certificate_never_outlives_its_authority(authority: Authority, key: ec.EllipticCurvePublicKey) -> None:
    end = authority.certificate.not_valid_after_utc
    assert authority.issue(HUB, key, now=end - DAY).not_valid_after_utc == end


@pytest.mark.parametrize(("days", "reason"), [(0, ""), (59, ""), (61, "it ends on"), (100, "it ends on")])
def test_renewal_with_a_third_left(
    authority: Authority, key: ec.EllipticCurvePublicKey, days: int, reason: str
) -> None:
    certificate = authority.issue(HUB, key, now=NOW)
    found = authority.why_due(certificate, HUB, key, now=NOW + days * DAY)
    assert found.startswith(reason)
    assert bool(found) == bool(reason)


def test_other_names_are_due(authority: Authority, key: ec.EllipticCurvePublicKey) -> None:
    certificate = authority.issue(HUB, key, now=NOW)
    for other in (
        service_subject("hub", "hub2"),
        service_subject("edge", "hub1"),
        service_subject("hub", "hub1", ["x"]),
    ):
        assert authority.why_due(certificate, other, key, now=NOW) == "its names changed"


def test_other_key_other_authority_and_none_are_due(authority: Authority, key: ec.EllipticCurvePublicKey) -> None:
    certificate = authority.issue(HUB, key, now=NOW)
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    assert authority.why_due(certificate, HUB, other, now=NOW) == "it is not for the host's key"
    assert create_authority("Lyceum", now=NOW).why_due(certificate, HUB, key, now=NOW) == "another authority issued it"
    assert authority.why_due(None, HUB, key, now=NOW) == "there is none"


def test_lifetime(authority: Authority, key: ec.EllipticCurvePublicKey) -> None:
    assert authority.issue(HUB, key, now=NOW).not_valid_after_utc == NOW + LIFETIME
