"""``hub.toml``."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from lyceum_hub import VERSION
from lyceum_hub.settings import SettingsError, load, read_secret

LEAST = """
name = "hub1"
names = ["localhost", "127.0.0.1", "::1"]
https_port = 8443
sign_up = "open"
[database]
host = "db1"
password_file = "/x"
[tls]
ca = "/a"
certificate = "/b"
key = "/c"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that is enough."""
    path = tmp_path / "hub.toml"
    path.write_text(LEAST)
    return path


def test_what_is_left_out_has_the_default_figures(file: Path) -> None:
    settings = load(file)
    assert (settings.port(0), settings.port(3)) == (5000, 5006)
    assert settings.quotas.defaults.disk == 3000
    assert settings.quotas.maximum.memory == 8000
    assert settings.limits.sign_up_per_half_hour == 150
    assert settings.sessions.remembered == 2_592_000


def test_a_maximum_that_is_not_said_keeps_its_default(file: Path) -> None:
    file.write_text(LEAST + "[quotas.maximum]\ndisk = 100000\n")
    maximum = load(file).quotas.maximum
    assert (maximum.disk, maximum.memory, maximum.network) == (100_000, 8_000, True)


def test_origins_are_as_browsers_write_them(file: Path) -> None:
    assert load(file).origins() == {"https://localhost:8443", "https://127.0.0.1:8443", "https://[::1]:8443"}
    file.write_text(LEAST.replace("8443", "443"))
    assert "https://localhost" in load(file).origins()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (('sign_up = "open"', 'sign_up = "token"'), "sign_up_token_file"),
        (('sign_up = "open"', 'sign_up = "maybe"'), "sign_up"),
        (('name = "hub1"', 'name = "hub1"\ncolour = 1'), "colour"),
        (('names = ["localhost", "127.0.0.1", "::1"]', "names = []"), "names"),
        (("[tls]", "[[compute]]\nname='a'\nport=1\n[[compute]]\nname='a'\nport=1\n[tls]"), "compute"),
        (("[tls]", "[tls"), "hub.toml"),
    ],
)
def test_what_cannot_be_used_is_named(file: Path, change: tuple[str, str], named: str) -> None:
    file.write_text(LEAST.replace(*change))
    with pytest.raises(SettingsError, match=re.escape(str(file))) as refused:
        load(file)
    assert named in str(refused.value)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load(tmp_path / "none.toml")


def test_a_secret_is_a_line_that_is_not_empty(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s e c\n")
    assert read_secret(str(secret)) == "s e c"
    secret.write_text("\n")
    with pytest.raises(SettingsError, match="is empty"):
        read_secret(str(secret))
    with pytest.raises(SettingsError, match="No such file"):
        read_secret(str(tmp_path / "none"))


def test_the_version_is_the_distributions() -> None:
    project = Path(__file__).parents[3] / "hub/pyproject.toml"
    assert tomllib.loads(project.read_text())["project"]["version"] == VERSION
