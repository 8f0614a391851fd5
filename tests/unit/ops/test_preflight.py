"""What is checked before anything is changed."""

from __future__ import annotations

import os
import shutil
import sys
from collections import namedtuple
from pathlib import Path

import pytest
from lyceum_ops import preflight, programs
from lyceum_ops.errors import Failure
from lyceum_ops.lab import forwarding, supervision
from lyceum_ops.lab.definition import Lab
from lyceum_ops.program import main
from lyceum_ops.progress import Progress

Usage = namedtuple("Usage", "total used free")  # noqa: PYI024 - as shutil's


def test_without_root_it_says_how_to_become_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The hint named a file of Python's that cannot be run, and nobody without a home read a traceback instead."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(sys, "argv", ["/somewhere/ops/lyceum_ops/__main__.py", "up", "--single"])
    assert main(sys.argv) == 1
    said = capsys.readouterr().err
    assert "needs root" in said
    assert "hint: sudo ./lyceum up --single" in said


def test_all_that_is_missing_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10, 10, 1_000_000_000))
    monkeypatch.setattr(preflight, "_has_file_system", lambda name: name != "btrfs")
    monkeypatch.setattr(programs, "find", lambda name: None if name == "apt-get" else f"/usr/bin/{name}")
    with pytest.raises(Failure) as caught:
        preflight.check_host(disk_folder=Path("/"))
    said = str(caught.value)
    assert "not Debian" in said
    assert "no btrfs" in said
    assert "1.0 GB free" in said
    assert caught.value.hint == "Nothing was changed."


def test_a_taken_port_is_told_but_not_the_labs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab("lab", port=8443)
    monkeypatch.setattr(forwarding, "taken_ports", lambda _: [8080])
    monkeypatch.setattr(supervision, "units", lambda _: {"port-8080", "machine-m1"})
    preflight.check_ports(lab, present=True)
    monkeypatch.setattr(supervision, "units", lambda _: {"port-8443"})
    with pytest.raises(Failure, match=r"Port 8080 .* \(the lab needs 8443, 8080, 8022\)"):
        preflight.check_ports(lab, present=True)


def test_a_lab_that_publishes_nothing_needs_no_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarding, "taken_ports", lambda port: [port])
    preflight.check_ports(Lab("lab"), present=False)


def test_packages_are_asked_for_by_the_programs_that_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "find", lambda name: None if name in {"socat", "ip"} else f"/usr/bin/{name}")
    monkeypatch.setattr(forwarding, "has_proxyd", lambda _: True)
    assert preflight.missing_packages() == ["iproute2", "socat"]


def test_room_for_inotify_instances_is_made_only_where_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "128\n")
    monkeypatch.setattr(Path, "write_text", lambda _, text: written.append(text))
    monkeypatch.setattr(preflight, "_watches", lambda: 20)
    preflight.make_room_for_watches(7, Progress())
    assert not written
    monkeypatch.setattr(preflight, "_watches", lambda: 100)
    preflight.make_room_for_watches(7, Progress())
    assert written == [f"{preflight.ENOUGH_WATCHES}\n"]


def test_a_limit_of_inotify_instances_that_cannot_be_raised_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path, __: str) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "128\n")
    monkeypatch.setattr(Path, "write_text", refuse)
    monkeypatch.setattr(preflight, "_watches", lambda: 100)
    with pytest.raises(Failure) as caught:
        preflight.make_room_for_watches(7, Progress())
    assert "sysctl fs.inotify.max_user_instances=" in (caught.value.hint or "")
