"""Fixtures of the daemon's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from lyceum_compute.daemon import host, layout

from tests.unit.compute.daemon.played import Host


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Host:
    made = Host()
    monkeypatch.setattr("lyceum_compute.daemon.btrfs.is_subvolume", lambda path: path.name in made.on_disk)
    monkeypatch.setattr(host, "memory", lambda: host.Memory(4000, 3000))
    monkeypatch.setattr(host, "disk", lambda _path: (100_000, 50_000))
    monkeypatch.setattr("lyceum_compute.daemon.btrfs.used", lambda _root, _group: 5_000_000)
    monkeypatch.setattr(layout, "STATE", tmp_path)
    return made
