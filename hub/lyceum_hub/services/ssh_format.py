"""Public SSH keys as people paste them: one line of OpenSSH's format, read strictly."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

import msgspec

from lyceum_hub.errors import InvalidError

FIELD = "key"
#: Characters of a key that is pasted; an RSA key of 16,384 bits has some 2,800.
MOST = 16_384
RSA_BITS = (2048, 16_384)
#: Type -> lengths of the parts that follow it in the key; None: any.
_PARTS: dict[str, tuple[tuple[int, ...] | None, ...]] = {
    "ssh-ed25519": ((32,),),
    "ecdsa-sha2-nistp256": ((8,), (65,)),
    "ecdsa-sha2-nistp384": ((8,), (97,)),
    "ecdsa-sha2-nistp521": ((8,), (133,)),
    "ssh-rsa": (None, None),
    "sk-ssh-ed25519@openssh.com": ((32,), None),
    "sk-ecdsa-sha2-nistp256@openssh.com": ((8,), (65,), None),
}
_REFUSED = {
    "ssh-dss": "DSA keys are too weak to be used. Make another: ssh-keygen -t ed25519",
    "ssh-dsa": "DSA keys are too weak to be used. Make another: ssh-keygen -t ed25519",
}
_TYPE = re.compile(r"(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9-]+(?:@openssh\.com)?")
_EXAMPLE = "One looks like: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA... you@laptop (the file ends in .pub)."


class PublicKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key."""

    algorithm: str
    blob: bytes
    """As it goes over the wire (RFC 4253, 6.6)."""
    comment: str = ""

    @property
    def fingerprint(self) -> bytes:
        """The SHA-256 of the key."""
        return hashlib.sha256(self.blob).digest()


def line_of(algorithm: str, blob: bytes) -> str:
    """Return a key as it stands in a file."""
    return f"{algorithm} {base64.b64encode(blob).decode()}"


def spoken(fingerprint: bytes) -> str:
    """Return a fingerprint as OpenSSH writes it."""
    return "SHA256:" + base64.b64encode(fingerprint).decode().rstrip("=")


def read(text: str) -> PublicKey:
    """Return the key in what somebody pasted. Raises ``InvalidError``, which says what to paste instead."""
    text = text.strip()
    if "PRIVATE KEY" in text:
        raise _invalid(
            "This is a private key, which nobody else may ever see: do not use it any more, and make another "
            "(ssh-keygen -t ed25519). Paste the public half, from the file that ends in .pub."
        )
    if text.startswith("---- BEGIN SSH2 PUBLIC KEY"):
        raise _invalid(f"This key is in another format. ssh-keygen -i -f FILE turns it into the right one. {_EXAMPLE}")
    if len(text) > MOST:
        raise _invalid("This is too long to be a public key.")
    if len(text.splitlines()) > 1:
        raise _invalid("Paste one key, in one line, without line breaks in it.")
    words = text.split(None, 2)
    if len(words) < 2:
        raise _invalid(f"This is not a public SSH key. {_EXAMPLE}")
    algorithm, encoded = words[0], words[1]
    if algorithm not in _PARTS:
        raise _invalid(_why_not(algorithm, text))
    comment = words[2].strip() if len(words) > 2 else ""
    return PublicKey(algorithm=algorithm, blob=_blob(algorithm, encoded), comment=comment)


def _why_not(algorithm: str, text: str) -> str:
    if algorithm in _REFUSED:
        return _REFUSED[algorithm]
    if "-cert-v01@" in algorithm:
        return "Certificates are not taken. Paste the public key itself."
    if _TYPE.fullmatch(algorithm):
        return f"Keys of the type {algorithm} are not taken. Make one of another: ssh-keygen -t ed25519"
    if any(word in _PARTS for word in text.split()):
        return "Options before the key are not taken. Paste the key alone, beginning with its type."
    return f"This is not a public SSH key. {_EXAMPLE}"


def _blob(algorithm: str, encoded: str) -> bytes:
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _damaged() from error
    parts = _parts(blob)
    lengths = _PARTS[algorithm]
    if not parts or parts[0] != algorithm.encode() or len(parts) != len(lengths) + 1:
        raise _damaged()
    if any(wanted is not None and len(part) not in wanted for part, wanted in zip(parts[1:], lengths, strict=True)):
        raise _damaged()
    if "ecdsa" in algorithm and (
        parts[1] != algorithm.removeprefix("sk-").split("@")[0][-8:].encode() or parts[2][0] != 4
    ):
        raise _damaged()
    if algorithm == "ssh-rsa":
        _check_rsa(*parts[1:])
    return blob


def _parts(blob: bytes) -> list[bytes]:
    parts: list[bytes] = []
    while blob:
        length = int.from_bytes(blob[:4], "big")
        if len(blob) < 4 + length:
            raise _damaged()
        parts.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    return parts


def _check_rsa(exponent: bytes, modulus: bytes) -> None:
    for number in (exponent, modulus):
        value = int.from_bytes(number, "big")
        if not number or number[0] >= 0x80 or len(number) != value.bit_length() // 8 + 1:
            raise _damaged()
    e, bits = int.from_bytes(exponent, "big"), int.from_bytes(modulus, "big").bit_length()
    if not RSA_BITS[0] <= bits <= RSA_BITS[1]:
        raise _invalid(
            f"This RSA key has {bits} bits; {RSA_BITS[0]} to {RSA_BITS[1]} are taken. "
            "Make another: ssh-keygen -t ed25519"
        )
    if e < 3 or e % 2 == 0:
        raise _damaged()


def _damaged() -> InvalidError:
    return _invalid("This key is damaged: a part of it is missing or changed. Paste the whole line.")


def _invalid(message: str) -> InvalidError:
    return InvalidError(message, FIELD)
