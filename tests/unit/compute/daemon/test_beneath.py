from __future__ import annotations

import os
from pathlib import Path

import pytest
from lyceum_compute.daemon import beneath


@pytest.mark.parametrize("path", [b"/etc", b"..", b"a/../b", b"a/..", b"a\0b"])
def test_paths_that_lead_out_are_refused(path: bytes) -> None:
    with pytest.raises(ValueError, match="relative"):
        beneath.parts_of(path)


def test_a_path_s_names() -> None:
    assert beneath.parts_of(b"a//./b c/") == [b"a", b"b c"]
    assert beneath.parts_of(b"") == []


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with beneath.folder(tmp_path, [b"real", b"inner"]) as fd:
        assert list(os.scandir(fd)) == []
    with pytest.raises(OSError, match="link"), beneath.folder(tmp_path, [b"link", b"inner"]):
        pass


def test_no_file_stays_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(FileNotFoundError), beneath.folder(tmp_path, [b"none"]):
        pass
    with beneath.folder(tmp_path, []):
        pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before
