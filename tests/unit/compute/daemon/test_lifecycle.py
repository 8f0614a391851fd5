from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lyceum_compute.daemon import lifecycle
from lyceum_compute.daemon.layout import Layout
from lyceum_compute.daemon.lifecycle import Lifecycle
from lyceum_compute.protocol.messages import Project, Quota

ID = "c2b6ca5e-8f33-4b8a-b1c6-4b1a5e0c2f11"
MB = 1_000_000


async def test_a_copy_with_clones_is_opened_though_it_does_not_fit_into_the_quota(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``cp`` clones: what took no room in the project does in a copy, and such a project could never be opened again."""
    limits: list[int] = []
    monkeypatch.setattr(lifecycle.accounts, "ensure", lambda *_arguments: None)  # type: ignore[attr-defined]
    monkeypatch.setattr(lifecycle.btrfs, "is_subvolume", Path.is_dir)  # type: ignore[attr-defined]
    monkeypatch.setattr(lifecycle, "discard", lambda _path: None)
    monkeypatch.setattr(lifecycle, "_make", lambda path, _uid: (path / "home").mkdir(parents=True))
    monkeypatch.setattr(lifecycle, "_limit", lambda _root, _group, size: limits.append(size))

    class Source:
        async def fetch(self, _layout: Layout, _project: Project, home: Path) -> bool:
            (home / "fetched under").write_text(str(limits[-1]))
            return True

    nothing: Any = None
    layout = Layout(tmp_path, ID)
    project = Project(project_id=ID, uid=200001, storage_host="storage1", quota=Quota(disk=300))
    await Lifecycle(nothing, Source()).open(layout, project)
    assert (layout.home / "fetched under").read_text() == str(3000 * MB)
    assert limits[-1] == 300 * MB
