"""The settings file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lyceum_storage.retention import Retention
from lyceum_storage.settings import SettingsError, load

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = """
name = "storage1"
listen = "[::]:6002"
[retention]
daily = 3
[database]
host = "db1"
password_file = "/etc/lyceum/storage-database-password"
[tls]
ca = "ca"
certificate = "certificate"
key = "key"
"""


def test_what_is_not_set_has_its_default(tmp_path: Path) -> None:
    path = tmp_path / "storage.toml"
    path.write_text(WHOLE)
    settings = load(path)
    assert settings.address == ("::", 6002)
    assert settings.retention == Retention(daily=3)
    assert (settings.database.user, settings.database.port) == ("lyceum_storage", 5432)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "not toml",
        WHOLE.replace("daily", "dayly"),
        WHOLE.replace("daily = 3", 'daily = "3"'),
        WHOLE.replace("6002", "port"),
        WHOLE.replace('host = "db1"', ""),
    ],
)
def test_settings_that_cannot_be_used_name_the_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "storage.toml"
    path.write_text(content)
    with pytest.raises(SettingsError, match=r"storage\.toml cannot be used: "):
        load(path)


def test_settings_that_are_not_there_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load(tmp_path / "storage.toml")
