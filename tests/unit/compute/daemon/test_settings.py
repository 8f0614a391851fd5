from __future__ import annotations

from pathlib import Path

import pytest
from lyceum_compute.daemon.settings import SettingsError, load

GOOD = 'name = "compute1"\nlisten = "[::]:6000"\n[tls]\nca = "a"\ncertificate = "b"\nkey = "c"\n'


def test_defaults(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(GOOD)
    settings = load(tmp_path / "s.toml")
    assert settings.address == ("::", 6000)
    assert settings.automatic_save_interval == 300


@pytest.mark.parametrize(
    ("text", "named"),
    [("", "name"), (GOOD + "x = 1\n", "x"), ("name = ", "s.toml"), (GOOD.replace(":6000", ""), "s.toml")],
)
def test_bad_settings_are_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(SettingsError, match=named):
        load(tmp_path / "s.toml")


def test_missing_settings_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"s\.toml"):
        load(tmp_path / "s.toml")
