"""Accounts through the hub's command: passwords never stand in an argument."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from lyceum_ops import programs
from lyceum_ops.commands import account
from lyceum_ops.errors import Failure
from lyceum_ops.programs import ProgramFailure, Result
from lyceum_ops.remote import Machines, Remote

HUB = Machines(Path("inventory"), {"hub1": Remote("hub1", ("ssh", "hub1"))}, {"hub": ["hub1"]})


class Hub:
    """Takes the place of ssh."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.says = Result(0, "", "")
        self.calls: list[tuple[list[str], str | None]] = []
        monkeypatch.setattr(programs, "run", self.run)

    def run(self, arguments: list[str], *, stdin: str | None = None, **_: object) -> Result:
        self.calls.append((arguments, stdin))
        if self.says.code:
            raise ProgramFailure(arguments, self.says.code, self.says.stderr)
        return self.says


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    return Hub(monkeypatch)


def test_a_made_password_is_shown_and_travels_by_stdin(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    hub.says = Result(0, "created the administrator a@example.org\n", "")
    account.administrator(HUB, "a@example.org", ask=False)
    ((arguments, stdin),) = hub.calls
    password = (stdin or "").strip()
    assert len(password) == 23
    assert password not in " ".join(arguments)
    assert f"Password: {password}" in capsys.readouterr().out


def test_one_who_is_an_administrator_already_keeps_the_password(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    hub.says = Result(0, "", "a@example.org is an administrator already\n")
    account.administrator(HUB, "a@example.org", ask=False)
    shown = capsys.readouterr().out
    assert "already" in shown
    assert "Password" not in shown


def test_a_piped_password_is_taken_as_it_is(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("pass word '\"\n"))
    hub.says = Result(0, "changed the password of a@example.org\n", "")
    account.new_password(HUB, "a@example.org", ask=True)
    assert hub.calls[0][1] == "pass word '\"\n"
    assert "Password:" not in capsys.readouterr().out


def test_an_address_cannot_become_an_option(hub: Hub) -> None:
    account.change(HUB, "disable", "--config=/tmp/x")
    assert hub.calls[0][0][-1].endswith("account disable -- --config=/tmp/x")


def test_the_hubs_own_words_are_told(hub: Hub) -> None:
    hub.says = Result(1, "", "There is no account nobody@example.org.\n")
    with pytest.raises(Failure, match=r"^There is no account nobody@example\.org\.$"):
        account.change(HUB, "disable", "nobody@example.org")


def test_accounts_are_listed(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    hub.says = Result(
        0,
        '{"account_id": "1", "email_address": "b@example.org", "first_name": "B", "last_name": "", '
        '"administrator": false, "disabled": true, "created": "2026-11-22"}\n'
        '{"account_id": "2", "email_address": "a@example.org", "first_name": "Ada", "last_name": "L", '
        '"administrator": true, "disabled": false, "created": "2026-11-22"}\n',
        "",
    )
    account.show(HUB)
    assert capsys.readouterr().out.splitlines() == [
        "a@example.org  Ada L  administrator",
        "b@example.org  B  disabled",
    ]
