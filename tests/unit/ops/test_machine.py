"""A shell on a machine, and its journal: only what is there is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from lyceum_ops import programs
from lyceum_ops.commands import machine
from lyceum_ops.errors import UsageFailure
from lyceum_ops.programs import Result
from lyceum_ops.remote import Machines, Remote

HUB = Machines(Path("inventory"), {"hub1": Remote("hub1", ("ssh", "hub1"))}, {"hub": ["hub1"]})
LISTED = '[{"unit": "lyceum-hub@0.service", "load": "loaded", "active": "active"}]'


@pytest.fixture
def journal(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the machine's programs say, by a word of their command; `shown` is the command that takes over in the end."""
    says = {"show": "not-found\n", "journalctl": "", "list-units": LISTED, "shown": ""}

    def run(arguments: list[str], **_: object) -> Result:
        return Result(0, next(said for word, said in says.items() if word in arguments[-1]), "")

    monkeypatch.setattr(programs, "run", run)
    monkeypatch.setattr(programs, "replace", lambda words: says.update(shown=words[-1]))
    return says


def test_a_unit_that_is_not_there_is_refused_with_those_that_are(journal: dict[str, str]) -> None:
    with pytest.raises(UsageFailure, match="no unit lyceum-hbu on hub1") as refused:
        machine.logs(HUB, "hub1", "lyceum-hbu", lines=10, follow=False)
    assert "lyceum-hub@0" in str(refused.value.hint)
    assert journal["shown"] == ""


@pytest.mark.parametrize("known", [{"show": "loaded\n"}, {"journalctl": "it was here once\n"}])
def test_a_unit_that_is_or_was_there_is_shown(journal: dict[str, str], known: dict[str, str]) -> None:
    journal.update(known)
    machine.logs(HUB, "hub1", "lyceum-hub@*", lines=10, follow=True)
    assert "--unit=lyceum-hub@*" in journal["shown"]
    assert "--follow" in journal["shown"]


def test_the_whole_journal_asks_for_no_unit(journal: dict[str, str]) -> None:
    machine.logs(HUB, "hub1", "", lines=10, follow=False)
    assert "--unit" not in journal["shown"]
