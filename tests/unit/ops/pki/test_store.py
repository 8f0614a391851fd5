"""The authority's files, and what an administrator supplies."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from lyceum_ops.pki import PkiError
from lyceum_ops.pki.certificates import create_authority, public_subject, service_subject
from lyceum_ops.pki.store import HostState, Store, check_supplied, issue, plan

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
PEM = serialization.Encoding.PEM


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(folder=tmp_path / "pki", passphrase="secret")


def _public(key: ec.EllipticCurvePrivateKey) -> str:
    return key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def test_made_once_encrypted_and_read_again(store: Store) -> None:
    made = store.ensure("Lyceum", now=NOW)
    assert store.ensure("Lyceum", now=NOW).certificate == made.certificate
    assert (store.folder / "ca.key").read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert (store.folder / "ca.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in store.folder.parent.iterdir()] == ["pki"]


def test_many_at_once_agree(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: store.ensure("Lyceum", now=NOW).pem, range(8)))
    assert len(set(found)) == 1


def test_reading_without_signing_needs_no_passphrase(store: Store) -> None:
    store.ensure("Lyceum", now=NOW)
    authority = Store(folder=store.folder, passphrase="wrong").load()
    assert authority is not None
    assert authority.key is None


def test_wrong_passphrase(store: Store) -> None:
    store.ensure("Lyceum", now=NOW)
    with pytest.raises(PkiError, match="ca_passphrase"):
        Store(folder=store.folder, passphrase="wrong").ensure("Lyceum", now=NOW)


def test_lost_key_is_not_made_anew(store: Store) -> None:
    store.ensure("Lyceum", now=NOW)
    (store.folder / "ca.key").unlink()
    with pytest.raises(PkiError, match=r"ca\.key is not there"):
        store.ensure("Lyceum", now=NOW)


def test_lost_certificate_is_not_made_anew(store: Store) -> None:
    store.ensure("Lyceum", now=NOW)
    (store.folder / "ca.crt").unlink()
    with pytest.raises(PkiError, match="restore it"):
        store.ensure("Lyceum", now=NOW)


def test_plan_and_issue(store: Store) -> None:
    authority = store.ensure("Lyceum", now=NOW)
    key = ec.generate_private_key(ec.SECP256R1())
    wanted = {"hub": service_subject("hub", "hub1")}
    assert plan(authority, wanted, {"hub": HostState("", "")}, now=NOW) == {"hub": "there is no key yet"}
    bare = {"hub": HostState(_public(key), "")}
    signed = issue(authority, ["hub"], wanted, bare, now=NOW)
    assert plan(authority, wanted, {"hub": HostState(_public(key), signed["hub"])}, now=NOW) == {}
    assert plan(authority, wanted, {"hub": HostState(_public(key), "rubbish")}, now=NOW) == {"hub": "there is none"}


def test_host_that_answers_rubbish(store: Store) -> None:
    authority = store.ensure("Lyceum", now=NOW)
    with pytest.raises(PkiError, match="no public key"):
        plan(authority, {"hub": service_subject("hub", "hub1")}, {"hub": HostState("rubbish", "")}, now=NOW)


class TestSupplied:
    """The certificate that an administrator supplies for browsers."""

    @pytest.fixture
    def files(self, tmp_path: Path) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = create_authority("CA", now=NOW).issue(
            public_subject(["lyceum.example.org", "*.example.org"]), key.public_key(), now=NOW
        )
        paths = (tmp_path / "public.pem", tmp_path / "public.key")
        paths[0].write_bytes(certificate.public_bytes(PEM))
        paths[1].write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        return paths

    def test_is_taken(self, files: tuple[Path, Path]) -> None:
        certificate, key = check_supplied(*files, ["lyceum.example.org", "other.example.org"], now=NOW)
        assert certificate.startswith("-----BEGIN CERTIFICATE")
        assert key.startswith("-----BEGIN PRIVATE KEY")

    @pytest.mark.parametrize(
        ("names", "days", "message"),
        [
            (["lyceum.example.com"], 0, r"does not hold lyceum\.example\.com"),
            (["*.projects.example.org"], 0, "does not hold"),
            (["lyceum.example.org"], 91, "ended on"),
        ],
    )
    def test_that_cannot_work(self, files: tuple[Path, Path], names: list[str], days: int, message: str) -> None:
        with pytest.raises(PkiError, match=message):
            check_supplied(*files, names, now=NOW + dt.timedelta(days=days))

    def test_with_another_key(self, files: tuple[Path, Path]) -> None:
        other = ec.generate_private_key(ec.SECP256R1())
        files[1].write_bytes(other.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        with pytest.raises(PkiError, match="is not the key of"):
            check_supplied(*files, [], now=NOW)

    def test_that_is_not_there(self, files: tuple[Path, Path]) -> None:
        files[0].unlink()
        with pytest.raises(PkiError, match="cannot read"):
            check_supplied(*files, [], now=NOW)
