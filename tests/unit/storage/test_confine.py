"""Landlock around the receiver's rsync, in a process of its own (a confined process stays confined)."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.process("python")

TRY = """
import os, sys
sys.path[:] = sys.argv[1].split(os.pathsep)
from pathlib import Path
from lyceum_storage.confine import confine
mine, others = Path(sys.argv[2]), Path(sys.argv[3])
confined = confine(write=[mine]) if sys.argv[4] == "write" else confine(read=[mine])
def allowed(do):
    try:
        do()
    except PermissionError:
        return False
    return True
print(confined, *(allowed(do) for do in (
    lambda: (mine / "file").read_bytes(),
    lambda: (mine / "new").write_bytes(b"x"),
    lambda: (mine / "file").rename(mine / "folder/file"),
    lambda: (mine / "link").symlink_to("/etc"),
    lambda: (others / "file").read_bytes(),
    lambda: (others / "new").write_bytes(b"x"),
    lambda: list(others.iterdir()),
    lambda: (others / "file").unlink(),
)))
"""


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("write", [True, True, True, False, False, False, False, False]),
        ("read", [True, False, False, False, False, False, False, False]),
    ],
)
def test_nothing_but_one_folder_is_left(tmp_path: Path, kind: str, expected: list[bool]) -> None:
    for name in ("mine", "others"):
        (tmp_path / name / "folder").mkdir(parents=True)
        (tmp_path / name / "file").write_text("x")
    command = [sys.executable, "-c", TRY, ":".join(sys.path), str(tmp_path / "mine"), str(tmp_path / "others"), kind]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()  # noqa: S603
    confined, *allowed = [word == "True" for word in said]
    if confined:
        assert allowed == expected
    else:  # a kernel without Landlock: nothing changes, and the other walls must hold
        assert all(allowed)
