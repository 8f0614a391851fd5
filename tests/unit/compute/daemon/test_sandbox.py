from __future__ import annotations

from pathlib import Path

from lyceum_compute.daemon import requests, sandbox
from lyceum_compute.network.settings import Network

NAME = "c2b6ca5e8f334b8ab1c64b1a5e0c2f11"


def test_account_files_name_nobody_else() -> None:
    files = sandbox.account_files(NAME, 200001, "compute1")
    assert [line.split(":")[0] for line in files["passwd"].splitlines()] == ["root", NAME, "nobody"]
    assert f"{NAME}::200001:200001::/home/user:/bin/bash" in files["passwd"]
    assert "compute1" in files["hosts"]


def test_the_root_of_sandboxes_is_made_once(tmp_path: Path) -> None:
    etc, root = tmp_path / "etc", tmp_path / "root"
    etc.mkdir()
    (etc / "profile").write_text("x")
    (etc / "shadow").write_text("secret")
    sandbox.make_root(Network(), root, etc)
    sandbox.make_root(Network(), root, etc)
    assert (root / "bin").readlink() == Path("usr/bin")
    assert (root / "home/user").stat().st_mode & 0o777 == 0o755
    assert "files" in (root / "etc/nsswitch.conf").read_text()
    assert (root / "etc/passwd").readlink() == Path("project/passwd")
    assert (root / "etc/profile").read_text() == "x"
    assert not (root / "etc/shadow").exists()
    assert "nameserver 198.18.0.2\n" in (root / "etc/resolv.conf").read_text()
    assert (root / "etc/lyceum-requests.bpf").read_bytes() == requests.program()
