"""The command line: what people write, what they read, and with which code it ends."""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
from pathlib import Path

import pytest
from lyceum_ops import cloud_tasks, cost_tasks, host_tasks, tasks
from lyceum_ops.commands import status
from lyceum_ops.program import main, overview, rewrite


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("lab boot --name x", "lab.boot --name x"),
        ("account password a@example.org", "account.password a@example.org"),
        ("bench deploy", "bench.deploy"),
        ("logs hub1 lyceum-hub@0 --follow", "logs hub1 --unit lyceum-hub@0 --follow"),
        ("logs hub1 --follow", "logs hub1 --follow"),
        ("check mypy ruff", "check --only mypy --only ruff"),
        ("up --single", "up --single"),
        ("account password --help", "--help account.password"),
        ("logs hub1 -h", "--help logs"),
        ("help up", "--help up"),
        ("cost medium --json", "cost --stack medium --json"),
        ("cost --json medium --diff small", "cost --json --stack medium --diff small"),
        ("cost --diff=small medium", "cost --diff=small --stack medium"),
        ("cost --preview - --usage heavy", "cost --preview - --usage heavy"),
        ("cost medium small", "cost --stack medium small"),
    ],
)
def test_what_people_write_becomes_what_invoke_reads(written: str, read: str) -> None:
    assert rewrite(["lyceum", *written.split()]) == ["lyceum", *read.split()]


def test_an_empty_word_is_not_taken_for_an_option_that_was_not_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lyceum", "cost", "--preview", ""]) == 2
    assert "is empty" in capsys.readouterr().err


def test_what_a_command_lacks_is_told_as_its_help_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lyceum", "cloud", "preview"]) == 2
    assert "./lyceum cloud preview lacks STACK." in capsys.readouterr().err


def test_overview_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lyceum"]) == 0
    shown = capsys.readouterr().out
    assert shown.strip() == overview().strip()
    for command in (
        "up",
        "down",
        "destroy",
        "status",
        "deploy",
        "ssh",
        "logs",
        "check",
        "test",
        "bench deploy",
        "cloud up",
        "account password",
    ):
        assert f"\n  {command} " in shown


def test_every_option_of_every_command_is_explained() -> None:
    importlib.reload(cloud_tasks)
    importlib.reload(host_tasks)
    importlib.reload(cost_tasks)
    fresh = importlib.reload(tasks)  # Invoke takes the texts out of a task when it first reads it
    listed = [task for section in fresh.SECTIONS.values() for task in section]
    bare = [f"{task.name} {option.name}" for task in listed for option in task.get_arguments() if not option.help]
    assert bare == []
    assert [task.name for task in listed if not (task.__doc__ or "").strip().splitlines()[0].endswith(".")] == []


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("nonsense", "There is no command or option 'nonsense'"),
        ("nonsense --help", "There is no command or option 'nonsense'"),
        ("up --nonsense", "There is no command or option '--nonsense'"),
        ("ssh", "./lyceum ssh lacks MACHINE"),
        ("lab nonsense", "There is no command 'lab nonsense'"),
        ("up down", "One command at a time"),
        ("up --port many", "many"),
    ],
)
def test_a_mistake_on_the_command_line_ends_with_2_and_a_hint(
    written: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lyceum", *written.split()]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "hint:" in said
    assert "Traceback" not in said


def test_help_of_a_command_shows_how_to_call_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lyceum", "logs", "--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Usage: ./lyceum logs MACHINE [UNIT] [options]")
    assert "Example: ./lyceum logs hub1" in shown


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_command_says_so(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Invoke ended it with 1 and without a word."""
    monkeypatch.setattr(status, "look", lambda _name: signal.raise_signal(number))
    assert main(["lyceum", "status"]) == 130
    said = capsys.readouterr().err
    assert "lyceum: Interrupted." in said
    assert "hint: Run the same command again" in said


def test_what_the_user_may_not_open_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_name: str) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/somewhere/build/logs")

    monkeypatch.setattr(status, "look", refuse)
    monkeypatch.setattr(sys, "argv", ["lyceum", "status"])
    assert main(sys.argv) == 1
    said = capsys.readouterr().err
    assert "lyceum: /somewhere/build/logs: Permission denied." in said
    assert "hint: sudo ./lyceum status" in said


def test_settings_of_other_programs_that_use_invoke_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One who was root's neighbour got a traceback: ~/.invoke.yaml could not be opened."""
    (tmp_path / ".invoke.yaml").write_text("this: [is no YAML")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert main(["lyceum", "--version"]) == 0
    assert "lyceum" in capsys.readouterr().out.lower()
