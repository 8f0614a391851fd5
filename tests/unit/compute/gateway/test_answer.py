"""Heads of a project's answers: a stranger's, and on the hub's origin."""

from __future__ import annotations

import pytest
from lyceum_compute.gateway import answer as answers
from lyceum_compute.gateway.head import Head
from lyceum_compute.gateway.refusal import RefusedError

ID = "c2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def asked(kind: str = "terminal", service: str = "", *, upgrade: bool = False, own: bool = True) -> Head:
    target = f"/{ID}/{kind}/{service}/".encode()
    headers = [(b"Host", b"own.example:8443")]
    return Head(ID, kind, "a", "GET", target, headers, upgrade=upgrade, own_origin=own, service=service)


def rewrite(head: bytes, request: Head | None = None, *, upgrade: bool = False) -> bytes:
    written = answers.rewrite(head, request or asked(upgrade=upgrade))
    assert written is not None
    assert written.endswith(b"\r\n\r\n")
    return written


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


PORT = asked("port", "8000")


def test_a_programs_answer_gets_through_on_its_own_origin() -> None:
    head = rewrite(
        answer(
            "299 Odd",
            Content_Type="text/html",
            Transfer_Encoding="chunked",
            Connection="keep-alive, X-Thing",
            Keep_Alive="5",
            Access_Control_Allow_Origin="*",
            Content_Security_Policy="default-src *",
            Clear_Site_Data="*",
            Strict_Transport_Security="max-age=1; includeSubDomains",
            X_Accel_Redirect="/internal/authorise",
            X_Lyceum_Account="x",
            WWW_Authenticate="Basic",
            Service_Worker_Allowed="/",
        ),
        PORT,
    )
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 299 Unknown",
        b"Connection: close",
        b"Content-Type: text/html",
        b"Transfer-Encoding: chunked",
        b"Access-Control-Allow-Origin: *",
        b"Content-Security-Policy: default-src *",
        b"Service-Worker-Allowed: /",
        b"",
        b"",
    ]
    assert b"Service-Worker" not in rewrite(answer("200 OK", Service_Worker_Allowed="/"), asked("port", "1", own=False))


def cookies(value: str, *, own: bool = True) -> list[bytes]:
    head = rewrite(answer("200 OK", Set_Cookie=value), asked("port", "8000", own=own))
    return [line.removeprefix(b"Set-Cookie: ") for line in head.split(b"\r\n") if line.startswith(b"Set-Cookie")]


@pytest.mark.parametrize(
    "value",
    [
        "__Host-lyceum_session=x; Path=/; Secure",
        " __host-LYCEUM_project =x",
        "lyceum_backend=x",
        "a=b; Domain=example.org",
        "a=b; path=/;  DOMAIN = .example.org",
        "a=b;domain",
        "=__Host-lyceum_session=x",
        "__Host-lyceum_session",
        "",
    ],
)
def test_cookies_that_a_project_cannot_set(value: str) -> None:
    assert cookies(value) == []
    assert cookies(value, own=False) == []


def test_cookies_that_a_project_can_set() -> None:
    assert cookies("a=b; Path=/; HttpOnly") == [b"a=b; Path=/; HttpOnly"]
    assert cookies("__Host-x=b; Path=/; Secure") == [b"__Host-x=b; Path=/; Secure"]
    assert cookies("a=b; Path=/; HttpOnly", own=False) == [f"a=b; HttpOnly; Path=/{ID}/".encode()]
    assert cookies("__Host-x=b; Path=/; Secure", own=False) == []


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ("/a?b", f"/{ID}/port/8000/a?b"),
        ("a", "a"),
        ("", ""),
        (f"/{ID}/port/8000/a", f"/{ID}/port/8000/a"),
        ("http://own.example:8443/a", f"/{ID}/port/8000/a"),
        ("http://127.0.0.1:8000", f"/{ID}/port/8000/"),
        ("http://localhost:8000?a", f"/{ID}/port/8000/?a"),
        ("http://localhost:80000/a", "http://localhost:80000/a"),
        ("https://elsewhere.example/a", "https://elsewhere.example/a"),
        ("//elsewhere.example/a", "//elsewhere.example/a"),
    ],
)
def test_where_a_program_at_the_root_sends_the_browser(said: str, seen: str) -> None:
    assert f"Location: {seen}".rstrip().encode() in rewrite(answer("302 Found", Location=said), PORT)
    jupyter = rewrite(answer("302 Found", Location=said), asked("port", "jupyter"))
    assert f"Location: {said}".rstrip().encode() in jupyter


def test_websockets_options() -> None:
    switch = answer(
        "101 X", Upgrade="websocket", Connection="Upgrade", Sec_WebSocket_Accept=ACCEPT, Sec_WebSocket_Protocol="a"
    )
    assert b"Sec-WebSocket-Protocol: a" in rewrite(switch, asked("port", "1", upgrade=True))
    with pytest.raises(RefusedError):
        rewrite(switch, asked("files", upgrade=True))


@pytest.mark.parametrize(
    "head",
    [
        answer("200 OK", Content_Length="5", Transfer_Encoding="chunked"),
        answer("200 OK", Content_Length="5").replace(b"\r\n\r\n", b"\r\nContent-Length: 6\r\n\r\n"),
        answer("200 OK", Transfer_Encoding="chunked").replace(b"1.1", b"1.0"),
        answer("200 OK", Transfer_Encoding="gzip, chunked"),
        answer("600 What"),
        answer("101 Switching", Upgrade="h2c"),
        b"\x16\x03\x01" + b"x" * 100 + b"\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
    ],
)
def test_answers_of_unclear_length_and_garbage(head: bytes) -> None:
    with pytest.raises(RefusedError) as raised:
        rewrite(head, PORT)
    assert raised.value.status == 502


def test_an_answer_that_only_says_that_another_follows() -> None:
    assert answers.rewrite(answer("100 Continue"), PORT) is None
    assert answers.rewrite(answer("103 Early Hints", Link="</a>"), PORT) is None


def test_files_are_to_be_kept_and_not_shown() -> None:
    head = rewrite(
        answer(
            "206 Partial Content",
            Content_Type="text/html",
            Content_Disposition="attachment; filename*=UTF-8''a%20b.html",
            Content_Range="bytes 0-1/5",
            Content_Length="2",
            ETag='"x"',
            Set_Cookie="a=b",
            Refresh="0; url=/",
        ),
        asked("files", own=False),
    )
    lines = set(head.split(b"\r\n"))
    assert {
        b"Content-Disposition: attachment; filename*=UTF-8''a%20b.html",
        b"Content-Type: application/octet-stream",
        b"X-Content-Type-Options: nosniff",
        b"Content-Range: bytes 0-1/5",
        b"Content-Length: 2",
        b'ETag: "x"',
    } <= lines
    assert b"sandbox" in head
    for held_back in (b"cookie", b"refresh", b"html;"):
        assert held_back not in head.lower()
    odd = rewrite(answer("200 OK", Content_Disposition='inline; filename="x.html"'), asked("files", own=False))
    assert b"\r\nContent-Disposition: attachment\r\n" in odd
    with pytest.raises(RefusedError):
        rewrite(answer("302 Found", Location="/"), asked("files"))


def test_raw_is_a_page_on_its_own_origin_and_nobodys_on_the_hubs() -> None:
    said = answer("200 OK", Content_Type="text/html", Set_Cookie="a=b")
    assert b"sandbox" not in rewrite(said, asked("raw"))
    shared = rewrite(said, asked("raw", own=False))
    assert b"Content-Type: text/html" in shared
    assert b"sandbox allow" in shared
    assert b"allow-same-origin" not in shared
    assert b"Cookie" not in shared
    moved = f"/{ID}/raw/folder/"
    assert f"Location: {moved}".encode() in rewrite(answer("301 Moved", Location=moved), asked("raw"))
    with pytest.raises(RefusedError):
        rewrite(answer("301 Moved", Location="//elsewhere.example/"), asked("raw"))
