"""The project's files over HTTP: downloads, uploads, archives, trees."""

from __future__ import annotations

import http.client
import io
import json
import os
import socket
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from lyceum_compute.local_hub import archives
from lyceum_compute.local_hub.confinement import Home
from lyceum_compute.local_hub.file_server import FileServer

from tests.unit.compute.local_hub.conftest import names_in

PROJECT = "5d2f0c3e-9a4b-4c1d-8e7f-0123456789ab"
UPLOAD = "upload-0123456789"


class Answer:
    """What came back."""

    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["error"]["code"])


class Files:
    """The file server, one connection for each request."""

    def __init__(self, home: Home) -> None:
        self.server = FileServer(home)

    @contextmanager
    def connected(self) -> Iterator[socket.socket]:
        ours, theirs = socket.socketpair()
        ours.settimeout(10)

        def serve() -> None:
            with theirs:
                self.server.serve(theirs)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield ours
        finally:
            ours.close()
            thread.join(10)
            assert not thread.is_alive()

    def ask(self, method: str, path: str, body: Any = None, *, kind: str = "files", **headers: str) -> Answer:
        with self.connected() as sock:
            connection = http.client.HTTPConnection("project")
            connection.sock = sock
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(
                method,
                f"/{PROJECT}/{kind}/{path}",
                body,
                named,
                encode_chunked=body is not None and not isinstance(body, bytes),
            )
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Answer:
        return self.ask("PUT", path, body, **headers)


@pytest.fixture
def files(home: Home) -> Files:
    return Files(home)


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


# Uploads.


def test_a_file_arrives(files: Files, folder: Path) -> None:
    answer = files.put("new/folder/a", b"hello")
    assert (answer.status, json.loads(answer.body)["size"]) == (201, 5)
    assert (folder / "new" / "folder" / "a").read_bytes() == b"hello"
    assert answer.headers["ETag"] == files.get("new/folder/a").headers["ETag"]
    (folder / "new" / "folder" / "a").chmod(0o750)
    assert files.put("new/folder/a", iter([b"other ", b"content"])).status == 200
    assert (folder / "new" / "folder" / "a").read_bytes() == b"other content"
    assert (folder / "new" / "folder" / "a").stat().st_mode & 0o777 == 0o750
    assert names_in(folder / "new" / "folder") == ["a"]


def test_conditions_of_uploads(files: Files, folder: Path) -> None:
    assert files.put("a", b"1", If_None_Match="*").status == 201
    refused = files.put("a", b"2" * 1_000_000, If_None_Match="*")
    assert (refused.status, refused.code) == (412, "precondition_failed")
    assert files.put("a", b"2", If_Match='"x"').status == 412
    assert files.put("b", b"2", If_Match="*").status == 412
    assert files.put("a", b"2", If_Match=files.get("a").headers["ETag"]).status == 200
    assert names_in(folder) == ["a"]


def test_what_an_upload_cannot_replace(files: Files, folder: Path, outside: Path) -> None:
    (folder / "folder").mkdir()
    (folder / "file").touch()
    (folder / "out").symlink_to(outside)
    (folder / "protected").touch(mode=0o444)
    os.mkfifo(folder / "pipe")
    assert files.put("folder", b"").code == "is_a_directory"
    assert files.put("new/", b"").code == "is_a_directory"
    assert files.put("file/below", b"").code == "not_a_directory"
    assert files.put("out/a", b"").code == "forbidden"
    assert files.put("protected", b"").code == "forbidden"
    assert files.put("pipe", b"").code == "invalid"
    assert files.put("a", b"", Content_Length=str(10**16)).code == "too_large"
    assert names_in(outside) == ["secret"]


def test_a_broken_upload_leaves_nothing(files: Files, folder: Path) -> None:
    with files.connected() as sock:
        sock.sendall(f"PUT /{PROJECT}/files/a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf".encode())
    assert names_in(folder) == []


def test_a_broken_upload_is_resumed(files: Files, folder: Path) -> None:
    query = f"?upload={UPLOAD}"
    assert files.ask("HEAD", "d/a" + query).headers["Upload-Offset"] == "0"
    with files.connected() as sock:
        sock.sendall(f"PUT /{PROJECT}/files/d/a{query} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123".encode())
    assert files.ask("HEAD", "d/a" + query).headers["Upload-Offset"] == "4"
    wrong = files.put(f"d/a{query}&offset=5", b"56789")
    assert (wrong.status, wrong.headers["Upload-Offset"]) == (409, "4")
    assert files.put(f"d/a{query}&offset=4", b"456789").status == 201
    assert (folder / "d" / "a").read_bytes() == b"0123456789"
    assert names_in(folder / "d") == ["a"]


def test_an_upload_in_parts(files: Files, folder: Path) -> None:
    query = f"?upload={UPLOAD}"
    answer = files.put("a" + query, b"01234", Content_Range="bytes 0-4/10")
    assert (answer.status, answer.headers["Upload-Offset"]) == (202, "5")
    assert files.put("a" + query, b"567", Content_Range="bytes 5-9/10").code == "invalid"
    assert files.put("a" + query, b"01234", Content_Range="bytes 0-4/10").status == 202
    assert files.put("a" + query, b"56789x", Content_Range="bytes 5-9/10").code == "too_large"
    files.put("a" + query, b"01234", Content_Range="bytes 0-4/10")
    assert files.put("a" + query, b"56789", Content_Range="bytes 5-9/10").status == 201
    assert (folder / "a").read_bytes() == b"0123456789"
    assert files.put("a" + query, b"", Content_Range="bytes 5-4/10").code == "invalid"
    assert files.put("a", b"x", Content_Range="bytes 0-0/1").code == "invalid"
    assert files.put("a?offset=3", b"x").code == "invalid"
    assert files.put("a?upload=short", b"x").code == "invalid"


def test_an_upload_is_given_up(files: Files, folder: Path) -> None:
    files.put(f"a?upload={UPLOAD}", b"01", Content_Range="bytes 0-1/10")
    assert len(names_in(folder)) == 1
    assert files.ask("DELETE", f"a?upload={UPLOAD}").status == 204
    assert files.ask("DELETE", f"none/a?upload={UPLOAD}").status == 204
    assert names_in(folder) == []
    assert files.ask("DELETE", "a").status == 405


def test_the_newest_connection_goes_on_with_an_upload(files: Files, folder: Path) -> None:
    with files.connected() as sock:
        sock.sendall(
            f"PUT /{PROJECT}/files/a?upload={UPLOAD} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n01".encode()
        )
        while files.ask("HEAD", f"a?upload={UPLOAD}").headers["Upload-Offset"] != "2":
            pass
        assert files.put(f"a?upload={UPLOAD}&offset=2", b"23").status == 201
        assert sock.recv(100) == b""
    assert (folder / "a").read_bytes() == b"0123"


def test_no_link_is_taken_for_an_upload(files: Files, folder: Path, outside: Path) -> None:
    (folder / f".lyceum-upload-{UPLOAD}").symlink_to(outside / "secret")
    assert files.put(f"a?upload={UPLOAD}", b"x").status == 422
    assert (outside / "secret").read_text() == "secret"


@pytest.mark.parametrize("named", ["", f"?upload={UPLOAD}"])
def test_a_full_disk(files: Files, folder: Path, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(*_: Any) -> int:
        raise OSError(122, "Disk quota exceeded")

    monkeypatch.setattr("lyceum_compute.local_hub.uploads.os.write", write)
    answer = files.put("a" + named, b"x" * 1_000_000)
    assert (answer.status, answer.code) == (507, "disk_quota")
    assert b"delete files" in answer.body
    assert names_in(folder) == []


# Trees.


def tree_of(members: list[tarfile.TarInfo], content: bytes = b"x") -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for member in members:
            member.size = len(content) if member.isreg() else 0
            archive.addfile(member, io.BytesIO(content))
    return held.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, 0o4755
    return info


@pytest.mark.process("tar")
@pytest.mark.process("rm")
def test_a_tree_goes_from_one_project_to_another(files: Files, folder: Path, tmp_path: Path) -> None:
    top = folder / os.fsdecode(b"t\xe9")
    (top / "below").mkdir(parents=True)
    (top / "below" / "a").write_text("a")
    (top / "link").symlink_to("below/a")
    os.link(top / "below" / "a", top / "hard")
    (top / "-rf").touch()
    sent = files.ask("GET", "t%E9", kind="tree")
    assert sent.status == 200
    other = tmp_path / "other"
    other.mkdir()
    there = Files(Home(str(other)))
    assert there.ask("PUT", "x/copy", iter([sent.body]), kind="tree").status == 200
    copy = other / "x" / "copy"
    assert (copy / "below" / "a").read_text() == "a"
    assert (copy / "link").readlink() == Path("below/a")
    assert (copy / "hard").samefile(copy / "below" / "a")
    assert names_in(other / "x") == ["copy"]
    assert there.ask("PUT", "x/copy", sent.body, kind="tree").code == "conflict"
    assert there.ask("PUT", "x/copy?overwrite=1", sent.body, kind="tree").status == 200
    assert names_in(other / "x") == ["copy"]
    assert files.ask("GET", "none", kind="tree").status == 404
    assert files.ask("GET", "", kind="tree").status == 422


@pytest.mark.process("tar")
@pytest.mark.process("rm")
@pytest.mark.parametrize(
    "members",
    [
        [member("../../outside/new")],
        [member("a", tarfile.SYMTYPE, "../../outside"), member("a/new")],
        [member("d", tarfile.DIRTYPE), member("d/a", tarfile.SYMTYPE, "../../../outside"), member("d/a/new")],
        [member("d", tarfile.DIRTYPE), member("d/a", tarfile.LNKTYPE, "../../outside/secret"), member("d/a")],
        [member("one"), member("two")],
        [],
    ],
)
def test_a_hostile_tree(files: Files, folder: Path, outside: Path, members: list[tarfile.TarInfo]) -> None:
    answer = files.ask("PUT", "copy", tree_of(members), kind="tree")
    assert answer.status >= 400
    assert names_in(folder) == []
    assert names_in(outside) == ["secret"]
    assert (outside / "secret").read_text() == "secret"


@pytest.mark.process("tar")
@pytest.mark.process("rm")
def test_a_tree_gives_no_right_and_follows_no_link(files: Files, folder: Path, outside: Path) -> None:
    members = [member("d", tarfile.DIRTYPE), member("d/a"), member("d/abs", tarfile.SYMTYPE, str(outside))]
    assert files.ask("PUT", "copy", tree_of(members), kind="tree").status == 200
    assert (folder / "copy" / "a").stat().st_mode & 0o7000 == 0
    assert files.get("copy/abs/secret").status == 403


@pytest.mark.process("tar")
@pytest.mark.process("rm")
def test_half_a_tree_leaves_nothing(files: Files, folder: Path) -> None:
    tree = tree_of([member("a")], b"x" * 100_000)
    with files.connected() as sock:
        sock.sendall(f"PUT /{PROJECT}/tree/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        sock.sendall(b"%x\r\n%b\r\n" % (50_000, tree[:50_000]))
    assert names_in(folder) == []
    assert files.ask("PUT", "a", tree[:50_000], kind="tree").status >= 400
    assert names_in(folder) == []


def test_paths_with_spaces(files: Files, folder: Path) -> None:
    (folder / "a b").write_text("x")
    assert files.get(quote("a b")).body == b"x"
