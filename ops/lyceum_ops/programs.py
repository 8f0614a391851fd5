"""The only door to programs outside: argument lists, an explicit environment, and every call in the log."""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lyceum_ops.errors import Failure

log = logging.getLogger("lyceum.programs")

# What an outside program may see of the caller's environment. Everything else is given by name.
PASSED_ON = (
    "HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SSH_AUTH_SOCK", "TERM", "TMPDIR", "USER",
    "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
    "PIP_CERT", "PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CONFIG_FILE", "PIP_DEFAULT_TIMEOUT",
    "NODE_EXTRA_CA_CERTS", "NPM_CONFIG_REGISTRY", "NPM_CONFIG_USERCONFIG",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
)  # fmt: skip
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_children: set[subprocess.Popen[str]] = set()


class ProgramFailure(Failure):
    """A program ended with an error. Carries what it said."""

    def __init__(self, arguments: Sequence[str], code: int, said: str) -> None:
        last = "\n".join(said.strip().splitlines()[-5:])
        super().__init__(f"{arguments[0]} ended with {describe_code(code)}: {shlex.join(arguments)}\n{last}".rstrip())
        self.code = code
        self.said = said


@dataclass(frozen=True)
class Result:
    """What a finished program left."""

    code: int
    stdout: str
    stderr: str


def describe_code(code: int) -> str:
    """Say what an exit code means: a negative one is a signal."""
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Make the environment for an outside program."""
    made = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    missing = [part for part in SYSTEM_PATH.split(":") if part not in made.get("PATH", "").split(":")]
    made["PATH"] = ":".join([*filter(None, [made.get("PATH")]), *missing])
    made.setdefault("LANG", "C.UTF-8")
    made.update(extra or {})
    return made


def find(name: str) -> str | None:
    """Find a program's path, in the system's folders too where the caller's PATH lacks them."""
    return shutil.which(name, path=environment()["PATH"])


def run(
    arguments: Sequence[str],
    *,
    extra_environment: Mapping[str, str] | None = None,
    stdin: str | None = None,
    directory: Path | None = None,
    check: bool = True,
    timeout: float | None = None,
    secret: bool = False,
) -> Result:
    """Run a program to its end and return what it said; with `secret`, that is not logged.

    Raises `ProgramFailure` for an exit code that is not 0, unless `check` is False; `Failure` when the program is
    missing or takes longer than `timeout` seconds.
    """
    with _child(arguments, extra_environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=directory) as process:
        try:
            stdout, stderr = process.communicate(stdin or "", timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failure(f"{shlex.join(arguments)} took longer than {timeout:g} s.") from None
    for name, text in (("stdout", stdout), ("stderr", stderr)):
        if text and not secret:
            log.debug("%s of %s: %s", name, arguments[0], text.rstrip())
    if check and process.returncode != 0:
        raise ProgramFailure(arguments, process.returncode, stderr or stdout)
    return Result(process.returncode, stdout, stderr)


def succeeds(arguments: Sequence[str]) -> bool:
    """Tell whether a program ends with 0."""
    return run(arguments, check=False).code == 0


def stream(
    arguments: Sequence[str],
    on_line: Callable[[str], None],
    *,
    extra_environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> int:
    """Run a program and hand over each line of its output (both streams) as it comes; returns its exit code."""
    with _child(
        arguments, extra_environment, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, cwd=directory
    ) as process:
        if process.stdout is None:
            raise Failure(f"{arguments[0]} has no output to read.")
        for line in process.stdout:
            on_line(line.rstrip("\n"))
        return process.wait()


def end_all() -> None:
    """Ask every program that is being run to end: ours does."""
    for process in tuple(_children):
        process.terminate()


@contextmanager
def _child(
    arguments: Sequence[str], extra_environment: Mapping[str, str] | None, **options: Any
) -> Iterator[subprocess.Popen[str]]:
    """Run a program that ends before we do: left behind by a broken-off command, it would work against the next one."""
    log.debug("run: %s", shlex.join(arguments))
    given = environment(extra_environment)
    if shutil.which(arguments[0], path=given["PATH"]) is None:
        raise Failure(f"The program {arguments[0]} is not installed.")
    # Where there is a setpriv, the kernel sees to it even if we are killed.
    bound = ["setpriv", "--pdeathsig=TERM"] if shutil.which("setpriv", path=given["PATH"]) else []
    with subprocess.Popen(
        [*bound, *arguments], env=given, stdout=subprocess.PIPE, text=True, errors="replace", **options
    ) as process:
        _children.add(process)
        try:
            yield process
        except BaseException:
            process.terminate()
            raise
        finally:
            _children.discard(process)


def start(
    arguments: Sequence[str],
    *,
    output: Path,
    extra_environment: Mapping[str, str] | None = None,
    stdin: int | IO[bytes] | None = None,
) -> int:
    """Start a program that lives on after us, in a session of its own, and return its process id."""
    log.debug("start: %s", shlex.join(arguments))
    with output.open("ab") as out:
        process = subprocess.Popen(
            list(arguments),
            env=environment(extra_environment),
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # Reaped as soon as it ends, so that while we live it is never mistaken for a running one.
    threading.Thread(target=process.wait, daemon=True).start()
    return process.pid


def replace(arguments: Sequence[str], *, extra_environment: Mapping[str, str] | None = None) -> None:
    """Become another program: for those that need the terminal as it is."""
    log.debug("become: %s", shlex.join(arguments))
    program = find(arguments[0])
    if program is None:
        raise Failure(f"The program {arguments[0]} is not installed.")
    os.execve(program, list(arguments), environment(extra_environment))  # noqa: S606 - argument list, no shell
