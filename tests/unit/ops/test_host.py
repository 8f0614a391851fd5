"""Compute hosts through the hub's command."""

from __future__ import annotations

import json

import pytest
from lyceum_ops.commands import host
from lyceum_ops.programs import Result

from .test_account import HUB, Hub, hub  # noqa: F401 a fixture

STATUS = {
    "running": 3,
    "projects": 12,
    "memory_committed": 3000,
    "memory_total": 8000,
    "disk_available": 70_000,
    "draining": True,
    "load": 0.1,
}


def test_hosts_are_shown_in_columns(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    lines = [{"host": "compute1", "status": STATUS}, {"host": "compute2", "status": None}]
    hub.says = Result(0, "\n".join(map(json.dumps, lines)) + "\n", "")
    host.show(HUB)
    heading, first, second = capsys.readouterr().out.splitlines()
    assert heading.split() == ["host", "running", "projects", "memory", "promised", "disk", "free"]
    assert first.split() == ["compute1", "3", "12", "3000", "of", "8000", "MB", "70000", "MB", "being", "emptied"]
    assert second.split() == ["compute2", "-", "-", "-", "-", "cannot", "be", "reached"]


@pytest.mark.parametrize(
    ("stop", "words"), [(False, "host drain -- compute1"), (True, "host drain --stop -- compute1")]
)
def test_a_host_is_emptied(hub: Hub, stop: bool, words: str) -> None:  # noqa: F811
    host.drain(HUB, "compute1", stop=stop)
    ((arguments, _),) = hub.calls
    assert " ".join(arguments).endswith(f"lyceum-hub {words}")


def test_a_host_takes_projects_again(hub: Hub) -> None:  # noqa: F811
    host.resume(HUB, "compute1")
    ((arguments, _),) = hub.calls
    assert " ".join(arguments).endswith("lyceum-hub host resume -- compute1")
