"""Files that are sent to a project: whole, in parts, broken off and resumed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.unit.compute.local_hub.conftest import names_in
from tests.unit.compute.local_hub.file_client import PROJECT, Files

UPLOAD = "upload-0123456789"


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
