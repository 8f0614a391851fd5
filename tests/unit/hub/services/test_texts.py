"""Addresses of e-mail, names and texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lyceum_hub.errors import InvalidError
from lyceum_hub.services import texts


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        (" Ada@Example.ORG ", "ada@example.org"),
        ("a.b+c@x.y", "a.b+c@x.y"),
        ("\N{FULLWIDTH LATIN SMALL LETTER A}@example.org", "a@example.org"),
        ("müller@université.fr", "müller@université.fr"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_an_address_has_one_normal_form(typed: str, normal: str) -> None:
    assert texts.email_address(typed) == normal


@pytest.mark.parametrize(
    "typed",
    [
        "", "ada", "@example.org", "ada@", "a@b@c", "a b@c.d", "a@b..c", "a@-b.c", ".a@b.c", "a..b@c.d", "a@b c",
        "a\n@b.c", "a" * 65 + "@b.c", "a@" + "b" * 64 + ".c", "<a@b.c>", "a@b.c\r\nBcc: x@y.z",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidError) as refused:
        texts.email_address(typed)
    assert refused.value.field == "email_address"


@given(st.text())
def test_the_normal_form_of_a_normal_form_is_itself(typed: str) -> None:
    try:
        normal = texts.email_address(typed)
    except InvalidError:
        return
    assert texts.email_address(normal) == normal
    assert normal == normal.lower()


def test_a_line_has_no_control_characters_and_a_length() -> None:
    assert texts.line("  e\N{COMBINING ACUTE ACCENT}t\N{LATIN SMALL LETTER E WITH ACUTE} ", "title", most=5) == "été"
    for typed in ("a\nb", "a\x1bb", "a\u2028b", "", "toolong"):
        with pytest.raises(InvalidError):
            texts.line(typed, "title", least=1, most=5)


def test_a_paragraph_may_have_lines() -> None:
    assert texts.paragraph("a\r\nb\tc", "description", most=10) == "a\nb\tc"
    for typed in ("a\x00b", "x" * 11):
        with pytest.raises(InvalidError):
            texts.paragraph(typed, "description", most=10)
