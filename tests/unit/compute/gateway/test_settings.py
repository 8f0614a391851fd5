"""The gateway's settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from lyceum_compute.gateway.settings import SettingsError, load

TLS = '[tls]\nca = "a"\ncertificate = "b"\nkey = "c"\n'


@pytest.mark.parametrize(
    ("listen", "address"),
    [("0.0.0.0:6001", ("0.0.0.0", 6001)), ("[::]:6001", (None, 6001)), ("[::1]:6001", ("::1", 6001))],  # noqa: S104
)
def test_address(tmp_path: Path, listen: str, address: tuple[str | None, int]) -> None:
    """An instance of which the gateway listened on ``[::]`` alone could not be reached by IPv4."""
    (tmp_path / "gateway.toml").write_text(f'name = "compute1"\nlisten = "{listen}"\n{TLS}')
    assert load(tmp_path / "gateway.toml").address == address


@pytest.mark.parametrize(
    "text", ["", "nonsense", f'name = "x"\nlisten = "6001x"\n{TLS}', f'name = "x"\nlisten = ":1"\nport = 1\n{TLS}']
)
def test_settings_that_cannot_be_used(tmp_path: Path, text: str) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"gateway\.toml"):
        load(path)


def test_settings_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "none")
