"""How a machine of an inventory is reached."""

from __future__ import annotations

import json

import pytest
from lyceum_ops import programs, remote
from lyceum_ops.errors import Failure, UsageFailure
from lyceum_ops.programs import Result
from lyceum_ops.remote import Machines, Remote

LISTING = {
    "_meta": {
        "hostvars": {
            "hub1": {"ansible_host": "192.0.2.21", "ansible_user": "ada", "ansible_become": True, "ansible_port": 2222},
            "db1": {
                "ansible_host": "192.0.2.31",
                "ansible_ssh_common_args": "-F /a/config",
                "lyceum__secrets": {"x": "secret"},
            },
        }
    },
    "hub": {"hosts": ["hub1"]},
    "edge": {},
}


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> Machines:
    def run(_: list[str], *, secret: bool = False, **__: object) -> Result:
        assert secret, "the vault's variables must not be logged"
        return Result(0, json.dumps(LISTING), "")

    monkeypatch.setattr(programs, "run", run)
    return remote.of_inventory("inventories/cluster")


def test_address_user_port_and_becoming_root_come_from_the_inventory(machines: Machines) -> None:
    assert machines.first("hub").command("id", "-u") == [
        *("ssh", "-p", "2222", "-T", "-o", "BatchMode=yes", "ada@192.0.2.21", "sudo --non-interactive id -u"),
    ]
    assert machines.find("db1").command() == ["ssh", "-F", "/a/config", "-T", "-o", "BatchMode=yes", "192.0.2.31"]


def test_words_reach_the_machine_as_they_are() -> None:
    command = Remote("m", ("ssh", "m")).command("echo", "a b", "$(reboot)", "'")
    assert command[-1] == """echo 'a b' '$(reboot)' ''"'"''"""


def test_what_is_not_there_is_told(machines: Machines) -> None:
    with pytest.raises(Failure, match="no machine web1"):
        machines.find("web1")
    with pytest.raises(Failure, match="group edge"):
        machines.first("edge")


def test_a_lab_that_does_not_run_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote.definition, "load", lambda _: None)
    with pytest.raises(Failure, match="no lab nothere"):
        remote.of_lab("nothere")
    with pytest.raises(UsageFailure):
        remote.of_lab("../etc")
