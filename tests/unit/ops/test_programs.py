"""The door to programs outside."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from lyceum_ops import programs
from lyceum_ops.errors import Failure
from lyceum_ops.lab.supervision import wait_for_end
from lyceum_ops.programs import ProgramFailure


@pytest.mark.process("sh")
def test_what_a_program_says_is_returned_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    result = programs.run(["sh", "-c", "echo out; echo err >&2"])
    assert (result.code, result.stdout, result.stderr) == (0, "out\n", "err\n")
    assert "sh -c 'echo out; echo err >&2'" in caplog.text
    assert "stdout of sh: out" in caplog.text


@pytest.mark.process("sh")
def test_what_is_secret_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert programs.run(["cat"], stdin="hidden", secret=True).stdout == "hidden"
    assert "hidden" not in caplog.text


@pytest.mark.process("sh")
def test_a_failure_carries_the_last_words() -> None:
    with pytest.raises(ProgramFailure, match=r"sh ended with exit code 3: .*\nlast words") as caught:
        programs.run(["sh", "-c", "echo last words >&2; exit 3"])
    assert caught.value.code == 3
    assert programs.run(["sh", "-c", "exit 3"], check=False).code == 3


@pytest.mark.process("sleep")
def test_a_program_that_takes_too_long_is_ended() -> None:
    with pytest.raises(Failure, match=r"took longer than 0\.1 s"):
        programs.run(["sleep", "60"], timeout=0.1)


@pytest.mark.process("nonsense")
def test_a_missing_program_is_told() -> None:
    with pytest.raises(Failure, match="not installed"):
        programs.run(["no-such-program-anywhere"])


@pytest.mark.process("env")
def test_only_a_known_part_of_the_environment_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", "secret")
    monkeypatch.setenv("PATH", "/nowhere")
    shown = programs.run(["env"], extra_environment={"GIVEN": "1"}).stdout.splitlines()
    assert "GIVEN=1" in shown
    assert not [line for line in shown if line.startswith("SOME_TOKEN")]
    path = next(line for line in shown if line.startswith("PATH="))
    assert path.startswith("PATH=/nowhere:")
    assert "/usr/sbin" in path


@pytest.mark.process("sh")
def test_lines_come_as_they_are_said() -> None:
    lines: list[str] = []
    assert programs.stream(["sh", "-c", "echo one; echo two >&2; exit 4"], lines.append) == 4
    assert lines == ["one", "two"]


@pytest.mark.process("sh")
def test_a_started_program_lives_in_a_session_of_its_own(tmp_path: Path) -> None:
    output = tmp_path / "output"
    pid = programs.start(["sh", "-c", "ps -o sid= -p $$; exec sleep 0.2"], output=output)
    with Path(f"/proc/{pid}/stat").open() as stat:
        assert stat.read().split()[5] == str(pid)


@pytest.mark.process("sleep")
def test_what_runs_in_another_thread_is_ended_with_the_command() -> None:
    began = threading.Event()
    script = ["sh", "-c", "echo began; exec sleep 60"]
    with ThreadPoolExecutor() as pool:
        code = pool.submit(programs.stream, script, lambda _: began.set())
        assert began.wait(20)
        programs.end_all()
        assert code.result(20) == -signal.SIGTERM


@pytest.mark.process("sleep")
def test_an_interruption_ends_the_program_that_is_listened_to() -> None:
    """Ansible went on changing machines when only ./lyceum was told to end."""
    children: list[int] = []

    def interrupt(line: str) -> None:
        children.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        programs.stream(["sh", "-c", "echo $$; exec sleep 60"], interrupt)
    assert wait_for_end(children[0], 20)


@pytest.mark.process("sleep")
def test_a_program_ends_even_when_we_are_killed() -> None:
    """What a killed `up` had started to build went on beside the next one."""
    script = "from lyceum_ops import programs; programs.stream(['sh', '-c', 'echo $$; exec sleep 60'], print)"
    here = {"PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-uc", script]
    with subprocess.Popen(command, env=here, stdout=subprocess.PIPE, text=True) as parent:  # noqa: S603 - our own
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    assert wait_for_end(child, 20)
