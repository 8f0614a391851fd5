from __future__ import annotations

from pathlib import Path

from lyceum_compute.daemon import mirror


def tree(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): str(path.readlink()) if path.is_symlink() else path.read_text()
        for path in sorted(root.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def test_what_everybody_may_read_is_copied_and_nothing_else(tmp_path: Path) -> None:
    source, target = tmp_path / "ssl", tmp_path / "copy"
    (source / "certs").mkdir(parents=True)
    (source / "certs" / "a.pem").write_text("a")
    (source / "certs" / "link").symlink_to("/usr/share/a")
    (source / "private").mkdir()
    (source / "private" / "key").write_text("secret")
    (source / "private").chmod(0o710)
    (source / "shadow").write_text("secret")
    (source / "shadow").chmod(0o640)
    mirror.copy(source, target)
    assert tree(target) == {"certs/a.pem": "a", "certs/link": "/usr/share/a"}
    (source / "certs" / "a.pem").write_text("other")
    (source / "certs" / "link").unlink()
    mirror.copy(source, target)
    assert tree(target) == {"certs/a.pem": "other"}


def test_what_is_the_same_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    mirror.copy(tmp_path / "a", tmp_path / "b")
    before = (tmp_path / "b").stat()
    mirror.copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").stat().st_ino == before.st_ino


def test_kinds_may_change(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    source.mkdir()
    (source / "x").write_text("x")
    mirror.copy(source, target)
    (source / "x").unlink()
    source.rmdir()
    source.write_text("file")
    mirror.copy(source, target)
    assert target.read_text() == "file"
    source.unlink()
    source.symlink_to("elsewhere")
    mirror.copy(source, target)
    assert target.is_symlink()
    source.unlink()
    mirror.copy(source, target)
    assert not target.is_symlink()
