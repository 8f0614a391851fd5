"""A lab's definition: names, addresses, ports, and what is written down of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from lyceum_ops.errors import Failure, UsageFailure
from lyceum_ops.lab import definition
from lyceum_ops.lab.definition import DEFAULT_MACHINES, SINGLE_MACHINE, Lab, published_ports, with_machines

IMAGE = "0123456789abcdef"


@pytest.fixture(autouse=True)
def folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(definition, "STATE", tmp_path / "state")
    monkeypatch.setattr(definition, "RUNTIME", tmp_path / "run")


@pytest.mark.parametrize("name", ["lab", "a", "test2", "x" * 16])
def test_names_of_labs(name: str) -> None:
    assert definition.check_name(name) == name


@pytest.mark.parametrize("name", ["", "Lab", "a-b", "1a", "x" * 17, "a/b", "..", "a\n", "ä"])
def test_names_that_could_be_read_in_two_ways_or_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(UsageFailure):
        definition.check_name(name)


def test_default_ports_are_those_of_the_issue() -> None:
    assert published_ports(8443) == {8443: 443, 8080: 80, 8022: 22022}


@pytest.mark.parametrize("port", [0, -1, 80, 1024, 65536])
def test_ports_that_cannot_be_used_are_refused(port: int) -> None:
    with pytest.raises(UsageFailure):
        definition.check_port(port)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("c1=compute", ("c1", ("compute",))),
        ("a=edge,hub", ("a", ("edge", "hub"))),
        ("bare", ("bare", ())),
        ("b=", ("b", ())),
    ],
)
def test_machines_as_given_on_the_command_line(text: str, parsed: tuple[str, tuple[str, ...]]) -> None:
    assert definition.parse_machine(text) == parsed


@pytest.mark.parametrize("text", ["=edge", "A=edge", "a_b=edge", "a-=edge", "a=cloud", "../x=edge", "a b=edge"])
def test_wrong_machines_are_refused(text: str) -> None:
    with pytest.raises(UsageFailure):
        definition.parse_machine(text)


def test_a_machine_added_later_leaves_the_others_as_they_are() -> None:
    lab = with_machines(Lab("lab"), DEFAULT_MACHINES, IMAGE)
    larger = with_machines(lab, [("compute3", ("compute",))], "another-image")
    assert larger.machines[:-1] == lab.machines
    assert larger.machine("compute3").image == "another-image"
    assert len({machine.address for machine in larger.machines}) == 8


def test_the_address_of_a_removed_machine_is_free_again() -> None:
    lab = with_machines(Lab("lab"), [("a", ()), ("b", ())], IMAGE)
    without = Lab("lab", machines=lab.machines[1:])
    assert with_machines(without, [("c", ())], IMAGE).machine("c").address == lab.machine("a").address


def test_a_full_lab_says_so() -> None:
    with pytest.raises(Failure, match="is full"):
        with_machines(Lab("lab"), [(f"m{number}", ()) for number in range(300)], IMAGE)


def test_a_single_machine_is_in_every_group_and_has_both_disks() -> None:
    machine = with_machines(Lab("lab"), SINGLE_MACHINE, IMAGE).machines[0]
    assert set(machine.groups) == set(definition.GROUPS)
    assert set(machine.disks) == {"projects", "storage"}


def test_what_is_saved_is_loaded() -> None:
    lab = with_machines(Lab("lab", port=8443, disk_gigabytes=3), DEFAULT_MACHINES, IMAGE)
    definition.save(lab)
    assert definition.load("lab") == lab
    assert definition.names() == ["lab"]
    assert definition.load("other") is None


def test_a_damaged_definition_is_told_with_its_path() -> None:
    lab = Lab("lab")
    definition.save(lab)
    lab.places.definition.write_text("{")
    with pytest.raises(Failure, match=r"lab\.json is damaged"):
        definition.load("lab")


def test_write_file_tells_whether_it_changed_anything(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    assert definition.write_file(path, "a", mode=0o600)
    assert path.stat().st_mode & 0o777 == 0o600
    assert not definition.write_file(path, "a", mode=0o600)
    assert definition.write_file(path, "a", mode=0o644)
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]
