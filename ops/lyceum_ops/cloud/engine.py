"""Pulumi's engine: whether it is there, where it keeps its state, and its calls on our program."""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path

from lyceum_ops import deploy, programs
from lyceum_ops.errors import Failure, UsageFailure, die
from lyceum_ops.inventory import stack as stacks
from lyceum_ops.progress import Progress

OLDEST = (3, 200)
PASSPHRASE = stacks.STACKS / ".passphrase"
BUCKET = re.compile(r"gs://[a-z0-9][a-z0-9._-]{1,61}[a-z0-9](/[\w./-]*)?")
STATE_HINT = (
    "say where the state is kept, once: --state gs://BUCKET for a team (a private bucket with versioning), or "
    "--state FOLDER for one person (keep a copy of it)"
)


def check() -> str:
    """Refuse to go on without a fitting engine; returns its version."""
    if programs.find("pulumi") is None:
        die(f"{stacks.NO_ENGINE}.", hint=f"{stacks.GET_ENGINE}. ./lyceum cost works without it.")
    said = programs.run(["pulumi", "version"], extra_environment=environment(), timeout=60).stdout.strip()
    found = re.match(r"v?(\d+)\.(\d+)", said)
    if not found or (int(found[1]), int(found[2])) < OLDEST:
        die(f"Pulumi's engine is {said}; this needs {OLDEST[0]}.{OLDEST[1]} or newer.", hint=stacks.GET_ENGINE)
    return said


def environment() -> dict[str, str]:
    """What the engine is started with: it runs our program in this checkout's virtual environment."""
    path = deploy.ansible_environment()["PATH"]
    return {**stacks.engine_environment(), "PATH": path}


def use_state(given: str) -> str:
    """Let the engine keep its state at the given place, or where it does already; returns the place.

    given: `gs://BUCKET`, a folder, or nothing. The engine itself remembers it, for plain `pulumi` too.
    """
    if given:
        _pulumi("login", _place(given))
    asked = programs.run(
        ["pulumi", "whoami", "--json", "--non-interactive"], extra_environment=environment(), check=False, timeout=120
    )
    if asked.code != 0:
        die("The engine does not know where to keep its state.", hint=STATE_HINT)
    try:
        return str(json.loads(asked.stdout)["url"])
    except (json.JSONDecodeError, KeyError, TypeError):
        raise Failure(f"The engine gave an answer that makes no sense: {asked.stdout.strip()!r}") from None


def ensure_passphrase() -> bool:
    """Make the passphrase that protects secrets in the state, if there is none; returns whether it was made."""
    if {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & environment().keys():
        return False
    PASSPHRASE.touch(mode=0o600, exist_ok=False)
    PASSPHRASE.write_text(secrets.token_urlsafe(32) + "\n", encoding="utf-8")
    return True


def select(stack: str) -> None:
    """Choose a stack; a new one is made in the state."""
    _pulumi("stack", "select", "--create", stack)


def exists(stack: str) -> bool:
    """Whether a stack was brought up before."""
    words = ["pulumi", "stack", "output", "--json", "--stack", stack, "--non-interactive", "--cwd", str(stacks.STACKS)]
    asked = programs.run(words, extra_environment=environment(), check=False, timeout=120)
    return asked.code == 0 and stacks.OUTPUT in asked.stdout


def run(operation: str, stack: str, progress: Progress, *options: str) -> None:
    """Let the engine preview, bring up or destroy a stack; what it says is shown as it comes."""
    words = ["pulumi", operation, "--stack", stack, "--non-interactive", "--cwd", str(stacks.STACKS), *options]
    code = programs.stream(words, progress.say, extra_environment=environment())
    if code != 0:
        raise Failure(
            f"pulumi {operation} ended with {programs.describe_code(code)}; what it said stands above.",
            hint="Mend the cause and run the same command again: what is done already stays done.",
        )


def _pulumi(*words: str) -> None:
    programs.run(
        ["pulumi", *words, "--non-interactive", "--cwd", str(stacks.STACKS)],
        extra_environment=environment(),
        timeout=120,
    )


def _place(given: str) -> str:
    """A place for the state as the engine writes it."""
    if given.startswith("gs://"):
        if not BUCKET.fullmatch(given):
            raise UsageFailure(f"{given!r} is no bucket such as gs://lyceum-state.")
        return given
    if "://" in given:
        raise UsageFailure(f"The state cannot be kept at {given!r}.", hint=STATE_HINT)
    folder = Path(given).expanduser().absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return f"file://{folder}"
