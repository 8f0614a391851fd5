"""Heads of requests: which get through, and what the project sees of them."""

from __future__ import annotations

import json

import pytest
from lyceum_compute.gateway.forward import written
from lyceum_compute.gateway.head import MAX_HEAD, Head, read, take
from lyceum_compute.gateway.refusal import RefusedError

ID = "c2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"
OTHER = "00000000-0000-0000-0000-000000000000"
ACCOUNT = "aaaaaaaa-0000-4000-8000-000000000001"
OURS = {"X-Lyceum-Project": ID, "X-Lyceum-Kind": "terminal", "X-Lyceum-Account": ACCOUNT}


def request(
    target: str = f"/{ID}/terminal/main",
    *,
    method: str = "GET",
    version: str = "1.1",
    headers: dict[str, str] | None = None,
) -> bytes:
    lines = [f"{method} {target} HTTP/{version}", "Host: example.org"]
    lines += [f"{name}: {value}" for name, value in {**OURS, **(headers or {})}.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def refused(head: bytes) -> tuple[int, str]:
    with pytest.raises(RefusedError) as raised:
        read(head)
    return raised.value.status, raised.value.code


def lines_of(head: Head) -> set[bytes]:
    text = written(head)
    assert text.endswith(b"\r\n\r\n")
    return set(text.split(b"\r\n")) - {b""}


def test_websocket() -> None:
    head = read(
        request(
            f"/{ID}/terminal/main?rows=3&columns=4",
            headers={
                "Upgrade": "websocket",
                "Connection": "keep-alive, Upgrade",
                "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Extensions": "permessage-deflate",
            },
        )
    )
    assert (head.project, head.kind, head.account, head.upgrade) == (ID, "terminal", ACCOUNT, True)
    assert head.project_name == ID.replace("-", "")
    assert lines_of(head) == {
        f"GET /{ID}/terminal/main?rows=3&columns=4 HTTP/1.1".encode(),
        b"Host: example.org",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        b"Sec-WebSocket-Version: 13",
        f"X-Lyceum-Account: {ACCOUNT}".encode(),
        b"Connection: Upgrade",
        b"Upgrade: websocket",
    }


def test_what_a_project_is_not_told() -> None:
    secrets = {"Cookie": "__Host-lyceum_session=x", "authorization": "Bearer x", "Proxy-Authorization": "x"}
    head = read(request(headers={**secrets, "x-lyceum-anything": "x", "Connection": "keep-alive", "TE": "trailers"}))
    assert lines_of(head) == {
        f"GET /{ID}/terminal/main HTTP/1.1".encode(),
        b"Host: example.org",
        f"X-Lyceum-Account: {ACCOUNT}".encode(),
        b"Connection: close",
    }
    assert not head.upgrade


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "*",
        f"/{ID}",
        f"/{ID}/terminal",
        f"/{ID}/other/1/",
        f"/{ID}/terminal/a%20b",
        f"/{ID}/terminal/a/b",
        f"/{ID}/terminal/{'a' * 65}",
        f"/{ID.upper()}/terminal/a",
        f"/{ID}x/terminal/a",
        f"/{ID[:-1]}/terminal/a",
        f"//{ID}/terminal/a",
        f"/../{ID}/terminal/a",
        f"http://x/{ID}/terminal/a",
        f"/{ID}/terminal/\xe4",
    ],
)
def test_paths_that_lead_nowhere(target: str) -> None:
    assert refused(request(target))[0] in (400, 404)


@pytest.mark.parametrize(
    "changed",
    [
        {"X-Lyceum-Project": OTHER},
        {"X-Lyceum-Kind": "port"},
        {"X-Lyceum-Account": ""},
        {"X-Lyceum-Account": "me"},
        {"X-Lyceum-Account": f"{ACCOUNT}, {ACCOUNT}"},
    ],
)
def test_authorised_for_something_else(changed: dict[str, str]) -> None:
    assert refused(request(headers=changed)) == (403, "forbidden")


@pytest.mark.parametrize("name", OURS)
def test_header_twice_or_never(name: str) -> None:
    line = f"{name}: {OURS[name]}\r\n".encode()
    assert refused(request().replace(line, b"")) == (403, "forbidden")
    assert refused(request().replace(line, line + line.lower())) == (403, "forbidden")


@pytest.mark.parametrize(
    "head",
    [
        b"\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
        request(version="1.0"),
        request(headers={"Content-Length": "5"}),
        request(headers={"Transfer-Encoding": "chunked"}),
        request(headers={"X-Test": "a\x01b"}),
        request(headers={"X-Test": "a\nX-Lyceum-Account: b"}),
        request(headers={"X Test": "a"}),
    ],
)
def test_malformed(head: bytes) -> None:
    assert refused(head) == (400, "malformed")


def port(place: str = "8000/", *, method: str = "GET", **headers: str) -> bytes:
    own = {name.replace("_", "-"): value for name, value in headers.items()}
    return request(f"/{ID}/port/{place}", method=method, headers={"X-Lyceum-Kind": "port", **own})


def test_port() -> None:
    head = read(
        port("8000/a/b?c=d", method="POST", Content_Length="5", X_Lyceum_Origin="own", Authorization="Bearer x")
    )
    assert (head.port, head.own_origin, head.method) == (8000, True, "POST")
    assert lines_of(head) == {
        b"POST /a/b?c=d HTTP/1.1",
        b"Host: example.org",
        b"Content-Length: 5",
        f"X-Forwarded-Prefix: /{ID}/port/8000".encode(),
        f"X-Lyceum-Account: {ACCOUNT}".encode(),
        b"Connection: close",
    }


def test_jupyter_is_told_the_whole_path() -> None:
    head = read(port("jupyter/api?x"))
    assert (head.port, head.service) == (None, "jupyter")
    assert f"GET /{ID}/port/jupyter/api?x HTTP/1.1".encode() in lines_of(head)


def test_jupyter_alone_is_told_the_persons_name() -> None:
    assert b"X-Lyceum-Name: Ada L%C3%B6" in lines_of(read(port("jupyter/lab", X_Lyceum_Name="Ada L%C3%B6")))
    assert not [line for line in lines_of(read(port(X_Lyceum_Name="Ada"))) if b"Ada" in line]


def test_program_gets_its_own_cookies_and_no_other() -> None:
    cookies = "a=1; __Host-lyceum_project=x;__host-LYCEUM_session=y; lyceum_backend=hub1; b=2; __Secure-lyceum=1"
    assert b"Cookie: a=1; b=2" in lines_of(read(port(Cookie=cookies)))
    assert not [line for line in lines_of(read(port(Cookie="lyceum_backend=x"))) if line.startswith(b"Cookie")]


def test_program_gets_a_websockets_options() -> None:
    options = {"Sec_WebSocket_Protocol": "v1.kernel", "Sec_WebSocket_Extensions": "permessage-deflate"}
    lines = lines_of(read(port(Upgrade="websocket", Connection="upgrade", **options)))
    assert {b"Sec-WebSocket-Protocol: v1.kernel", b"Sec-WebSocket-Extensions: permessage-deflate"} <= lines


def test_missing_slash_after_a_port() -> None:
    with pytest.raises(RefusedError) as raised:
        read(port("8000?a=b"))
    assert f"Location: /{ID}/port/8000/?a=b\r\n".encode() in raised.value.response()


@pytest.mark.parametrize("place", ["0/", "65536/", "080/", "x/", "-1/", "8000x/", "", "/", "Jupyter/"])
def test_what_is_no_port(place: str) -> None:
    assert refused(port(place)) == (404, "not_found")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Length": "5", "Transfer_Encoding": "chunked"},
        {"Content_Length": "5, 5"},
        {"Content_Length": "+5"},
        {"Transfer_Encoding": "gzip, chunked"},
        {"Transfer_Encoding": "xchunked"},
        {"Transfer_Encoding": " chunked, identity"},
    ],
)
def test_two_ways_to_see_the_end(headers: dict[str, str]) -> None:
    assert refused(port(method="POST", **headers)) == (400, "malformed")


def test_methods_of_other_kinds() -> None:
    for method in ("CONNECT", "TRACE"):
        assert refused(port(method=method))[0] in (400, 405)
    for kind, method in (("files", "POST"), ("raw", "PUT")):
        head = request(f"/{ID}/{kind}/a", method=method, headers={"X-Lyceum-Kind": kind})
        assert refused(head) == (405, "invalid")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_other_methods(method: str) -> None:
    assert refused(request(method=method)) == (405, "invalid")


def test_take() -> None:
    too_long = RefusedError(431, "too_large", "too long")
    buffer = bytearray(b"GET / HTTP/1.1\r\n")
    assert take(buffer, too_long) is None
    buffer += b"\r\nrest"
    assert take(buffer, too_long) == b"GET / HTTP/1.1\r\n\r\n"
    assert buffer == b"rest"
    with pytest.raises(RefusedError):
        take(bytearray(MAX_HEAD), too_long)


def test_refusal_is_an_http_answer() -> None:
    head, _, body = RefusedError(503, "not_running", "it is not").response().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert json.loads(body) == {"error": {"code": "not_running", "message": "it is not"}}
