"""Names that are no text, as text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lyceum_compute.protocol.names import bytes_of, text_of


@given(st.binary() | st.text("\\\\x5c9ef").map(str.encode))
def test_there_and_back(name: bytes) -> None:
    text = text_of(name)
    assert bytes_of(json.loads(json.dumps(text).encode())) == name
    text.encode()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (b"caf\xc3\xa9", "caf\u00e9"),
        (b"caf\xe9", r"caf\xe9"),
        (rb"caf\xe9", r"caf\x5cxe9"),
        (rb"C:\xyz\x41", r"C:\xyz\x41"),
        (rb"\x5c", r"\x5cx5c"),
    ],
)
def test_what_it_looks_like(name: bytes, text: str) -> None:
    assert text_of(name) == text


@pytest.mark.parametrize("text", [r"\x2f", r"\x2e\x2e", r"\x00", r"\x5C"])
def test_nothing_is_smuggled(text: str) -> None:
    assert bytes_of(text) == text.encode()


def test_half_a_character_is_no_text() -> None:
    with pytest.raises(UnicodeEncodeError):
        bytes_of("\udce9")
