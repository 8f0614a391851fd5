#!/usr/bin/python3 -I
"""lyceum-dump: dumps the instance's database to its storage hosts, lists the dumps, and fetches one.

A dump is made once and streamed to every storage host, and past `pg_restore --list`, which must understand it. It
counts only when each storage host has read it again from its disk and found the checksum of what was sent. Settings
stand in /etc/lyceum/dump.toml; the password and the ssh key in files named there, or, in the unit, in its credentials.
Needs nothing but Python's standard library, ssh and PostgreSQL's client.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NoReturn

SETTINGS = Path("/etc/lyceum/dump.toml")
CHUNK = 1 << 20
#: Seconds for a question that is answered at once.
QUESTION_TIMEOUT = 600


class DumpError(Exception):
    """What went wrong, where, and what to do."""


@dataclass(frozen=True)
class Settings:
    """The settings file."""

    host: str
    port: int
    name: str
    user: str
    ca: str
    password_file: str
    storage: list[str]
    ssh_key: str
    ssh_known_hosts: str

    @classmethod
    def read(cls, path: Path) -> Settings:
        """Read the settings; a credential of the unit comes before the file that the settings name."""
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
            folder = os.environ.get("CREDENTIALS_DIRECTORY")
            for key in ("password_file", "ssh_key") if folder else ():
                values[key] = f"{folder}/{key}"
            return cls(**values)
        except (OSError, ValueError, TypeError) as error:
            raise DumpError(f"{path} cannot be used: {error}") from error

    def ssh(self, host: str, *command: str) -> list[str]:
        """Return the command line that asks a storage host."""
        options = [
            "BatchMode=yes", "ConnectTimeout=10", "ServerAliveInterval=15", "IdentitiesOnly=yes", "ControlPath=none",
            "StrictHostKeyChecking=yes", f"UserKnownHostsFile={self.ssh_known_hosts}", f"IdentityFile={self.ssh_key}",
        ]  # fmt: skip
        flags = [word for option in options for word in ("-o", option)]
        return ["ssh", "-F", "none", "-T", *flags, f"lyceum-receive-dumps@{host}", *command]

    def pg_dump(self) -> list[str]:
        """Return the command line of the dump; the password is in the environment."""
        target = f"host={self.host} port={self.port} dbname={self.name} user={self.user}"
        target += f" sslmode=verify-full sslrootcert={self.ca}"
        return ["pg_dump", "--format=custom", "--no-password", f"--dbname={target}"]

    def environment(self) -> dict[str, str]:
        """Return what pg_dump gets as environment."""
        password = Path(self.password_file).read_text(encoding="utf-8").strip()
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "PGPASSWORD": password}


@dataclass
class Sink:
    """A process that the dump is streamed to."""

    what: str
    process: subprocess.Popen[bytes]
    open: bool = field(default=True)

    def write(self, chunk: bytes) -> None:
        """Pass a piece on, as long as the process wants any."""
        if self.open:
            try:
                _pipe(self.process.stdin).write(chunk)
            except BrokenPipeError:
                self.open = False

    def finish(self) -> bytes:
        """Say that this was all, and return what the process said. Raises ``DumpError`` if it failed."""
        with suppress(BrokenPipeError):  # its exit code says why it wanted no more
            _pipe(self.process.stdin).close()
        with _pipe(self.process.stdout) as answer:
            text = answer.read()
        if self.process.wait() != 0:
            raise DumpError(f"{self.what} failed (exit code {self.process.returncode}); the lines above say why")
        return text


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise DumpError("a process has no pipe")
    return pipe


@contextmanager
def _running(
    argv: list[str], *, stdin: int = subprocess.PIPE, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends; one that still runs then is ended."""
    with subprocess.Popen(argv, stdin=stdin, stdout=subprocess.PIPE, env=environment) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def dump(settings: Settings) -> dict[str, Any]:
    """Dump the database to every storage host; return the dump's name on each, its size and checksum."""
    with ExitStack() as stack:
        sinks = {
            host: Sink(f"storing the dump on {host}", stack.enter_context(_running(settings.ssh(host, "store"))))
            for host in settings.storage
        }
        reader = Sink("pg_restore --list", stack.enter_context(_running(["pg_restore", "--list"])))
        source = stack.enter_context(
            _running(settings.pg_dump(), stdin=subprocess.DEVNULL, environment=settings.environment())
        )
        size, sha256 = _stream(_pipe(source.stdout), [*sinks.values(), reader])
        if source.wait() != 0:
            raise DumpError(f"pg_dump failed (exit code {source.returncode}); the lines above say why")
        if b"TABLE DATA" not in reader.finish():
            raise DumpError("the dump holds no table's data; it was not kept")
        names = {host: _commit(settings, host, sink, sha256) for host, sink in sinks.items()}
    return {"names": names, "size": size, "sha256": sha256}


def _stream(source: IO[bytes], sinks: list[Sink]) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
        for sink in sinks:
            sink.write(chunk)
    return size, digest.hexdigest()


def _commit(settings: Settings, host: str, sink: Sink, sha256: str) -> str:
    stored = json.loads(sink.finish())
    if stored["sha256"] != sha256:
        raise DumpError(f"the dump arrived otherwise on {host} than it was sent; look at its disk, and try again")
    return str(_ask(settings, host, "commit", stored["incoming"], sha256)["name"])


def _ask(settings: Settings, host: str, *command: str) -> Any:
    argv = settings.ssh(host, *command)
    asked = subprocess.run(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=QUESTION_TIMEOUT, check=False
    )
    if asked.returncode != 0:
        raise DumpError(f"{host} refused {command[0]} (exit code {asked.returncode}); the lines above say why")
    return json.loads(asked.stdout)


def dumps(settings: Settings) -> list[dict[str, Any]]:
    """Return the dumps on all storage hosts, oldest first; a host that does not answer is reported and left out."""
    found, answered = [], 0
    for host in settings.storage:
        try:
            found += [{**each, "host": host} for each in _ask(settings, host, "list")]
            answered += 1
        except (DumpError, subprocess.TimeoutExpired) as error:
            print(f"lyceum-dump: {error}", file=sys.stderr)  # noqa: T201 a program's output
    if not answered:
        raise DumpError("no storage host answered")
    return sorted(found, key=lambda each: str(each["name"]))


def fetch(settings: Settings, name: str, target: Path) -> dict[str, Any]:
    """Fetch a dump (by name, or `latest`) into a file, and check it. Raises ``DumpError`` if it is not there."""
    known = dumps(settings)
    wanted = [each for each in known if name in (each["name"], "latest")]
    if not wanted:
        names = ", ".join(str(each["name"]) for each in known[-10:]) or "none"
        raise DumpError(f"there is no dump {name!r}. The latest ones: {names}")
    _fetch(settings, wanted[-1], target)
    return wanted[-1]


def _fetch(settings: Settings, chosen: dict[str, Any], target: Path) -> None:
    name, host = str(chosen["name"]), str(chosen["host"])
    with target.open("wb") as file:
        argv = settings.ssh(host, "fetch", name)
        if subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=file, check=False).returncode != 0:
            raise DumpError(f"{host} did not send the dump {name}; the lines above say why")
    with target.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != chosen["sha256"]:
            raise DumpError(f"the dump {name} on {host} has another checksum than when it was stored; take another")


def main() -> NoReturn:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="lyceum-dump", description="Dumps of the database, on the storage hosts.")
    parser.add_argument("--settings", type=Path, default=SETTINGS)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("dump", help="dump the database to every storage host")
    commands.add_parser("list", help="list the dumps, oldest first")
    fetching = commands.add_parser("fetch", help="fetch a dump into a file")
    fetching.add_argument("name", help="a dump's name as `list` gives it, or `latest`")
    fetching.add_argument("file", type=Path)
    arguments = parser.parse_args()
    os.umask(0o077)
    try:
        settings = Settings.read(arguments.settings)
        match arguments.command:
            case "dump":
                answer: Any = dump(settings)
            case "list":
                answer = dumps(settings)
            case _:
                answer = fetch(settings, arguments.name, arguments.file)
    except (DumpError, OSError, subprocess.TimeoutExpired) as error:
        sys.exit(f"lyceum-dump: {error}")
    print(json.dumps(answer))  # noqa: T201 a program's output
    sys.exit(0)


if __name__ == "__main__":
    main()
