"""Copying, renaming and deleting."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from lyceum_compute.local_hub.confinement import Home
from lyceum_compute.local_hub.trees import copy_path, delete, rename_path
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import CopyPath, RenamePath

from tests.unit.compute.local_hub.conftest import names_in

uses_cp = pytest.mark.process("cp")
uses_rm = pytest.mark.process("rm")


def copy(home: Home, source: str, destination: str, **more: Any) -> None:
    copy_path(home, CopyPath(source=source, destination=destination, **more))


def rename(home: Home, source: str, destination: str, **more: Any) -> None:
    rename_path(home, RenamePath(source=source, destination=destination, **more))


def code_of(call: Any, *arguments: Any, **more: Any) -> str:
    with pytest.raises(FaultError) as raised:
        call(*arguments, **more)
    return raised.value.code


@pytest.fixture
def tree(folder: Path) -> Path:
    tree = folder / "a tree"
    (tree / "in").mkdir(parents=True)
    (tree / "in/run").write_text("echo")
    (tree / "in/run").chmod(0o750)
    (tree / "link").symlink_to("in/run")
    (tree / "out").symlink_to("/etc/passwd")
    os.utime(tree / "in/run", (1, 1))
    return tree


@uses_cp
@pytest.mark.usefixtures("tree")
def test_copy_tree(home: Home, folder: Path) -> None:
    copy(home, "a tree", "new/copy")
    made = folder / "new/copy"
    assert (made / "in/run").read_text() == "echo"
    assert (made / "in/run").stat().st_mode & 0o777 == 0o750
    assert (made / "in/run").stat().st_mtime == 1
    assert str((made / "link").readlink()) == "in/run"
    assert str((made / "out").readlink()) == "/etc/passwd"
    assert names_in(folder / "new") == ["copy"]


@uses_cp
@uses_rm
@pytest.mark.usefixtures("tree")
def test_copy_onto_what_is_there(home: Home, folder: Path) -> None:
    (folder / "there/old").mkdir(parents=True)
    assert code_of(copy, home, "a tree", "there") == "conflict"
    assert (folder / "there/old").is_dir()
    copy(home, "a tree", "there", overwrite=True)
    assert names_in(folder / "there") == ["in", "link", "out"]
    assert names_in(folder) == ["a tree", "there"]


@uses_cp
def test_copy_into_itself(home: Home, tree: Path) -> None:
    assert code_of(copy, home, "a tree", "a tree/in/copy") == "invalid"
    assert code_of(copy, home, "a tree", "a tree", overwrite=True) == "conflict"
    assert code_of(copy, home, "a tree/in", "a tree", overwrite=True) == "invalid"
    assert code_of(copy, home, "", "copy") == "invalid"
    assert (tree / "in/run").exists()


@uses_cp
@pytest.mark.parametrize("name", ["-rf", "line\nfeed", "it's $(here)", "`x`", "日本"])
def test_unusual_names(home: Home, folder: Path, name: str) -> None:
    (folder / name).write_text("found")
    copy(home, name, f"{name} too")
    assert (folder / f"{name} too").read_text() == "found"
    delete(home, name)
    assert names_in(folder) == [f"{name} too"]


def test_rename(home: Home, folder: Path, tree: Path) -> None:
    rename(home, "a tree", "deep/er/name")
    assert (folder / "deep/er/name/in/run").exists()
    assert not tree.exists()
    assert code_of(rename, home, "none", "x") == "not_found"
    assert code_of(rename, home, "deep", "deep/er/in") == "invalid"
    assert code_of(rename, home, "", "x") == "invalid"
    assert code_of(rename, home, "deep", "") == "invalid"


def test_rename_onto_a_file(home: Home, folder: Path) -> None:
    (folder / "a").write_text("a")
    (folder / "b").write_text("b")
    assert code_of(rename, home, "a", "b") == "conflict"
    assert (folder / "b").read_text() == "b"
    rename(home, "a", "b", overwrite=True)
    assert (folder / "b").read_text() == "a"
    assert names_in(folder) == ["b"]


@uses_rm
@pytest.mark.usefixtures("tree")
def test_rename_onto_a_folder(home: Home, folder: Path) -> None:
    (folder / "there/old").mkdir(parents=True)
    assert code_of(rename, home, "a tree", "there") == "conflict"
    rename(home, "a tree", "there", overwrite=True)
    assert names_in(folder / "there") == ["in", "link", "out"]
    assert names_in(folder) == ["there"]
    assert code_of(rename, home, "there/in", "there", overwrite=True) == "invalid"


def test_rename_to_the_same_name_loses_nothing(home: Home, tree: Path) -> None:
    for overwrite in (False, True):
        rename(home, "a tree", "./a tree/", overwrite=overwrite)
    assert (tree / "in/run").exists()


def test_rename_keeps_links_as_they_are(home: Home, folder: Path, outside: Path) -> None:
    (folder / "link").symlink_to(outside)
    rename(home, "link", "other")
    assert str((folder / "other").readlink()) == str(outside)


@uses_rm
def test_delete(home: Home, folder: Path, tree: Path, outside: Path) -> None:
    (tree / "outside").symlink_to(outside)
    delete(home, "a tree/link")
    assert (tree / "in/run").exists()
    delete(home, "a tree")
    assert names_in(folder) == []
    assert (outside / "secret").exists()
    assert code_of(delete, home, "a tree") == "not_found"


def test_delete_a_link_to_a_folder_outside(home: Home, folder: Path, outside: Path) -> None:
    (folder / "link").symlink_to(outside)
    delete(home, "link/")
    assert names_in(folder) == []
    assert (outside / "secret").exists()


def test_home_is_not_deleted(home: Home, folder: Path) -> None:
    assert code_of(delete, home, "") == "invalid"
    assert code_of(delete, home, ".") == "invalid"
    assert folder.is_dir()


@uses_rm
def test_delete_a_tree_deeper_than_descriptors(home: Home, folder: Path) -> None:
    at = os.open(folder, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=at)
        below = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    delete(home, "d")
    assert names_in(folder) == []
