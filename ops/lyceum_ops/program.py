"""The Invoke program behind ./lyceum: reads the command line, calls a task, turns errors into messages."""

from __future__ import annotations

import logging
import re
import signal
import sys
from collections.abc import Sequence
from inspect import signature
from types import FrameType
from typing import Any

from invoke.config import Config
from invoke.exceptions import ParseError
from invoke.program import Program
from lyceum_stacks.errors import StackError, WrongUse

from lyceum_ops import __version__, programs
from lyceum_ops.cost_tasks import cost
from lyceum_ops.errors import Failure, Interrupted, UsageFailure, with_sudo
from lyceum_ops.inventory import InventoryError
from lyceum_ops.tasks import FAMILIES, SECTIONS, namespace

log = logging.getLogger("lyceum")

USAGE_HINT = "./lyceum --help lists all commands; ./lyceum COMMAND --help explains one."


class Settings(Config):
    """Invoke's settings without its files: what somebody wrote into ~/.invoke.yaml is meant for other programs."""

    def load_base_conf_files(self) -> None:
        """Read nothing."""


class Lyceum(Program):
    """Invoke's program with an overview of our own, and mistakes on the command line as `UsageFailure`."""

    def parse_core(self, argv: list[str] | None) -> None:
        """Read the options before the command."""
        try:
            super().parse_core(argv)
        except ParseError as error:
            raise UsageFailure(str(error), hint=USAGE_HINT) from None

    def parse_tasks(self) -> None:
        """Read the command and its options."""
        try:
            super().parse_tasks()
        except (ParseError, ValueError) as error:
            raise UsageFailure(_plain(str(error)), hint=USAGE_HINT) from None
        if len(self.tasks) > 1:
            second = str(self.tasks[1].name).replace(".", " ")
            raise UsageFailure(f"One command at a time: what is {second!r} doing there?", hint=USAGE_HINT)

    def parse_cleanup(self) -> None:
        """Answer calls for help and for the version."""
        try:
            super().parse_cleanup()
        except ParseError as error:
            raise UsageFailure(_plain(str(error)), hint=USAGE_HINT) from None

    def execute(self) -> None:
        """Run the command. Invoke itself would end an interrupted one without a word."""
        try:
            super().execute()
        except KeyboardInterrupt:
            raise Interrupted from None

    def print_help(self) -> None:
        """Print the overview of all commands."""
        print(overview())

    def print_task_help(self, name: str) -> None:
        """Print one command's help, under the name that people call it by."""
        if name in FAMILIES:
            print(overview(only=name))
            return
        context = self.parser.contexts[name]
        task = self.collection[name]
        words = [f"./lyceum {name.replace('.', ' ')}"]
        words += [argument.name.upper() for argument in context.positional_args]
        words += {"logs": ["[UNIT]"], "check": ["[NAME ...]"], "cost": ["[STACK]"]}.get(name, [])
        print(f"Usage: {' '.join(words)} [options]\n")
        for line in (task.__doc__ or "").strip().splitlines():
            print(f"  {line.strip()}")
        rows = [(spec.strip(), text) for spec, text in context.help_tuples() if text]
        if rows:
            print("\nOptions:")
            _table(rows)


def main(argv: Sequence[str]) -> int:
    """Run one command; returns the exit code: 0, 1 for an error, 2 for a mistake on the command line."""
    program = Lyceum(
        namespace=namespace(),
        name="lyceum",
        binary="lyceum",
        binary_names=["lyceum"],
        version=__version__,
        config_class=Settings,
    )
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        words = rewrite(["lyceum", *argv[1:]])
        if len(words) == 1:
            words.append("--help")
        program.run(words, exit=False)
    except (Failure, InventoryError, StackError) as failure:
        return _tell(failure)
    except PermissionError as error:
        return _tell(Failure(f"{error.filename}: {error.strerror}.", hint=with_sudo()))
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone
        return 141
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


def rewrite(argv: Sequence[str]) -> list[str]:
    """Put what people write into what Invoke reads.

    `lab boot` becomes `lab.boot`; the second word of `logs MACHINE UNIT` and the words after `check` become options.
    """
    words = list(argv)
    if "" in words[1:]:  # an option with the value of an unset variable would count as not given
        raise UsageFailure("A word of the command line is empty.", hint="Is a variable unset that should have a value?")
    command = words[1] if len(words) > 1 else ""
    if command == "help":
        words[1:] = [*words[2:], "--help"]
        command = words[1]
    if command in FAMILIES:
        known = [_word(task) for task in FAMILIES[command]]
        asks = {"-h", "--help"} & set(words[2:3])
        if not asks and words[2:3] and words[2] in known:
            words[1:3] = [f"{command}.{words[2]}"]
        elif asks or not words[2:]:
            print(overview(only=command))
            raise SystemExit(0 if asks else 2)
        else:
            raise UsageFailure(f"There is no command '{command} {words[2]}'.", hint=f"There is: {', '.join(known)}.")
    if {"-h", "--help"} & set(words[2:]) and not command.startswith("-"):
        return [words[0], "--help", words[1]]
    if command == "logs" and len(words) > 3 and not words[2].startswith("-") and not words[3].startswith("-"):
        words[3:4] = ["--unit", words[3]]
    if command == "cost":
        words[2:] = _with_stack(words[2:])
    if command == "check":
        rest = words[2:]
        words[2:] = [part for word in rest for part in ([word] if word.startswith("-") else ["--only", word])]
    return words


def _with_stack(words: Sequence[str]) -> list[str]:
    """The words after `cost`, with `--stack` before the one that is no option and no option's value."""
    flags = {
        f"--{name.replace('_', '-')}" for name, kind in signature(cost.body).parameters.items() if kind.default is False
    }
    found = []
    for before, word in zip(["--json", *words], words, strict=False):
        bare = not word.startswith("-") and (not before.startswith("-") or before in flags or "=" in before)
        found += ["--stack", word] if bare and "--stack" not in found else [word]
    return found


def overview(*, only: str = "") -> str:
    """All commands in the order in which a newcomer needs them, or those of one family."""
    lines = [f"Lyceum {__version__}: a collaborative computing cloud of your own.", ""]
    lines += ["Usage: ./lyceum COMMAND [options]        ./lyceum COMMAND --help explains one"]
    families = {task: family for family, tasks in FAMILIES.items() for task in tasks}
    for title, tasks in SECTIONS.items():
        rows = [
            (f"{families.get(task, '')} {_word(task)}".strip(), (task.__doc__ or "").strip().splitlines()[0])
            for task in tasks
            if not only or families.get(task) == only
        ]
        if rows:
            lines += ["", f"{title}:", *(f"  {name:<22} {text}" for name, text in rows)]
    return "\n".join(lines)


def log_file() -> str | None:
    """The file that this command logs to."""
    for handler in log.handlers:
        if isinstance(handler, logging.FileHandler):
            return handler.baseFilename
    return None


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    programs.end_all()  # those that another thread waits for, too: it could not be interrupted itself
    raise KeyboardInterrupt


def _tell(failure: Failure | InventoryError | StackError) -> int:
    log.debug("failed", exc_info=True)
    print(f"\nlyceum: {failure}", file=sys.stderr)
    if failure.hint:
        print(f"  hint: {failure.hint}", file=sys.stderr)
    usage = isinstance(failure, UsageFailure | WrongUse)
    if (path := log_file()) is not None and not usage:
        print(f"  log:  {path}", file=sys.stderr)
    return failure.exit_code if isinstance(failure, Failure) else 2 if usage else 1


def _word(task: Any) -> str:
    return str(task.name).replace("_", "-").strip("-")


def _table(rows: Sequence[tuple[str, str]]) -> None:
    width = max(len(spec) for spec, _ in rows)
    for spec, text in rows:
        print(f"  {spec:<{width}}  {text}")


def _plain(text: str) -> str:
    """Invoke's words for a mistake, in ours."""
    if lacking := re.fullmatch(r"'(\S+)' did not receive required positional arguments: (.+)", text):
        command, names = lacking[1].replace(".", " "), lacking[2].replace("'", "").upper()
        return f"./lyceum {command} lacks {names}."
    return text.replace("No idea what", "There is no command or option").replace(" is!", ".")
