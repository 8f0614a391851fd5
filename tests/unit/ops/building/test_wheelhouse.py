"""Wheelhouses: made when sources or locks changed, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from lyceum_ops import checkout, programs
from lyceum_ops.building import wheelhouse
from lyceum_ops.errors import Failure
from lyceum_ops.programs import Result

LOCKED = {"hub": "msgspec", "installer": "uv", "sage": "passagemath"}


class Pip:
    """Takes the place of pip and hatchling."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.broken = False

    def run(self, arguments: list[str], *, directory: Path | None = None, **_: object) -> Result:
        self.calls.append(arguments[2])
        if self.broken:
            raise Failure("no network")
        if "download" in arguments:
            folder = Path(arguments[arguments.index("--dest") + 1])
            Path(folder, f"{LOCKED[folder.name]}-1-py3-none-any.whl").write_bytes(b"locked")
        else:
            assert directory is not None
            folder = Path(arguments[arguments.index("--directory") + 1])
            source = (directory / f"lyceum_{directory.name}" / "__init__.py").read_bytes()
            (folder / f"lyceum_{directory.name}-0.1.0-py3-none-any.whl").write_bytes(source)
        return Result(0, "", "")


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Pip:
    for name in ("hub", "compute"):
        package = tmp_path / name / f"lyceum_{name}"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(f"{name} = 1\n")
        (package.parent / "pyproject.toml").write_text("")
    (tmp_path / "lock").mkdir()
    for name, package in LOCKED.items():
        (tmp_path / "lock" / f"{name}.txt").write_text(f"{package}==1 --hash=sha256:x\n")
    monkeypatch.setattr(checkout, "ROOT", tmp_path)
    monkeypatch.setattr(checkout, "LOCKS", tmp_path / "lock")
    monkeypatch.setattr(wheelhouse, "FOLDER", tmp_path / "wheelhouse")
    pip = Pip()
    monkeypatch.setattr(programs, "run", pip.run)
    return pip


def test_it_holds_ours_and_the_locked_ones_each_by_its_hash(pip: Pip) -> None:
    assert wheelhouse.build("hub")
    folder = wheelhouse.FOLDER / "hub"
    assert {path.name.split("-")[0] for path in folder.glob("*.whl")} == {
        "lyceum_hub",
        "lyceum_compute",
        "msgspec",
        "uv",
    }
    lines = (folder / "requirements.txt").read_text().splitlines()
    assert [line.split(" --hash=sha256:")[0] for line in lines] == [
        "lyceum-hub==0.1.0",
        "lyceum-compute==0.1.0",
        "msgspec==1",
    ]
    assert wheelhouse.release("hub").startswith("0.1.0-")
    assert pip.calls == ["pip", "pip", "hatchling", "hatchling"]


def test_one_without_anything_of_ours_is_named_after_its_lock(pip: Pip) -> None:
    assert wheelhouse.build("sage")
    assert wheelhouse.release("sage").startswith("sage-")
    assert pip.calls == ["pip", "pip"]


def test_unchanged_sources_build_nothing(pip: Pip) -> None:
    wheelhouse.build("hub")
    pip.calls.clear()
    assert not wheelhouse.build("hub")
    assert pip.calls == []


def test_a_change_of_ours_is_another_release_and_downloads_nothing(pip: Pip) -> None:
    wheelhouse.build("hub")
    before = wheelhouse.release("hub")
    (checkout.ROOT / "compute" / "lyceum_compute" / "__init__.py").write_text("compute = 2\n")
    pip.calls.clear()
    assert wheelhouse.build("hub")
    assert wheelhouse.release("hub") != before
    assert pip.calls == ["hatchling", "hatchling"]


def test_a_broken_build_is_not_taken_for_a_finished_one(pip: Pip) -> None:
    wheelhouse.build("hub")
    (checkout.ROOT / "hub" / "lyceum_hub" / "__init__.py").write_text("hub = 2\n")
    pip.broken = True
    with pytest.raises(Failure):
        wheelhouse.build("hub")
    pip.broken = False
    assert wheelhouse.build("hub")


def test_the_lock_counts(pip: Pip) -> None:
    wheelhouse.build("hub")
    (checkout.LOCKS / "hub.txt").write_text("msgspec==2 --hash=sha256:y\n")
    pip.calls.clear()
    assert wheelhouse.build("hub")
    assert pip.calls[0] == "pip"
