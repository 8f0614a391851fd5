"""Telling of changes to files."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from lyceum_compute.local_hub import watches
from lyceum_compute.local_hub.confinement import Home
from lyceum_compute.local_hub.drain import Drain
from lyceum_compute.local_hub.operations import Operations
from lyceum_compute.local_hub.watches import Watcher
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import FilesChanged, Watch

from tests.unit.compute.local_hub.test_server import calling, serving

Next = Callable[[], FilesChanged]


@contextmanager
def watching(home: Home, path: str) -> Iterator[tuple[Next, list[FaultError]]]:
    told: list[FilesChanged] = []
    some = threading.Condition()
    failed: list[FaultError] = []
    ended = os.eventfd(0)
    watcher = Watcher(home, Watch(path=path))

    def tell(event: FilesChanged) -> None:
        with some:
            told.append(event)
            some.notify()

    def run() -> None:
        try:
            watcher.run(tell, ended)
        except FaultError as error:
            failed.append(error)

    def following() -> FilesChanged:
        with some:
            assert some.wait_for(lambda: told, 10)
            return told.pop(0)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield following, failed
    finally:
        os.eventfd_write(ended, 1)
        thread.join(10)
        assert not thread.is_alive()
        watcher.close()
        os.close(ended)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watches, "GATHER", 0.05)


def changes(event: FilesChanged) -> dict[str, str]:
    return {change.path: change.type for change in event.changes}


def test_a_folder(home: Home, folder: Path) -> None:
    (folder / "d").mkdir()
    (folder / "d" / "old").touch()
    (folder / "d" / "away").touch()
    with watching(home, "d") as (following, _):
        (folder / "d" / os.fsdecode(b"caf\xe9")).write_text("x")
        (folder / "d" / "old").write_text("x")
        (folder / "d" / "away").unlink()
        assert changes(following()) == {"d/caf\\xe9": "created", "d/old": "changed", "d/away": "deleted"}
        (folder / "d" / "below").mkdir()
        assert changes(following()) == {"d/below": "created"}
        (folder / "d" / "below").rename(folder / "elsewhere")
        assert changes(following()) == {"d/below": "deleted"}


def test_a_file_that_is_replaced(home: Home, folder: Path) -> None:
    (folder / "a").write_text("1")
    with watching(home, "a") as (following, _):
        (folder / "other").write_text("2")
        (folder / "other").rename(folder / "a")
        assert changes(following()) == {"a": "created"}


def test_too_much_to_tell(home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watches, "MAX_CHANGES", 2)
    monkeypatch.setattr(watches, "GATHER", 0.5)
    with watching(home, "") as (following, _):
        for number in range(3):
            (folder / f"{number}").touch()
        event = following()
    assert (event.changes, event.overflow) == ([], True)


@pytest.mark.process("rm")
def test_the_folder_goes(home: Home, folder: Path) -> None:
    (folder / "d").mkdir()
    with watching(home, "d") as (_, failed):
        (folder / "d").rename(folder / "e")
        while not failed:
            pass
    assert failed[0].code == "not_found"


@pytest.mark.parametrize("path", ["none/below", "out", "../outside"])
def test_what_cannot_be_watched(home: Home, folder: Path, outside: Path, path: str) -> None:
    (folder / "out").symlink_to(outside)
    with pytest.raises(FaultError):
        Watcher(home, Watch(path=path))


def test_over_the_wire(home: Home, folder: Path, tmp_path: Path) -> None:
    call: Any = Operations(home, Drain()).call
    with serving(tmp_path / "s", call), calling(tmp_path / "s") as caller:
        caller.send(1, "watch", path="")
        assert caller.answer() == {"id": 1, "result": {}}
        (folder / "a").touch()
        assert caller.answer() == {
            "event": "files_changed",
            "changes": [{"path": "a", "type": "created"}],
            "overflow": False,
        }
        caller.send(2, "watch", path="none/none")
        assert caller.answer()["error"]["code"] == "not_found"
    with serving(tmp_path / "t", call), calling(tmp_path / "t") as caller:
        (folder / "d").mkdir()
        caller.send(1, "watch", path="d")
        assert caller.answer()["id"] == 1
        (folder / "d").rmdir()
        assert caller.answer() is None  # what was watched is gone, so the connection ends
