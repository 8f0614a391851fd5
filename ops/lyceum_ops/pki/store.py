"""The authority's files in the inventory (`pki/ca.crt`, `pki/ca.key`, encrypted), and what a host is to be given.

A host is asked which keys and certificates it has (`HostState`); what is due is decided and signed here, so
that neither the authority's key nor a host's ever moves.
"""

import datetime as dt
import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from lyceum_ops.pki import PkiError
from lyceum_ops.pki.certificates import Authority, Subject, create_authority


@dataclass(frozen=True)
class HostState:
    """What a host has of one service, in PEM form: the public half of its key, its certificate. Empty: none."""

    public_key: str
    certificate: str


@dataclass(frozen=True)
class Store:
    """The folder of an instance's authority."""

    folder: Path
    passphrase: str

    @property
    def _certificate(self) -> Path:
        return self.folder / "ca.crt"

    @property
    def _key(self) -> Path:
        return self.folder / "ca.key"

    def load(self, *, with_key: bool = False) -> Authority | None:
        """Read the authority; None if it was never made."""
        if not self._certificate.exists():
            return None
        try:
            certificate = x509.load_pem_x509_certificate(self._certificate.read_bytes())
        except (OSError, ValueError) as error:
            raise PkiError(f"cannot read the authority's certificate {self._certificate}: {error}") from error
        return Authority(certificate=certificate, key=self._load_key(certificate) if with_key else None)

    def ensure(self, site_name: str, *, now: dt.datetime) -> Authority:
        """Read the authority with its key, or make it."""
        if found := self.load(with_key=True):
            return found
        with _locked(self.folder.parent):
            if found := self.load(with_key=True):
                return found
            if self.folder.exists() and any(self.folder.iterdir()):
                raise PkiError(
                    f"{self.folder} is not empty, but {self._certificate} is not there; restore it from your backup"
                )
            authority = create_authority(site_name, now=now)
            self._save(authority)
            return authority

    def _load_key(self, certificate: x509.Certificate) -> ec.EllipticCurvePrivateKey:
        try:
            key = serialization.load_pem_private_key(self._key.read_bytes(), self.passphrase.encode())
        except FileNotFoundError:
            raise PkiError(f"the authority's key {self._key} is not there; restore it from your backup") from None
        except (OSError, ValueError, TypeError) as error:
            raise PkiError(
                f"cannot open the authority's key {self._key}: "
                "it is damaged, or ca_passphrase in the inventory's vault is another one"
            ) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise PkiError(f"{self._key} is not the key of {self._certificate}; restore both from the same backup")
        return key

    def _save(self, authority: Authority) -> None:
        if authority.key is None:
            raise ValueError("an authority without its key cannot be saved")
        sealed = authority.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(self.passphrase.encode()),
        )
        # Both or neither: the folder gets its name when all is in it.
        try:
            with tempfile.TemporaryDirectory(
                dir=self.folder.parent, prefix=".pki.", ignore_cleanup_errors=True
            ) as temporary:
                whole = Path(temporary) / "pki"
                whole.mkdir(mode=0o755)
                _write(whole / "ca.key", sealed, 0o600)
                _write(whole / "ca.crt", authority.pem.encode(), 0o644)
                whole.rename(self.folder)
        except OSError as error:
            raise PkiError(f"cannot write {self.folder}: {error.strerror}") from error


def plan(
    authority: Authority, wanted: Mapping[str, Subject], states: Mapping[str, HostState], *, now: dt.datetime
) -> dict[str, str]:
    """Which services need a new certificate, and why."""
    reasons = {
        service: authority.why_due(
            _parse(states[service].certificate), subject, _public_key(states[service].public_key), now=now
        )
        if states[service].public_key
        else "there is no key yet"
        for service, subject in wanted.items()
    }
    return {service: reason for service, reason in reasons.items() if reason}


def issue(
    authority: Authority,
    services: Sequence[str],
    wanted: Mapping[str, Subject],
    states: Mapping[str, HostState],
    *,
    now: dt.datetime,
) -> dict[str, str]:
    """Sign certificates (PEM) for the named services."""
    return {
        service: authority.issue(wanted[service], _public_key(states[service].public_key), now=now)
        .public_bytes(serialization.Encoding.PEM)
        .decode()
        for service in services
    }


def check_supplied(certificate: Path, key: Path, names: Sequence[str], *, now: dt.datetime) -> tuple[str, str]:
    """Read the certificate with its chain and the key that an administrator supplies; refuse what cannot work."""
    try:
        chain = x509.load_pem_x509_certificates(certificate.read_bytes())
        private = serialization.load_pem_private_key(key.read_bytes(), None)
    except OSError as error:
        raise PkiError(
            f"cannot read {error.filename} (lyceum__public_certificate, lyceum__public_key): {error.strerror}"
        ) from error
    except (ValueError, TypeError) as error:
        raise PkiError(f"{certificate} or {key} is not in PEM form, or the key is encrypted: {error}") from error
    if private.public_key() != chain[0].public_key():
        raise PkiError(f"{key} is not the key of the first certificate in {certificate}")
    if chain[0].not_valid_after_utc <= now:
        raise PkiError(f"{certificate} ended on {chain[0].not_valid_after_utc:%Y-%m-%d}; supply a new one")
    if missing := [name for name in names if not _covers(chain[0], name)]:
        raise PkiError(
            f"{certificate} does not hold {', '.join(missing)}, which lyceum__names or lyceum__project_domain asks for"
        )
    return certificate.read_text(), key.read_text()


def _covers(certificate: x509.Certificate, name: str) -> bool:
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    held = {
        *alternatives.get_values_for_type(x509.DNSName),
        *map(str, alternatives.get_values_for_type(x509.IPAddress)),
    }
    return name in held or (not name.startswith("*") and f"*.{name.partition('.')[2]}" in held)


def _parse(pem: str) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(pem.encode()) if pem else None
    except ValueError:
        return None


def _public_key(pem: str) -> ec.EllipticCurvePublicKey:
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except ValueError as error:
        raise PkiError(f"the host answered with what is no public key: {error}") from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise PkiError("the host answered with a public key of another kind than was asked for")
    return key


def _write(path: Path, content: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time make the authority; several hosts ask for it at once. The folder itself is the lock."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise PkiError(f"cannot open the folder {folder}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
