from __future__ import annotations

import pytest
from lyceum_compute.daemon.storage import check
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
