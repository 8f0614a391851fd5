from __future__ import annotations

from pathlib import Path

import pytest
from lyceum_compute.daemon.storage import _check_size, check
from lyceum_compute.programs import Completed
from lyceum_compute.protocol.errors import FaultError


@pytest.mark.parametrize("code", [1, 10, 12, 20, 23, 24, 30, 255])
def test_anything_but_success_is_a_failure(code: int) -> None:
    with pytest.raises(FaultError) as caught:
        check(Completed(("rsync",), code, b"", b"rsync error: some files vanished\n"), "the copy to storage1")
    assert caught.value.code == "unavailable"
    assert f"exit code {code}" in caught.value.message


def test_success() -> None:
    check(Completed(("rsync",), 0, b"", b""), "the copy to storage1")


@pytest.mark.parametrize(
    ("stderr", "code", "words"),
    [
        (b"lyceum-storage: there is no such snapshot\nrsync error: code 12\n", "not_found", "no such snapshot"),
        (b"lyceum-storage: a copy of this project is being received already\n", "unavailable", "already"),
        (b"filename overflows max-path len by 128: dd/dd/dd\n", "too_large", "nested too deeply"),
        (b'rsync: write failed on "/x": Disk quota exceeded (122)\n', "disk_quota", "too full"),
        (
            b"Host key verification failed.\nrsync error: unexplained error\n",
            "unavailable",
            "Host key verification failed.",
        ),
        (b"\xff\xfe\n", "unavailable", "exit code 12"),
    ],
)
def test_the_reason_is_told(stderr: bytes, code: str, words: str) -> None:
    with pytest.raises(FaultError) as caught:
        check(Completed(("rsync",), 12, b"", stderr), "the copy")
    assert caught.value.code == code
    assert words in caught.value.message


@pytest.mark.process("du")
async def test_a_copy_may_hold_so_much_and_no_more(tmp_path: Path) -> None:
    """A sparse file of a petabyte was sent byte by byte, for hours, and four of them kept a host from saving others."""
    (tmp_path / "first").write_bytes(b"x" * 1000)
    (tmp_path / "second").hardlink_to(tmp_path / "first")
    (tmp_path / ".cache").mkdir()
    with (tmp_path / ".cache/left out").open("wb") as file:
        file.truncate(10**12)
    await _check_size(tmp_path, 10_000_000)
    (tmp_path / ".trash").symlink_to("/usr")
    await _check_size(tmp_path, 10_000_000)
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(FaultError, match="would hold 1,000,000 MB") as caught:
        await _check_size(tmp_path, 10_000_000)
    assert caught.value.code == "too_large"
