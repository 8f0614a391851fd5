"""Commands: their output, their end, and what they leave behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lyceum_compute.local_hub.commands import Output, execute
from lyceum_compute.local_hub.confinement import Home
from lyceum_compute.local_hub.drain import Drain
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.framing import encode_result
from lyceum_compute.protocol.messages import Exec, ExecResult

bash = pytest.mark.process("bash")


@pytest.fixture
def drain() -> Iterator[Drain]:
    drain = Drain()
    yield drain
    drain.hand_over()


@pytest.fixture
def run(home: Home, drain: Drain) -> Any:
    def run(command: str, **more: Any) -> ExecResult:
        return execute(home, Exec(command=command, **{"bash": True, **more}), drain)

    return run


@bash
def test_output_and_exit_code(run: Any, folder: Path) -> None:
    assert run("echo out; echo err >&2; exit 3") == ExecResult(
        stdout="out\n", stderr="err\n", exit_code=3, timed_out=False, truncated=False
    )
    assert run("pwd").stdout == f"{folder}\n"
    assert run('echo "$0|$1|$2"', args=["a b", "$(c)"]).stdout == "bash|a b|$(c)\n"
    assert run("printf", args=["%s|", "a b", "*"], bash=False).stdout == "a b|*|"


@bash
def test_working_folder(run: Any, folder: Path, outside: Path) -> None:
    (folder / "a b").mkdir()
    (folder / "out").symlink_to(outside)
    assert run("pwd", path="a b").stdout == f"{folder}/a b\n"
    for path, code in [("out", "forbidden"), ("..", "invalid"), ("none", "not_found")]:
        with pytest.raises(FaultError) as raised:
            run("pwd", path=path)
        assert raised.value.code == code


@bash
def test_signals_and_reading_input(run: Any) -> None:
    assert run("kill -9 $$").exit_code == 137
    assert run("cat").exit_code == 0


@pytest.mark.process("no-such-program")
def test_what_cannot_be_started(run: Any, folder: Path) -> None:
    (folder / "text").write_text("text")
    result = run("no-such-program", bash=False)
    assert (result.exit_code, result.stderr) == (127, "no-such-program: command not found\n")
    assert run("./none", bash=False).exit_code == 127
    assert run("./text", bash=False).exit_code == 126


@pytest.mark.parametrize(
    "fields",
    [
        {"command": ""},
        {"command": "a\0b"},
        {"command": "a", "args": ["\0"]},
        {"command": "a", "timeout": 0},
        {"command": "a", "timeout": 601},
        {"command": "a", "timeout": float("nan")},
        {"command": "a", "max_output": -1},
        {"command": "a", "max_output": 10**9},
    ],
)
def test_nonsense(home: Home, drain: Drain, fields: Any) -> None:
    with pytest.raises(FaultError) as raised:
        execute(home, Exec(**fields), drain)
    assert raised.value.code == "invalid"


@bash
def test_time_is_up(run: Any, folder: Path) -> None:
    began = time.monotonic()
    result = run("trap '' TERM; echo before; (sleep 50; touch survived) & wait; sleep 50", timeout=0.2)
    assert time.monotonic() - began < 10
    assert (result.stdout, result.exit_code, result.timed_out) == ("before\n", 124, True)
    assert not (folder / "survived").exists()


@bash
def test_output_without_end(run: Any) -> None:
    result = run("yes", timeout=0.3, max_output=5)
    assert (result.stdout, result.truncated, result.timed_out) == ("y\ny\ny", True, True)


@bash
def test_truncated_between_characters(run: Any) -> None:
    assert run("printf äöü", max_output=5).stdout == "äö"
    assert run(r"printf 'a\377b'").stdout == "a\ufffdb"
    assert run("printf aä", max_output=0).stdout == ""


@bash
def test_background_goes_on_after_the_answer(run: Any, folder: Path, drain: Drain) -> None:
    os.mkfifo(folder / "go")
    os.mkfifo(folder / "done")
    began = time.monotonic()
    result = run("(read x < go; head -c 300000 /dev/zero && echo written > done) & echo started")
    assert time.monotonic() - began < 10
    assert result.stdout == "started\n"
    assert drain.open == 2
    (folder / "go").write_text("\n")
    assert (folder / "done").read_text() == "written\n"  # its output was taken, though nobody waits for it


@bash
@pytest.mark.process("cat")
def test_background_outlives_the_local_hub(home: Home, folder: Path) -> None:
    os.mkfifo(folder / "go")
    os.mkfifo(folder / "done")
    drain = Drain()
    execute(home, Exec(command="(read x < go; yes | head -c 300000 && echo written > done) &", bash=True), drain)
    drain.hand_over()
    (folder / "go").write_text("\n")
    assert (folder / "done").read_text() == "written\n"


@bash
def test_every_answer_fits_on_the_wire(run: Any) -> None:
    result = run(
        r"head -c 9000000 /dev/zero | tr '\0' '\1'; head -c 9000000 /dev/zero | tr '\0' '\1' >&2", max_output=9_000_000
    )
    assert result.truncated
    assert len(encode_result(1, result)) < 16 * 1024 * 1024
    plain = run("head -c 6000000 /dev/zero | tr '\\0' a", max_output=9_000_000)
    assert len(plain.stdout) == 6_000_000


@bash
def test_too_long_a_command(run: Any) -> None:
    with pytest.raises(FaultError) as raised:
        run("true", args=["x" * 200_000])
    assert raised.value.code == "too_large"


@bash
def test_signals_are_as_usual(run: Any) -> None:
    """Python ignores SIGPIPE; a command must not inherit that."""
    ignored = int(run("grep SigIgn /proc/self/status").stdout.split()[1], 16)
    assert not ignored & (1 << (signal.SIGPIPE - 1))


def test_output_keeps_only_what_it_may() -> None:
    read, write = os.pipe()
    os.set_blocking(read, False)
    output = Output(read, 4)
    os.write(write, b"abc")
    output.rest()
    os.write(write, b"def")
    os.close(write)
    output.rest()
    assert (bytes(output.kept), output.truncated, output.ended) == (b"abcd", True, True)
    assert output.text(2) == "ab"
    os.close(read)
