"""The gateway's settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from lyceum_ssh.settings import SettingsError, load

GOOD = """
name = "edge1"
listen = "[::]:22022"
host_key = "/etc/lyceum/ssh-host-key"
hubs = ["hub1:5000", "hub1:5002"]
[tls]
ca = "/ca"
certificate = "/crt"
key = "/key"
"""


def test_settings_as_the_role_writes_them(tmp_path: Path) -> None:
    path = tmp_path / "ssh.toml"
    path.write_text(GOOD)
    settings = load(path)
    assert settings.address == (None, 22022)
    assert settings.gateway_port == 6001


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("hubs = []", 'hubs = ["hub1:5000", "hub1:5002"]'),
        ('hubs = ["hub1"]', 'hubs = ["hub1:5000", "hub1:5002"]'),
        ('nane = "x"', 'name = "edge1"'),
    ],
)
def test_what_cannot_work_is_told_with_the_file(tmp_path: Path, wrong: str, right: str) -> None:
    path = tmp_path / "ssh.toml"
    path.write_text(GOOD.replace(right, wrong))
    with pytest.raises(SettingsError, match=r"ssh\.toml"):
        load(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "none.toml")
