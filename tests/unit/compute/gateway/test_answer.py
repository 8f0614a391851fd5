"""Heads of a project's answers: a stranger's, and on the hub's origin."""

from __future__ import annotations

import pytest
from lyceum_compute.gateway.answer import rewrite
from lyceum_compute.gateway.head import RefusedError

ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def answer(status: str, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


SWITCH = answer(
    "101 Switching", Upgrade="websocket", Connection="Upgrade", Sec_WebSocket_Accept=ACCEPT, Set_Cookie="a=b"
)


def test_websocket() -> None:
    assert rewrite(SWITCH, upgrade=True).split(b"\r\n") == [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: " + ACCEPT.encode(),
        b"",
        b"",
    ]


def test_no_page_or_cookie_gets_through() -> None:
    head = rewrite(
        answer(
            "200 <script>",
            Content_Type="text/html",
            Set_Cookie="__Host-lyceum_session=x",
            Content_Length="12",
            Access_Control_Allow_Origin="*",
            Clear_Site_Data="*",
            X_Accel_Redirect="/internal",
        ),
        upgrade=False,
    ).lower()
    assert head.startswith(b"http/1.1 200 ok\r\n")
    assert b"content-type: application/json" in head
    assert b"nosniff" in head
    assert b"sandbox" in head
    assert b"content-length: 12" in head
    for held_back in (b"html", b"cookie", b"script", b"access-control", b"clear-site", b"accel"):
        assert held_back not in head


@pytest.mark.parametrize(
    ("head", "upgrade"),
    [
        (SWITCH, False),
        (answer("101 Switching", Upgrade="h2c", Connection="Upgrade"), True),
        (answer("101 Switching", Upgrade="websocket", Connection="Upgrade", Sec_WebSocket_Accept="x"), True),
        (answer("302 Found", Location="https://elsewhere.example"), False),
        (answer("401 Unauthorized", WWW_Authenticate="Basic"), False),
        (answer("100 Continue"), False),
        (answer("999 What"), False),
        (b"nonsense\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", False),
    ],
)
def test_nonsense(head: bytes, upgrade: bool) -> None:
    with pytest.raises(RefusedError) as raised:
        rewrite(head, upgrade=upgrade)
    assert raised.value.status == 502


def test_length_that_is_none() -> None:
    head = rewrite(answer("404 Not Found"), upgrade=False)
    assert b"Content-Length" not in head
    assert b"Connection: close" in head
