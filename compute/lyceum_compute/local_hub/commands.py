"""Running a command of the project for somebody who waits for its output."""

from __future__ import annotations

import codecs
import errno
import os
import selectors
import signal
import subprocess
import time
from contextlib import suppress

import msgspec

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import MAX_CONTENT, MAX_LINE, Exec, ExecResult

from .confinement import Home
from .drain import Drain
from .faults import fault_of

MAX_TIMEOUT = 600.0
#: Seconds that a command has to end by itself once its time is up.
GRACE = 1.0
#: Bytes of output that fit into one answer even if each becomes six characters of JSON.
SURE_TO_FIT = 2_500_000
CHUNK = 65536
#: A pipe holds no more than this, so what a command wrote before it ended is within as many bytes.
PIPE_SIZE = 1 << 20

EXIT_TIMED_OUT = 124
EXIT_NOT_EXECUTABLE = 126
EXIT_NOT_FOUND = 127


class Output:
    """One stream of a command's output: its beginning is kept, the rest read and dropped."""

    def __init__(self, descriptor: int, room: int) -> None:
        self.descriptor = descriptor
        self.room = room
        self.kept = bytearray()
        self.truncated = False
        self.ended = False

    def read(self) -> int:
        """Take what is there, at most one chunk; return its length, 0 if there is nothing now."""
        try:
            data = os.read(self.descriptor, CHUNK)
        except BlockingIOError:
            return 0
        self.ended = not data
        part = data[: max(0, self.room - len(self.kept))]
        self.kept += part
        self.truncated = self.truncated or len(part) < len(data)
        return len(data)

    def rest(self) -> None:
        """Take what had been written by now, without waiting for what may follow."""
        taken = 0
        while not self.ended and taken < PIPE_SIZE and (length := self.read()):
            taken += length

    def text(self, limit: int) -> str:
        """Return the text, cut between characters to at most ``limit`` bytes."""
        if len(self.kept) > limit:
            del self.kept[limit:]
            self.truncated = True
        return codecs.getincrementaldecoder("utf-8")("replace").decode(self.kept, final=not self.truncated)


def execute(home: Home, arguments: Exec, drain: Drain) -> ExecResult:
    """Run a command until it ends by itself or its time is up.

    What it leaves running in the background goes on, and may go on writing: ``drain`` reads and drops that.
    """
    command = _command(arguments)
    with home.locate(arguments.path) as place:
        folder = os.open(place.name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place.folder)
    try:
        return _run(command, folder, arguments, drain)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EACCES, errno.ENOEXEC, errno.ENOTDIR, errno.EISDIR, errno.ELOOP):
            return _not_started(command[0], error)
        raise fault_of(error, command[0]) from error
    finally:
        os.close(folder)


def _command(arguments: Exec) -> list[str]:
    if not arguments.command and not arguments.bash:
        raise FaultError("invalid", "the command is empty")
    if any("\0" in argument for argument in (arguments.command, *arguments.args)):
        raise FaultError("invalid", "a command cannot hold a NUL character")
    if not 0 < arguments.timeout <= MAX_TIMEOUT:
        raise FaultError("invalid", f"timeout must be more than 0 and at most {MAX_TIMEOUT:g} seconds")
    if not 0 <= arguments.max_output <= MAX_CONTENT:
        raise FaultError("invalid", f"max_output must be from 0 to {MAX_CONTENT} bytes")
    if arguments.bash:
        return ["/bin/bash", "-c", arguments.command, "bash", *arguments.args]
    return [arguments.command, *arguments.args]


def _not_started(program: str, error: OSError) -> ExecResult:
    """Answer as a shell does when a program cannot be started."""
    missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
    if not missing:
        why = error.strerror or "cannot execute"
    elif "/" in program:
        why = "No such file or directory"
    else:
        why = "command not found"
    return ExecResult(
        stdout="",
        stderr=f"{program}: {why}\n",
        exit_code=EXIT_NOT_FOUND if missing else EXIT_NOT_EXECUTABLE,
        timed_out=False,
        truncated=False,
    )


def _run(command: list[str], folder: int, arguments: Exec, drain: Drain) -> ExecResult:
    process = subprocess.Popen(  # noqa: S603 running what the project's people ask for is the purpose
        command,
        cwd=f"/proc/self/fd/{folder}",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    )
    prefer_as_victim(process.pid)
    outputs = []
    for stream in (process.stdout, process.stderr):
        descriptor = os.dup(stream.fileno()) if stream else -1
        os.set_blocking(descriptor, False)
        outputs.append(Output(descriptor, arguments.max_output))
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()
    try:
        timed_out = _wait(process, outputs, arguments.timeout)
    finally:
        if process.returncode is None:
            _kill(process)
        for output in outputs:
            drain.take(output.descriptor) if not output.ended else os.close(output.descriptor)
    return _result(process.returncode, outputs, timed_out=timed_out)


def prefer_as_victim(pid: int) -> None:
    """When the project's memory is used up, let the kernel end its programs rather than what serves them."""
    with suppress(OSError), open(f"/proc/{pid}/oom_score_adj", "w", encoding="ascii") as setting:  # noqa: PTH123 no pathlib
        setting.write("300")


def _wait(process: subprocess.Popen[bytes], outputs: list[Output], timeout: float) -> bool:
    """Read output until the command ends; whether it had to be ended because its time was up."""
    ended = os.pidfd_open(process.pid)
    try:
        if _read_until(ended, outputs, timeout):
            _finish(process, outputs)
            return False
        _signal(process, signal.SIGTERM)
        _read_until(ended, outputs, GRACE)
        _kill(process)
        _finish(process, outputs)
        return True
    finally:
        os.close(ended)


def _read_until(ended: int, outputs: list[Output], timeout: float) -> bool:
    """Read output until the process of this descriptor has ended (True) or the time is up (False)."""
    deadline = time.monotonic() + timeout
    with selectors.DefaultSelector() as selector:
        selector.register(ended, selectors.EVENT_READ)
        for output in outputs:
            if not output.ended:
                selector.register(output.descriptor, selectors.EVENT_READ, output)
        while (left := deadline - time.monotonic()) > 0:
            ready = selector.select(left)
            for key, _ in ready:
                if isinstance(key.data, Output):
                    key.data.read()
                    if key.data.ended:
                        selector.unregister(key.fd)
            if any(key.fd == ended for key, _ in ready):
                return True
    return False


def _finish(process: subprocess.Popen[bytes], outputs: list[Output]) -> None:
    process.wait()
    for output in outputs:
        output.rest()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to the command's whole group; it has not been waited for, so its number is still its own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _kill(process: subprocess.Popen[bytes]) -> None:
    _signal(process, signal.SIGKILL)
    process.wait()


def _result(status: int, outputs: list[Output], *, timed_out: bool) -> ExecResult:
    ended = status if status >= 0 else 128 - status
    code = EXIT_TIMED_OUT if timed_out else ended
    whole = _answer(outputs, MAX_CONTENT, code, timed_out=timed_out)
    if sum(len(output.kept) for output in outputs) <= SURE_TO_FIT or len(msgspec.json.encode(whole)) < MAX_LINE - CHUNK:
        return whole
    return _answer(outputs, SURE_TO_FIT // 2, code, timed_out=timed_out)


def _answer(outputs: list[Output], limit: int, code: int, *, timed_out: bool) -> ExecResult:
    stdout, stderr = (output.text(limit) for output in outputs)
    truncated = any(output.truncated for output in outputs)
    return ExecResult(stdout=stdout, stderr=stderr, exit_code=code, timed_out=timed_out, truncated=truncated)
