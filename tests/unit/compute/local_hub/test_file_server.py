"""The project's files over HTTP: downloads, uploads, archives, trees."""

from __future__ import annotations

import io
import os
import socket
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from lyceum_compute.local_hub import archives

from tests.unit.compute.local_hub.file_client import PROJECT, Files

# Downloads.


def test_a_file_is_sent_as_it_is(files: Files, folder: Path) -> None:
    (folder / "a.html").write_bytes(b"\x00hello")
    answer = files.get("a.html")
    assert (answer.status, answer.body) == (200, b"\x00hello")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a.html"
    assert answer.headers["Accept-Ranges"] == "bytes"
    head = files.ask("HEAD", "a.html")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", "6")


@pytest.mark.parametrize(
    ("wanted", "body", "range_"),
    [
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=7-99", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-99", b"0123456789", "bytes 0-9/10"),
    ],
)
def test_a_range(files: Files, folder: Path, wanted: str, body: bytes, range_: str) -> None:
    (folder / "a").write_bytes(b"0123456789")
    answer = files.get("a", Range=wanted)
    assert (answer.status, answer.body, answer.headers["Content-Range"]) == (206, body, range_)


@pytest.mark.parametrize("wanted", ["bytes=1-2,4-5", "bytes=5-2", "lines=1-2", "bytes=x-"])
def test_a_range_that_is_none_of_ours_gets_the_whole(files: Files, folder: Path, wanted: str) -> None:
    (folder / "a").write_bytes(b"0123456789")
    assert files.get("a", Range=wanted).status == 200


def test_a_range_behind_the_end(files: Files, folder: Path) -> None:
    (folder / "a").write_bytes(b"0123456789")
    answer = files.get("a", Range="bytes=10-")
    assert (answer.status, answer.code, answer.headers["Content-Range"]) == (416, "unsatisfiable", "bytes */10")
    (folder / "empty").touch()
    assert files.get("empty", Range="bytes=-1").status == 416


def test_conditions(files: Files, folder: Path) -> None:
    (folder / "a").write_bytes(b"0123456789")
    first = files.get("a")
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    assert files.get("a", If_None_Match=etag).status == 304
    assert files.get("a", If_None_Match=f'"x", W/{etag}').status == 304
    assert files.get("a", If_None_Match='"x"').status == 200
    assert files.get("a", If_Modified_Since=modified).status == 304
    assert files.get("a", If_Match='"x"').code == "precondition_failed"
    assert files.get("a", If_Match=etag).status == 200
    assert files.get("a", If_Unmodified_Since="Thu, 01 Jan 1970 00:00:00 GMT").status == 412
    assert files.get("a", Range="bytes=1-", If_Range=etag).status == 206
    assert files.get("a", Range="bytes=1-", If_Range='"x"').status == 200


def test_what_is_not_a_file(files: Files, folder: Path, outside: Path) -> None:
    (folder / "folder").mkdir()
    (folder / "file").touch()
    (folder / "out").symlink_to(outside / "secret")
    os.mkfifo(folder / "pipe")
    (folder / "denied").write_text("x")
    assert (files.get("nothing").status, files.get("nothing").code) == (404, "not_found")
    assert files.get("file/below").code == "not_found"
    assert (files.get("folder").status, files.get("folder").code) == (409, "is_a_directory")
    assert files.get("folder/").code == "is_a_directory"
    assert files.get("").code == "is_a_directory"
    assert (files.get("pipe").status, files.get("pipe").code) == (422, "invalid")
    assert (files.get("out").status, files.get("out").code) == (403, "forbidden")
    assert files.get("a/../../outside/secret").code == "invalid"
    assert files.get("%2e%2e/outside/secret").code == "invalid"
    assert files.get("%2Fetc/passwd").code == "invalid"
    assert files.get("a%00b").code == "invalid"


def test_a_name_that_is_no_text(files: Files, folder: Path) -> None:
    name = b"\xe9" * 255
    (folder / os.fsdecode(name)).write_bytes(b"found")
    answer = files.get("%E9" * 255)
    assert (answer.status, answer.body) == (200, b"found")
    literal = folder / "\\xe9"
    literal.write_bytes(b"literal")
    assert files.get("%5Cxe9").body == b"literal"


def test_a_petabyte_of_nothing(files: Files, folder: Path) -> None:
    with (folder / "sparse").open("wb") as file:
        try:
            file.truncate(10**15)
        except OSError:
            file.truncate(10**13)  # ext4 has no larger files
        size = file.tell() or os.fstat(file.fileno()).st_size
    answer = files.get("sparse", Range=f"bytes={size - 3}-")
    assert (answer.status, answer.body) == (206, bytes(3))
    assert files.ask("HEAD", "sparse").headers["Content-Length"] == str(size)
    assert files.get("?zip").code == "too_large"


def test_a_file_that_grows_and_one_that_shrinks(files: Files, folder: Path) -> None:
    path = folder / "a"
    for change, complete in ((2_000_000, True), (10, False)):
        path.write_bytes(bytes(1_000_000))
        with files.connected() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.sendall(f"GET /{PROJECT}/files/a HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            begun = sock.recv(1000)
            os.truncate(path, change)
            rest = b""
            while part := sock.recv(65536):
                rest += part
        body = (begun + rest).partition(b"\r\n\r\n")[2]
        assert (len(body) == 1_000_000) is complete


def test_methods_and_nonsense(files: Files) -> None:
    answer = files.ask("POST", "a", b"x")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, PUT, DELETE")
    assert files.ask("PUT", "a", b"x", kind="raw").status == 405
    assert files.ask("GET", "a", kind="other").status == 404
    with files.connected() as sock:
        sock.sendall(b"nonsense\r\n\r\n")
        assert b" 400 " in sock.recv(100)
    with files.connected() as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 40_000)
        sock.shutdown(socket.SHUT_WR)
        assert b" 400 " in sock.recv(100)


# Pages.


def test_raw_says_the_type_and_finds_the_index(files: Files, folder: Path) -> None:
    (folder / "site").mkdir()
    (folder / "site" / "index.html").write_text("<p>")
    (folder / "a.svg").write_text("<svg/>")
    (folder / "b.ipynb").write_text("{}")
    (folder / "c").write_text("?")
    (folder / "bare").mkdir()
    types = [files.ask("GET", name, kind="raw").headers["Content-Type"] for name in ("a.svg", "b.ipynb", "c", "site/")]
    assert types == ["image/svg+xml", "application/json", "application/octet-stream", "text/html; charset=utf-8"]
    moved = files.ask("GET", "site?x=1", kind="raw")
    assert (moved.status, moved.headers["Location"]) == (301, f"/{PROJECT}/raw/site/")
    assert files.ask("GET", "bare/", kind="raw").status == 404
    assert "Content-Disposition" not in files.ask("GET", "a.svg", kind="raw").headers


# Archives.


def test_a_folder_as_an_archive(files: Files, folder: Path, outside: Path) -> None:
    top = folder / "top"
    (top / "below" / "empty").mkdir(parents=True)
    (top / "below" / "a.txt").write_text("a" * 100_000)
    (top / os.fsdecode(b"caf\xe9")).write_text("bytes")
    (top / "odd").write_text("time")
    os.utime(top / "odd", (2**33, 2**33))
    (top / "link").symlink_to(outside / "secret")
    os.mkfifo(top / "pipe")
    answer = files.get("top?zip")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/zip")
    assert answer.headers["Content-Disposition"].endswith("''top.zip")
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == ["below/", "below/a.txt", "below/empty/", "caf\\xe9", "odd"]
        assert archive.read("below/a.txt") == b"a" * 100_000


def test_an_archive_of_too_much(files: Files, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_ENTRIES", 10)
    for number in range(11):
        (folder / f"{number}").touch()
    answer = files.get("?zip")
    assert (answer.status, answer.code) == (413, "too_large")


def test_paths_with_spaces(files: Files, folder: Path) -> None:
    (folder / "a b").write_text("x")
    assert files.get(quote("a b")).body == b"x"
