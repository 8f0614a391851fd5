"""A project's files from outside, through the whole chain, hostile ones too."""

from __future__ import annotations

import asyncio
import http.client
import io
import json
import os
import secrets
import ssl
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.instance.client import Client, refused
from tests.instance.conftest import ClientMaker

pytestmark = [pytest.mark.lab, pytest.mark.thorough]

#: Names in one folder. A million takes CI too long to make; the way through them is the same.
MANY = 20_000


@pytest.fixture
def client(shared_client: Client) -> Client:
    return shared_client


@pytest.fixture
def project(shared_project: str) -> str:
    return shared_project


class Files:
    """What one person does with one project's files over HTTP."""

    def __init__(self, client: Client, project: str) -> None:
        self.client, self.project = client, project

    def path(self, path: str) -> str:
        return f"/{self.project}/files/{path}"

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.http.get(self.path(path), headers=named(headers))

    def head(self, path: str) -> httpx.Response:
        return self.client.http.head(self.path(path))

    def put(self, path: str, content: Any, **headers: str) -> httpx.Response:
        return self.client.http.put(self.path(path), content=content, headers=named(headers))

    def run(self, script: str) -> str:
        answer = self.client.run(self.project, script)
        assert answer["exit_code"] == 0, answer
        return str(answer["stdout"])

    def call(self, event: str, **fields: Any) -> Any:
        return self.client.call(event, project_id=self.project, **fields)

    def names(self, path: str = "", **more: Any) -> list[str]:
        return [entry["name"] for entry in self.call("list_directory", path=path, hidden=True, **more)["entries"]]


def named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def code(response: httpx.Response) -> tuple[int, str]:
    assert "Traceback" not in response.text
    return response.status_code, response.json()["error"]["code"]


def until(true: Callable[[], Any], seconds: float = 20) -> None:
    """Wait for something that happens elsewhere."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


@pytest.fixture
def files(client: Client, project: str) -> Files:
    return Files(client, project)


# Transfers.


def test_upload_download_and_ranges(files: Files) -> None:
    content = os.urandom(8_000_000)
    made = files.put("new folder/größe.bin", (content[at : at + 100_000] for at in range(0, len(content), 100_000)))
    assert (made.status_code, made.json()["size"]) == (201, len(content))
    whole = files.get("new folder/größe.bin")
    assert whole.content == content
    assert whole.headers["Content-Type"] == "application/octet-stream"
    assert whole.headers["Content-Disposition"].startswith("attachment")
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in whole.headers["Content-Security-Policy"]
    part = files.get("new folder/größe.bin", Range="bytes=1000000-1000009")
    assert (part.status_code, part.content) == (206, content[1_000_000:1_000_010])
    assert files.get("new folder/größe.bin", If_None_Match=whole.headers["ETag"]).status_code == 304
    assert code(files.get("new folder/größe.bin", Range="bytes=8000000-")) == (416, "unsatisfiable")
    assert code(files.put("new folder/größe.bin", b"x", If_None_Match="*")) == (412, "precondition_failed")
    assert files.put("new folder/größe.bin", b"x", If_Match=whole.headers["ETag"]).status_code == 200
    assert code(files.get("none")) == (404, "not_found")
    assert code(files.get("new%20folder")) == (409, "is_a_directory")
    assert code(files.put("new%20folder", b"x")) == (409, "is_a_directory")


def test_a_broken_upload_is_resumed(files: Files, tls: ssl.SSLContext) -> None:
    content = os.urandom(3_000_000)
    target = f"big?upload={secrets.token_urlsafe(16)}"
    connection = http.client.HTTPSConnection(urlsplit(files.client.url).netloc, context=tls, timeout=20)
    cookies = "; ".join(f"{name}={value}" for name, value in files.client.http.cookies.items())
    connection.putrequest("PUT", files.path(target))
    for name, value in (("Content-Length", str(len(content))), ("Cookie", cookies), ("Origin", files.client.url)):
        connection.putheader(name, value)
    connection.endheaders(content[:2_000_000])
    until(lambda: int(files.head(target).headers["Upload-Offset"]) > 0)
    connection.close()
    offset = -1

    def settled() -> bool:
        nonlocal offset
        before, offset = offset, int(files.head(target).headers["Upload-Offset"])
        return offset == before

    until(settled)
    assert 0 < offset <= 2_000_000
    assert files.put(f"{target}&offset={offset}", content[offset:]).status_code == 201
    assert files.get("big").content == content
    assert not [name for name in files.names() if name.startswith(".lyceum")]


def test_who_may_not(files: Files, new_client: ClientMaker) -> None:
    stranger = new_client()
    assert stranger.http.get(files.path("a")).status_code == 401
    stranger.create_account("Eve")
    assert stranger.http.get(files.path("a")).status_code == 404
    assert stranger.http.put(files.path("a"), content=b"x").status_code == 404
    with refused(404, "not_found"):
        stranger.call("list_trash", project_id=files.project)


def test_archives(files: Files) -> None:
    files.run("mkdir -p tree/below && echo hello > tree/below/a && ln -s /etc/passwd tree/link && mkfifo tree/pipe")
    packed = files.get("tree?zip")
    assert packed.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert sorted(archive.namelist()) == ["below/", "below/a"]
    files.put("a.zip", packed.content)
    assert files.call("unpack_archive", path="a.zip", destination="unpacked") == {"files": 1, "size": 6}
    assert files.get("unpacked/below/a").text == "hello\n"
    with refused(409, "conflict"):
        files.call("unpack_archive", path="a.zip", destination="unpacked")
    files.run("echo mine > unpacked/below/a; echo mine > unpacked/below/b")
    files.call("unpack_archive", path="a.zip", destination="unpacked", overwrite=True)
    assert files.run("cat unpacked/below/a unpacked/below/b") == "hello\nmine\n"
    for name, kind in (("../escaped", 0o100644), ("/home/user/escaped", 0o100644), ("link", 0o120777)):
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = kind << 16
            archive.writestr("good", b"good")
            archive.writestr(entry, b"/etc/passwd")
        files.put("bad.zip", held.getvalue())
        with refused(422, "invalid"):
            files.call("unpack_archive", path="bad.zip", destination="bad")
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("zeros", bytes(150_000_000))
    files.put("bomb.zip", held.getvalue())
    with refused(413, "too_large"):
        files.call("unpack_archive", path="bomb.zip", destination="bad")
    assert not {"bad", "escaped"} & set(files.names())


# Names and kinds of files that nobody expects.


def test_a_name_of_255_bytes_that_is_no_text(files: Files) -> None:
    files.run(r"""mkdir odd && python3 -c 'open(b"odd/" + b"\xe9" * 255, "w").write("found")'""")
    (name,) = files.names("odd")
    assert name == r"\xe9" * 255
    assert files.get("odd/" + "%E9" * 255).text == "found"
    assert files.call("read_text_file", path=f"odd/{name}")["content"] == "found"
    files.call("rename_path", source=f"odd/{name}", destination=r"odd/caf\xe9")
    assert files.run("ls odd | od -An -tx1").split() == ["63", "61", "66", "e9", "0a"]
    trash_id = files.call("delete_path", path=r"odd/caf\xe9", trash=True)["trash_id"]
    assert files.names("odd") == []
    assert files.call("restore_from_trash", trash_id=trash_id) == {"path": r"odd/caf\xe9"}
    files.put("odd/literal%5Cxe9", b"")
    assert files.names("odd") == [r"caf\xe9", r"literal\x5cxe9"]
    files.call("delete_path", path="odd")


def test_a_petabyte_of_nothing(files: Files) -> None:
    files.run("mkdir sparse && truncate -s 1P sparse/file")
    answer = files.get("sparse/file", Range=f"bytes={2**50 - 4}-")
    assert (answer.status_code, answer.content) == (206, bytes(4))
    assert code(files.get("sparse?zip")) == (413, "too_large")
    files.call("copy_path", source="sparse", destination="copy of sparse")
    assert files.run("du -s --block-size=1M 'copy of sparse' | cut -f1; stat -c %s 'copy of sparse/file'").split() == [
        "0",
        str(2**50),
    ]


def test_many_files_in_one_folder(files: Files) -> None:
    files.run(f"mkdir many && cd many && seq -f %06g {MANY} | xargs touch")
    found: list[str] = []
    after = None
    while not found or after is not None:
        part = files.call("list_directory", path="many", limit=10_000, after=after)
        assert part["truncated"] == (part["next"] is not None)
        found += [entry["name"] for entry in part["entries"]]
        after = part["next"]
    assert found == [f"{number:06}" for number in range(1, MANY + 1)]
    files.call("delete_path", path="many")


def test_what_is_no_file(files: Files) -> None:
    files.run("mkfifo pipe; ln -s /etc/passwd link; ln -s /dev/zero zero; mkdir -p below; touch plain")
    assert code(files.get("pipe")) == (422, "invalid")
    assert code(files.put("pipe", b"x")) == (422, "invalid")
    assert code(files.get("link")) == (403, "forbidden")
    assert code(files.get("zero")) == (403, "forbidden")
    assert code(files.put("link", b"x")) == (403, "forbidden")
    assert code(files.get("plain/below")) == (404, "not_found")
    assert code(files.put("plain/below", b"x")) == (409, "not_a_directory")
    with refused(422, "invalid"):
        files.call("read_text_file", path="pipe")


def test_a_folder_that_turns_into_a_link_meanwhile(files: Files) -> None:
    files.run("mkdir -p turning/real && echo mine > turning/real/passwd")
    files.run(
        "cd turning && touch go && ln -sfn /etc out && (timeout 20 bash -c 'while [ -e go ]; do mv -T real d;"
        " mv -T d real; mv -T out d; mv -T d out; done' >/dev/null 2>&1 &)"
    )
    seen = set()
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline:
        answer = files.get("turning/d/passwd")
        seen.add(answer.text if answer.status_code == 200 else code(answer)[1])
        written = files.put("turning/d/lyceum-test", b"x")
        assert written.status_code in {200, 201, 403, 404, 409, 422}, written.text
    files.run("rm turning/go; test ! -e /etc/lyceum-test")
    assert not [text for text in seen if "root:" in text], seen
    assert seen <= {"mine\n", "not_found", "forbidden", "invalid", "not_a_directory", "conflict"}


# Trash, copies, ports, watches.


def test_the_trash(files: Files) -> None:
    files.run("mkdir -p thrown/below && echo a > thrown/below/a")
    trash_id = files.call("delete_path", path="thrown", trash=True)["trash_id"]
    assert "thrown" not in files.names()
    found = {item["trash_id"]: item["path"] for item in files.call("list_trash")["trash"]}
    assert found[trash_id] == "thrown"
    assert files.call("restore_from_trash", trash_id=trash_id) == {"path": "thrown"}
    assert files.get("thrown/below/a").text == "a\n"
    files.call("delete_path", path="thrown", trash=True)
    files.call("empty_trash")
    assert files.call("list_trash")["trash"] == []


def test_between_projects(files: Files, new_client: ClientMaker) -> None:
    other = files.client.running_project()
    there = Files(files.client, other)
    try:
        files.run(
            "mkdir sent && head -c 5000000 /dev/urandom > sent/data && ln -s data sent/link && truncate -s 1T sent/hole"
        )
        files.call("copy_path", source="sent", destination="got/it", destination_project_id=other)
        assert there.run("cd got/it && sha256sum < data && readlink link && stat -c %s hole") == files.run(
            "cd sent && sha256sum < data && readlink link && stat -c %s hole"
        )
        with refused(409, "conflict"):
            files.call("copy_path", source="sent", destination="got/it", destination_project_id=other)
        with refused(404, "not_found"):
            files.call("copy_path", source="none", destination="x", destination_project_id=other)
        files.call("move_path", source="sent/data", destination="moved", destination_project_id=other)
        assert sorted(files.names("sent")) == ["hole", "link"]
        assert sorted(there.names("got")) == ["it"]
        stranger = new_client()
        stranger.create_account("Eve")
        own = stranger.running_project()
        for fields in (
            {"project_id": own, "destination_project_id": other},
            {"project_id": other, "destination_project_id": own},
        ):
            with refused(404, "not_found"):
                stranger.call("copy_path", source="moved", destination="x", **fields)
        stranger.call("stop_project", project_id=own)
    finally:
        files.client.call("stop_project", project_id=other)


def test_ports(files: Files) -> None:
    files.run("(python3 -m http.server --bind 127.0.0.1 8123 >/dev/null 2>&1 &)")
    until(lambda: {"port": 8123, "address": "127.0.0.1", "program": "python3"} in files.call("list_ports")["ports"])


async def test_changes_are_told(files: Files, tls: ssl.SSLContext) -> None:
    address = files.client.url.replace("https:", "wss:") + "/hub/?EIO=4&transport=websocket"
    cookies = "; ".join(f"{name}={value}" for name, value in files.client.http.cookies.items())
    await asyncio.to_thread(files.run, "mkdir -p watched && touch watched/old")
    async with connect(address, ssl=tls, origin=files.client.url, additional_headers={"Cookie": cookies}) as socket:  # type: ignore[arg-type]

        async def following(event: str) -> dict[str, Any]:
            async with asyncio.timeout(20):
                while True:
                    packet = str(await socket.recv())
                    if packet[0] == "2":
                        await socket.send("3")
                    if packet[0] == "4" and (message := json.loads(packet[1:]))["event"] == event:
                        return dict(message)

        async def ask(event: str, **fields: Any) -> dict[str, Any]:
            await socket.send("4" + json.dumps({"id": 1, "event": event, **fields}))
            return await following(event)

        watch = (await ask("watch", project_id=files.project, path="watched"))["watch"]
        await asyncio.to_thread(files.run, "cd watched && echo x > new && rm old")
        told: dict[str, str] = {}
        while set(told) != {"watched/new", "watched/old"}:
            told |= {change["path"]: change["type"] for change in (await following("file_changes"))["changes"]}
        assert told == {"watched/new": "created", "watched/old": "deleted"}
        await asyncio.to_thread(files.run, "rm -r watched")
        assert (await following("watch_ended"))["watch"] == watch


# The quota.


@pytest.fixture
def full(administrator: Client, client: Client) -> Iterator[Files]:
    """A project of its own, whose disk is full."""
    project = client.running_project("Full")
    administrator.call("set_quotas", project_id=project, disk=100)
    found = Files(client, project)
    found.run("head -c 150000000 /dev/urandom > filler 2>/dev/null; sync; true")
    yield found
    client.call("stop_project", project_id=project)


def test_a_full_disk(full: Files) -> None:
    refusal = full.put("more", os.urandom(5_000_000))
    assert code(refusal) == (507, "disk_quota")
    assert "delete files" in refusal.json()["error"]["message"]
    assert "more" not in full.names()
    assert full.get("filler", Range="bytes=0-9").status_code == 206
    full.call("delete_path", path="filler")
    assert full.put("more", os.urandom(5_000_000)).status_code == 201
