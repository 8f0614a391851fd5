from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from lyceum_compute.protocol.identity import Identity, IdentityError, Peer, TlsSettings, check_server, peer_of


def test_contexts_speak_only_tls_1_3_and_verify(authorities) -> None:
    identity = authorities.own.identity("hub")
    for context in (identity.server, identity.client):
        assert context.minimum_version is ssl.TLSVersion.TLSv1_3
        assert context.verify_mode is ssl.CERT_REQUIRED
    assert identity.client.check_hostname


def test_a_certificate_names_service_and_host() -> None:
    certificate = {"subjectAltName": (("DNS", "hub1"), ("URI", "lyceum://hub/hub1"))}
    assert peer_of(certificate) == Peer("hub", "hub1")
    check_server(certificate, "hub", "hub1")


@pytest.mark.parametrize(
    "names",
    [
        (),
        (("DNS", "hub1"),),
        (("URI", "https://hub/hub1"),),
        (("URI", "lyceum://hub/hub1/x"),),
        (("URI", "lyceum://hub/hub1\n"),),
        (("URI", "lyceum://hub/hub1"), ("URI", "lyceum://compute/hub1")),
        (("URI", "lyceum://hub/hub1"), ("URI", "other")),
    ],
)
def test_a_certificate_that_names_no_one_service_is_refused(names) -> None:
    with pytest.raises(IdentityError):
        peer_of({"subjectAltName": names})


def test_no_certificate_is_refused() -> None:
    with pytest.raises(IdentityError):
        peer_of(None)


@pytest.mark.parametrize(("service", "host"), [("compute", "hub1"), ("hub", "hub2")])
def test_another_server_than_the_one_meant_is_refused(service: str, host: str) -> None:
    with pytest.raises(IdentityError):
        check_server({"subjectAltName": (("URI", "lyceum://hub/hub1"),)}, service, host)


def test_missing_files_are_named(tmp_path: Path) -> None:
    settings = TlsSettings(ca=str(tmp_path / "ca.crt"), certificate="c", key="k")
    with pytest.raises(IdentityError, match=r"ca\.crt"):
        Identity(settings)
