"""What goes wrong, told to a person: one clear message and, where there is one, what to do about it."""

from __future__ import annotations

import shlex
import sys
from typing import NoReturn


class Failure(Exception):
    """An error whose message is meant for the person at the terminal; never shown with a traceback."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageFailure(Failure):
    """The command was called in a way that it does not understand."""

    exit_code = 2


class Interrupted(Failure):
    """Somebody broke the command off."""

    exit_code = 130

    def __init__(self) -> None:
        super().__init__("Interrupted.", hint="Run the same command again: it goes on from what is there.")


def die(message: str, *, hint: str | None = None) -> NoReturn:
    """End the command with a message and a hint."""
    raise Failure(message, hint=hint)


def with_sudo() -> str:
    """The command line as given, with sudo before it."""
    return shlex.join(["sudo", "./lyceum", *sys.argv[1:]])
