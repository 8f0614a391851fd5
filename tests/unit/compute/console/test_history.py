"""The end of a terminal's output, such that a fresh emulator shows it as the others do."""

from __future__ import annotations

import pytest
from lyceum_compute.console.history import History
from lyceum_compute.console.modes import is_answer, without_questions


def history_of(*parts: bytes, limit: int = 100, keep: int = 50) -> History:
    history = History(limit, keep)
    for part in parts:
        history.append(part)
    return history


def test_all_is_kept_below_the_limit() -> None:
    assert history_of(b"one\n", b"\x1b[31mtwo").replay() == b"one\n\x1b[31mtwo"


def test_cut_at_the_end_of_a_line() -> None:
    history = history_of(b"".join(b"line %02d\n" % number for number in range(20)))
    replay = history.replay()
    assert replay.startswith(b"line ")
    assert replay.endswith(b"line 19\n")
    assert 30 < len(replay) <= 50
    assert history.was_cut


@pytest.mark.parametrize("length", range(95, 110))
def test_never_cut_within_a_sequence(length: int) -> None:
    history = history_of(b"x" * (length - 60) + b"\x1b[1;31m" + b"y" * 60)
    replay = history.replay()
    assert replay.count(b"\x1b") == replay.count(b"\x1b[1;31m")
    if history.was_cut:
        assert set(replay.replace(b"\x1b[1;31m", b"")) == {ord("y")} or b"x" in replay


def test_never_cut_within_a_title_or_picture() -> None:
    for sequence in (b"\x1b]0;" + b"t" * 60 + b"\x07", b"\x1bPq" + b"#\n" * 30 + b"\x1b\\"):
        replay = history_of(b"x" * 20 + sequence + b"y" * 40).replay()
        assert replay.endswith(b"y" * 40)
        assert b"tt" not in replay.replace(b"\x1b]2;" + b"t" * 60 + b"\x07", b"")
        assert b"#" not in replay


@pytest.mark.parametrize("extra", range(5))
def test_never_cut_within_a_character(extra: int) -> None:
    text = "a" * extra + "日本語" * 20
    history = history_of(text.encode())
    assert history.was_cut
    assert history.replay().decode()


def test_memory_is_bounded() -> None:
    history = History()
    for _ in range(1000):
        history.append(b"y\n" * 1000)
        assert len(history) <= 152_000
    assert len(history.replay()) >= 100_000


def test_what_was_switched_before_the_cut_is_switched_again() -> None:
    before = b"\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?1h\x1b=\x1b[2;20r\x1b(0\x1b]0;title\x07\x1b[1m\x1b[38;5;3m"
    history = history_of(before + b"x" * 200)
    replay = history.replay()
    for sequence in (b"\x1b[?1049h", b"\x1b[?25l", b"\x1b[?2004h", b"\x1b[?1h", b"\x1b=", b"\x1b[2;20r", b"\x1b(0"):
        assert sequence in replay
    assert b"\x1b[1m\x1b[38;5;3m" in replay
    assert b"\x1b]2;title\x07" in replay
    assert history.alternate_screen
    history.append(b"\x1b[?1049l\x1b[?25h\x1b[0m\x1b[?7l" + b"x" * 200)
    replay = history.replay()
    assert not history.alternate_screen
    assert b"\x1b[?25l" not in replay
    assert b"\x1b[1m" not in replay
    assert b"\x1b[?7l" in replay


def test_reset_switches_all_back() -> None:
    for reset in (b"\x1bc", b"\x1b[!p"):
        assert history_of(b"\x1b[?25l\x1b[31m" + reset + b"x" * 200).replay().count(b"\x1b") == 0


def test_styles_are_bounded() -> None:
    replay = history_of(b"".join(b"\x1b[%dm" % number for number in range(1, 2000)), limit=5000, keep=100).replay()
    assert len(replay) < 1000


@pytest.mark.parametrize(
    "question",
    [
        b"\x1b[c",
        b"\x1b[0c",
        b"\x1b[>c",
        b"\x1b[=c",
        b"\x1b[6n",
        b"\x1b[?6n",
        b"\x1b[5n",
        b"\x1b[?2026$p",
        b"\x1b[>q",
        b"\x1b[>0q",
        b"\x1b[?u",
        b"\x1b[18t",
        b"\x1b]11;?\x07",
        b"\x1b]10;?\x1b\\",
        b"\x1b]4;3;?\x07",
        b"\x1bP$qm\x1b\\",
        b"\x1bP+q544e\x1b\\",
        b"\x1bZ",
        b"\x05",
    ],
)
def test_questions_are_not_asked_again(question: bytes) -> None:
    assert without_questions(b"before" + question + b"after") == b"beforeafter"
    assert history_of(b"a" + question + b"b").replay() == b"ab"


@pytest.mark.parametrize(
    "output", [b"\x1b[31m", b"\x1b[2J", b"\x1b[?25h", b"\x1b]0;a title\x07", b"\x1b[5;6H", b"6n", b"\x1b[22t"]
)
def test_what_is_no_question_stays(output: bytes) -> None:
    assert without_questions(output) == output


@pytest.mark.parametrize(
    "typed",
    [
        b"\x1b[?1;2c",
        b"\x1b[>0;276;0c",
        b"\x1b[12;40R",
        b"\x1b[0n",
        b"\x1b]11;rgb:0000/0000/0000\x1b\\",
        b"\x1b[?2026;2$y",
    ],
)
def test_answers_are_recognised(typed: bytes) -> None:
    assert is_answer(typed)
    assert is_answer(typed + typed)


@pytest.mark.parametrize(
    "typed", [b"", b"a", b"\x1b", b"\x1b[A", b"\x1bOP", b"\x1b[1;2R", b"\x1b[1;5C", b"\x1b[200~x", b"\x1b[<0;1;1M"]
)
def test_keys_are_no_answers(typed: bytes) -> None:
    assert not is_answer(typed)
