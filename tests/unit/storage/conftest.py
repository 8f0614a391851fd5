"""A storage host without btrfs: subvolumes are folders, snapshots are copies."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from lyceum_compute.protocol.errors import FaultError
from lyceum_storage import btrfs
from lyceum_storage.copies import Copies, Owner
from lyceum_storage.database import Placement
from lyceum_storage.layout import Layout
from lyceum_storage.retention import Retention
from lyceum_storage.service import Service
from lyceum_storage.snapshots import Snapshots

ID = "11111111-2222-4333-8444-555555555555"
OTHER = "99999999-2222-4333-8444-555555555555"


@dataclass
class Projects:
    """The database: where the projects are."""

    placements: dict[str, Placement] = field(
        default_factory=lambda: {ID: Placement("compute1", "storage1"), OTHER: Placement("compute2", "storage1")}
    )
    records: dict[str, str] = field(default_factory=lambda: {ID: '{"title": "mine"}'})
    reachable: bool = True

    async def placement(self, project_id: str) -> Placement | None:
        if not self.reachable:
            raise FaultError("unavailable", "the database cannot be asked")
        return self.placements.get(project_id)

    async def record(self, project_id: str) -> str | None:
        return self.records.get(project_id)


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    def snapshot(source: Path, path: Path) -> None:
        if path.exists():
            raise FileExistsError(path)
        copied: dict[int, str] = {}

        def copy(one: str, other: str) -> str:
            known = copied.setdefault(os.lstat(one).st_ino, other)
            if known is other:
                return str(shutil.copy2(one, other, follow_symlinks=False))
            os.link(known, other)
            return other

        shutil.copytree(source, path, symlinks=True, copy_function=copy)

    monkeypatch.setattr(btrfs, "create_subvolume", Path.mkdir)
    monkeypatch.setattr(btrfs, "create_snapshot", snapshot)
    monkeypatch.setattr(btrfs, "delete_subvolume", shutil.rmtree)
    monkeypatch.setattr(btrfs, "is_subvolume", Path.is_dir)
    monkeypatch.setattr(os, "chown", lambda *_: None)
    layout = Layout(tmp_path)
    for folder in (layout.copies, layout.snapshots, layout.records):
        folder.mkdir()
    return layout


@pytest.fixture
def snapshots(layout: Layout) -> Snapshots:
    return Snapshots(layout, Retention())


@pytest.fixture
def copies(layout: Layout) -> Copies:
    return Copies(layout, Owner(os.getuid(), os.getgid()))


@pytest.fixture
def projects() -> Projects:
    return Projects()


@pytest.fixture
def service(copies: Copies, snapshots: Snapshots, projects: Projects) -> Service:
    return Service("storage1", copies, snapshots, projects, minimum_free=0)
