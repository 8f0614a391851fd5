"""Messages and paths from the outside."""

from __future__ import annotations

import pytest
from lyceum_compute.console.messages import FromViewer, NonsenseError, Size, decode, hello, target_of

ID = "c2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"


def test_messages() -> None:
    assert decode('{"resize": {"rows": 10, "columns": 20}}') == FromViewer(resize=Size(10, 20))
    assert decode('{"acknowledge": 5, "new": 1}') == FromViewer(acknowledge=5)
    assert decode('{"ping": 1.5}') == FromViewer(ping=1.5)
    assert decode('{"end": true}') == FromViewer(end=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "1",
        '{"resize": 1}',
        '{"resize": {"rows": "a"}}',
        '{"acknowledge": 1.5}',
        '{"end": 1}',
        "[" * 4000,
        " " * 5000,
    ],
)
def test_nonsense(text: str) -> None:
    with pytest.raises(NonsenseError):
        decode(text)


def test_hello() -> None:
    assert hello("a", Size(24, 80), 7) == '{"hello":{"session":"a","rows":24,"columns":80,"history_bytes":7}}'


def test_sizes_are_bounded() -> None:
    assert Size(0, -5).within_bounds() == Size(1, 1)
    assert Size(10**9, 10**9).within_bounds() == Size(500, 1000)


def test_targets() -> None:
    target = target_of(f"/{ID}/terminal/main-1_A?rows=30&columns=100")
    assert target is not None
    assert (target.project, target.session, target.size) == (ID, "main-1_A", Size(30, 100))
    listing = target_of(f"/{ID}/terminal/")
    assert listing is not None
    assert listing.session == ""
    for query in ("", "?", "?rows=x&columns=-1", "?rows=99999"):
        odd = target_of(f"/{ID}/terminal/a{query}")
        assert odd is not None
        assert odd.size == Size(24, 80)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        f"/{ID}/terminal",
        f"/{ID}/terminal/a/b",
        f"/{ID}/terminal/a%20b",
        f"/{ID}/terminal/{'a' * 65}",
        f"/{ID.upper()}/terminal/a",
        f"/{ID}/port/1",
    ],
)
def test_no_target(path: str) -> None:
    assert target_of(path) is None
