"""The command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from lyceum_hub.__main__ import main, parser


def test_the_commands_and_their_options() -> None:
    serve = parser().parse_args(["serve", "--instance", "2"])
    assert (serve.config, serve.instance) == ("/etc/lyceum/hub.toml", 2)
    assert parser().parse_args(["migrate"]).phase is None
    assert parser().parse_args(["account", "administrator", "a@b.c"]).email_address == "a@b.c"
    for wrong in ([], ["account"], ["migrate", "--phase", "between"]):
        with pytest.raises(SystemExit):
            parser().parse_args(wrong)


def test_an_error_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "none.toml"
    assert main(["account", "--config", str(missing), "list"]) == 1
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"lyceum-hub: {missing} cannot be read: No such file or directory\n")
