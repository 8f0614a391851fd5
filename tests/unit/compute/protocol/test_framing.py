from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lyceum_compute.protocol import framing
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import Exec, Fault


def test_half_a_message_is_held_until_its_end_comes() -> None:
    lines = framing.LineBuffer()
    assert lines.feed(b'{"id":') == []
    assert len(lines) == 6
    assert lines.feed(b'1}\n{"id":2}\n{') == [b'{"id":1}', b'{"id":2}']
    assert len(lines) == 1


@given(st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line)), st.lists(st.integers(1, 20)))
def test_lines_are_the_same_however_the_stream_was_cut(sent: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(line + b"\n" for line in sent)
    lines = framing.LineBuffer()
    got: list[bytes] = []
    for cut in [*cuts, len(stream) + 1]:
        got += lines.feed(stream[:cut])
        stream = stream[cut:]
    assert got == sent


def test_a_line_at_the_limit_passes_and_one_byte_more_does_not() -> None:
    assert framing.LineBuffer(10).feed(b"x" * 9 + b"\n") == [b"x" * 9]
    with pytest.raises(framing.LineTooLongError):
        framing.LineBuffer(10).feed(b"x" * 10 + b"\n")


def test_a_gigabyte_without_a_newline_is_refused_before_it_is_held() -> None:
    lines = framing.LineBuffer()
    chunk = b"x" * (1024 * 1024)
    with pytest.raises(framing.LineTooLongError):
        list(map(lines.feed, [chunk] * 1024))
    assert len(lines) < 17 * 1024 * 1024


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"nonsense",
        b"[]",
        b"{}",
        b'{"id":1}',
        b'{"id":"1","operation":"x"}',
        b'{"id":-1,"operation":"x"}',
        b'{"id":1e300,"operation":"x"}',
        b'{"id":99999999999999999999999,"operation":"x"}',
        b'{"id":1,"operation":"\xff"}',
        b'{"id":1,"operation":"x","arguments":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"id":1,"operation":"x"}garbage',
    ],
)
def test_what_is_not_a_request_is_malformed(line: bytes) -> None:
    with pytest.raises(FaultError) as caught:
        framing.decode_request(line)
    assert caught.value.code == "malformed"
    assert len(caught.value.message) < 300


def test_a_request_survives_the_wire() -> None:
    line = framing.encode_request(7, "exec", Exec(command="echo", args=["a\nb"]))
    assert line.count(b"\n") == 1
    request = framing.decode_request(line[:-1])
    assert (request.id, request.operation) == (7, "exec")
    assert framing.decode_as(request.arguments, Exec, "arguments") == Exec(command="echo", args=["a\nb"])


def test_unknown_fields_of_arguments_are_refused() -> None:
    with pytest.raises(FaultError) as caught:
        framing.decode_as(b'{"command":"x","shell":true}', Exec, "the arguments of exec")
    assert caught.value.code == "invalid"
    assert "shell" in caught.value.message


def test_answers_and_events_are_told_apart() -> None:
    assert framing.decode_incoming(framing.encode_fault(None, Fault("too_large", "x"))[:-1]).error == Fault(
        "too_large", "x"
    )
    answer = framing.decode_incoming(framing.encode_result(3, {"a": 1})[:-1])
    assert (answer.id, answer.result) == (3, msgspec.Raw(b'{"a":1}'))
    assert framing.decode_incoming(b'{"project_id":"x","event":"state"}').event == "state"


def test_text_that_is_no_unicode_is_an_error_of_ours() -> None:
    with pytest.raises(FaultError) as caught:
        framing.encode({"name": "\udcff"})
    assert caught.value.code == "internal"


def test_a_message_over_the_limit_is_not_sent() -> None:
    with pytest.raises(FaultError) as caught:
        framing.encode("x" * 100, limit=100)
    assert caught.value.code == "too_large"
