"""Public keys as people paste them."""

from __future__ import annotations

import base64

import pytest
from lyceum_hub.errors import InvalidError
from lyceum_hub.services import ssh_format


def packed(*parts: bytes) -> str:
    return base64.b64encode(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).decode()


def rsa(bits: int, exponent: bytes = b"\x01\x00\x01") -> str:
    modulus = ((1 << (bits - 1)) | 1).to_bytes(bits // 8 + 1, "big")
    return f"ssh-rsa {packed(b'ssh-rsa', exponent, modulus)}"


ED25519 = f"ssh-ed25519 {packed(b'ssh-ed25519', bytes(32))}"
P256 = packed(b"ecdsa-sha2-nistp256", b"nistp256", b"\x04" + bytes(64))


@pytest.mark.parametrize(
    "text",
    [
        ED25519,
        f"  {ED25519} ada@laptop with a long comment\n",
        f"ecdsa-sha2-nistp256 {P256}",
        f"ecdsa-sha2-nistp521 {packed(b'ecdsa-sha2-nistp521', b'nistp521', bytes([4]) + bytes(132))}",
        rsa(2048),
        rsa(16384),
        f"sk-ssh-ed25519@openssh.com {packed(b'sk-ssh-ed25519@openssh.com', bytes(32), b'ssh:')}",
        "sk-ecdsa-sha2-nistp256@openssh.com "
        + packed(b"sk-ecdsa-sha2-nistp256@openssh.com", b"nistp256", b"\x04" + bytes(64), b"ssh:"),
    ],
)
def test_good_keys(text: str) -> None:
    key = ssh_format.read(text)
    assert ssh_format.line_of(key.algorithm, key.blob) == " ".join(text.split()[:2])
    assert ssh_format.spoken(key.fingerprint).startswith("SHA256:")


def test_comment_is_kept_apart() -> None:
    assert ssh_format.read(f"{ED25519}  Ada's laptop ").comment == "Ada's laptop"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not a public SSH key"),
        ("hello world", "not a public SSH key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----", "private key"),
        ("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----", "ssh-keygen -i"),
        (f"{ED25519}\n{ED25519}", "one key"),
        (f'command="rm -rf /" {ED25519}', "Options"),
        (f"restrict {ED25519}", "Options"),
        (f"ssh-dss {packed(b'ssh-dss', b'1', b'2', b'3', b'4')}", "DSA"),
        ("ssh-ed25519-cert-v01@openssh.com AAAA", "Certificates"),
        ("ssh-xmss@openssh.com AAAA", "not taken"),
        (ED25519[:-6], "damaged"),
        (ED25519 + "AAAA", "damaged"),
        ("ssh-ed25519 not/base64!", "damaged"),
        (f"ssh-ed25519 {packed(b'ssh-rsa', bytes(32))}", "damaged"),
        (f"ssh-ed25519 {packed(b'ssh-ed25519', bytes(31))}", "damaged"),
        (f"ecdsa-sha2-nistp256 {packed(b'ecdsa-sha2-nistp256', b'nistp384', bytes([4]) + bytes(64))}", "damaged"),
        (f"ecdsa-sha2-nistp256 {packed(b'ecdsa-sha2-nistp256', b'nistp256', bytes(65))}", "damaged"),
        (rsa(1024), "1024 bits"),
        (rsa(16392), "16392 bits"),
        (rsa(2048, b"\x02"), "damaged"),
        (f"ssh-rsa {packed(b'ssh-rsa', b'', b'')}", "damaged"),
        (f"ssh-rsa {packed(b'ssh-rsa', bytes(2), bytes(300))}", "damaged"),
        ("ssh-rsa " + "A" * 20_000, "too long"),
        ("ssh-ed25519 " + base64.b64encode(b"\xff\xff\xff\xff" + bytes(40)).decode(), "damaged"),
    ],
)
def test_bad_keys_say_what_is_wrong(text: str, told: str) -> None:
    with pytest.raises(InvalidError, match=told) as refused:
        ssh_format.read(text)
    assert refused.value.field == "key"
