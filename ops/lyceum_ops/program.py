"""The Invoke program behind ./lyceum: reads the command line, calls a task, turns errors into messages."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

from invoke.exceptions import ParseError
from invoke.program import Program

from lyceum_ops import __version__
from lyceum_ops.errors import Failure, UsageFailure
from lyceum_ops.tasks import namespace

log = logging.getLogger("lyceum")

FAMILIES = ("account", "bench", "lab")  # commands that are written as two words


class Lyceum(Program):
    """Invoke's program with our help, and mistakes on the command line as `UsageFailure`."""

    def parse_core(self, argv: list[str] | None) -> None:
        """Read the options before the command."""
        try:
            super().parse_core(argv)
        except ParseError as error:
            raise _usage(error) from None

    def parse_tasks(self) -> None:
        """Read the command and its options."""
        try:
            super().parse_tasks()
        except ParseError as error:
            raise _usage(error) from None


def main(argv: Sequence[str]) -> int:
    """Run one command; returns the exit code: 0, 1 for an error, 2 for a mistake on the command line."""
    program = Lyceum(
        namespace=namespace(), name="lyceum", binary="lyceum", binary_names=["lyceum"], version=__version__
    )
    try:
        program.run(rewrite(["lyceum", *argv[1:]]), exit=False)
    except Failure as failure:
        log.debug("failed", exc_info=True)
        print(f"\nlyceum: {failure.message}", file=sys.stderr)
        if failure.hint:
            print(f"  hint: {failure.hint}", file=sys.stderr)
        if (path := log_file()) is not None and not isinstance(failure, UsageFailure):
            print(f"  log:  {path}", file=sys.stderr)
        return failure.exit_code
    except KeyboardInterrupt:
        print("\nlyceum: interrupted; run the same command again to go on.", file=sys.stderr)
        return 130
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


def rewrite(argv: Sequence[str]) -> list[str]:
    """Turn `lab boot` into Invoke's `lab.boot`, and the second word of `logs MACHINE UNIT` into an option."""
    words = list(argv)
    if len(words) > 2 and words[1] in FAMILIES and not words[2].startswith("-"):
        words[1:3] = [f"{words[1]}.{words[2]}"]
    if len(words) > 3 and words[1] == "logs" and not words[2].startswith("-") and not words[3].startswith("-"):
        words[3:4] = ["--unit", words[3]]
    return words


def log_file() -> str | None:
    """The file that this command logs to."""
    for handler in log.handlers:
        if isinstance(handler, logging.FileHandler):
            return handler.baseFilename
    return None


def _usage(error: Exception) -> UsageFailure:
    return UsageFailure(str(error), hint="./lyceum --help lists all commands; ./lyceum COMMAND --help explains one.")
