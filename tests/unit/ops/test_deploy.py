"""Reading what Ansible tells: steps for people, an outcome for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from lyceum_ops import checkout, deploy, programs
from lyceum_ops.deploy import MARK, Reader
from lyceum_ops.errors import Failure
from lyceum_ops.progress import Progress


def event(kind: str, **fields: object) -> str:
    return MARK + json.dumps({"event": kind, **fields})


TASK = {"name": "Install HAProxy", "role": "haproxy", "path": "roles/haproxy/tasks/install.yml:1"}
RUN = [
    "PLAY [Edges] ****",
    event("play", name="Edges"),
    event("task", **TASK),
    event("changed", host="edge1"),
    event("changed", host="edge2"),
    event("task_end", seconds=2.5, **TASK),
    event("task", name="Look", role="", path=""),
    event("task_end", seconds=0.5, name="Look", role="", path=""),
    event("end", hosts={"edge1": {"changed": 1, "failures": 0}, "edge2": {"changed": 1, "failures": 0}}),
]


def read(lines: list[str]) -> Reader:
    reader = Reader(Progress())
    for line in lines:
        reader.line(line)
    return reader


def test_a_line_for_each_role_and_none_of_ansibles_own(capsys: pytest.CaptureFixture[str]) -> None:
    read(RUN)
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 2
    assert "Edges: haproxy (" in shown[0]
    assert "2 changed" in shown[0]
    assert "PLAY" not in "".join(shown)


def test_what_works_but_should_be_known_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    read([*RUN[:3], event("advice", said="group_vars/all/main.yml: no domain"), *RUN[3:]])
    assert "Warning: group_vars/all/main.yml: no domain" in capsys.readouterr().out


def test_outcome_counts_changes_and_time_by_role() -> None:
    outcome = read(RUN).outcome
    assert outcome.changed == {"edge1": 1, "edge2": 1}
    assert outcome.changes == 2
    assert outcome.seconds_by_role() == {"haproxy": 2.5, "Edges": 0.5}


def test_a_failure_names_host_task_and_role_and_is_kept_short() -> None:
    said = "\n".join(f"line {number}" for number in range(100))
    reader = read([*RUN[:3], event("failed", host="edge1", said=said)])
    (failure,) = reader.failures
    assert failure.startswith("edge1: Install HAProxy (role haproxy)")
    assert "line 99" in failure
    assert len(failure.splitlines()) < 20


def test_a_missing_inventory_is_told_with_those_that_are_there() -> None:
    with pytest.raises(Failure) as caught:
        deploy.check_inventory(Path("inventories/nonsense"))
    assert "cluster" in (caught.value.hint or "")


def test_a_folder_without_hosts_is_no_inventory(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"no hosts\.yml"):
        deploy.check_inventory(tmp_path)


def test_an_inventory_is_found_from_any_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert deploy.check_inventory(Path("inventories/cluster")) == checkout.ROOT / "inventories/cluster"


def test_what_ansible_says_outside_any_task_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was looked for in the log under a name that nothing is logged by, so only an exit code was told."""

    def refuse(_arguments: Sequence[str], on_line: Callable[[str], None], **_: object) -> int:
        on_line("PLAY [Inventory] ***")
        on_line("[ERROR]: main.yml:3: this is no YAML")
        return 4

    monkeypatch.setattr(programs, "stream", refuse)
    with pytest.raises(Failure, match=r"exit code 4\.\n    \[ERROR\]: main\.yml:3: this is no YAML"):
        deploy.playbook("site.yml", Path("inventories/cluster"), Progress())
