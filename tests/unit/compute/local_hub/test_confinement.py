"""No path leads out of the home."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from lyceum_compute.local_hub.confinement import MAX_DEPTH, Home, names_of
from lyceum_compute.protocol.errors import FaultError


def read(home: Home, path: str, **how: bool) -> bytes:
    with home.locate(path, **how) as place:
        descriptor = os.open(place.name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=place.folder)
        try:
            return os.read(descriptor, 100)
        finally:
            os.close(descriptor)


def refused(home: Home, path: str) -> str:
    with pytest.raises(FaultError) as raised:
        read(home, path)
    assert path[:50].isprintable() or path not in raised.value.message
    return raised.value.code


@pytest.mark.parametrize(
    "path",
    [
        "..",
        "../outside/secret",
        "a/../../outside",
        "a/..",
        "/etc/passwd",
        "/",
        "a\0b",
        "x" * 256,
        "a/" * 3000,
        "a\ud800",
    ],
)
def test_malformed(home: Home, path: str) -> None:
    assert refused(home, path) == "invalid"


def test_names() -> None:
    assert names_of("") == []
    assert names_of("./a//b/./c/") == [b"a", b"b", b"c"]
    assert names_of("…/...") == ["…".encode(), b"..."]
    with pytest.raises(FaultError):
        names_of("a/" * (MAX_DEPTH + 1))


@pytest.mark.parametrize(
    "name", ["a b", "it's", 'say "x"', "line\nfeed", "файл", "日本", "-rf", "$(x)", "\x1b[31m", "~", "…"]
)
def test_unusual_names(home: Home, folder: Path, name: str) -> None:
    (folder / name).write_text("found")
    assert read(home, name) == b"found"


@pytest.mark.parametrize("target", ["../outside", "../../../../etc", "a/../../outside", "/etc", "/"])
def test_links_leading_out(home: Home, folder: Path, target: str) -> None:
    (folder / "a").mkdir()
    (folder / "link").symlink_to(target)
    assert refused(home, "link") == "forbidden"
    assert refused(home, "link/secret") == "forbidden"


def test_absolute_link_leading_out_beside_the_home(home: Home, folder: Path, outside: Path) -> None:
    (folder / "link").symlink_to(outside)
    (folder / "near").symlink_to(f"{folder}-other")
    (folder / "up").symlink_to(f"{folder}/../outside")
    for name in ("link", "near", "up"):
        assert refused(home, f"{name}/secret") == "forbidden"


def test_links_that_stay_inside(home: Home, folder: Path) -> None:
    (folder / "a/b").mkdir(parents=True)
    (folder / "a/b/file").write_text("found")
    (folder / "relative").symlink_to("a/b")
    (folder / "a/b/up").symlink_to("../../relative/../b")
    (folder / "absolute").symlink_to(folder / "a")
    (folder / "whole").symlink_to(folder)
    for path in ("relative/file", "a/b/up/file", "absolute/b/file", "whole/whole/a/b/file", "relative/up/up/file"):
        assert read(home, path) == b"found", path


def test_circle(home: Home, folder: Path) -> None:
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    assert refused(home, "a") == "invalid"
    assert refused(home, "a/x") == "invalid"


def test_missing_and_not_a_folder(home: Home, folder: Path) -> None:
    (folder / "file").write_text("")
    assert refused(home, "no/such") == "not_found"
    assert refused(home, "file/x") == "not_a_directory"
    with home.locate("new") as place:
        assert place.status() is None


def test_last_link_is_not_followed_when_told(home: Home, folder: Path, outside: Path) -> None:
    (folder / "link").symlink_to(outside)
    with home.locate("link", follow=False) as place:
        assert place.name == b"link"
        assert place.status() is not None


def test_home_itself(home: Home, folder: Path) -> None:
    (folder / "self").symlink_to(".")
    for path in ("", ".", "./", "self"):
        with home.locate(path) as place:
            assert place.is_home


def test_folder_exchanged_for_a_link_meanwhile(home: Home, folder: Path, outside: Path) -> None:
    """What is acted on is the folder that was checked, whatever has its name now."""
    (folder / "a").mkdir()
    (folder / "a/secret").write_text("mine")
    with home.locate("a/secret") as place:
        (folder / "a").rename(folder / "b")
        (folder / "a").symlink_to(outside)
        descriptor = os.open(place.name, os.O_RDONLY, dir_fd=place.folder)
        assert os.read(descriptor, 10) == b"mine"
        os.close(descriptor)


def test_no_descriptor_stays_open(home: Home, folder: Path) -> None:
    (folder / "a/b/c").mkdir(parents=True)
    (folder / "out").symlink_to("/etc")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for path in ("a/b/c", "a/b/none/x", "out/passwd", "..", "a/b/c/d"):
        with suppress(FaultError), home.locate(path):
            pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before
