"""Makes the README of each role from its argument_specs: `python -m lyceum_ops.role_readme [--check]`.

With --check nothing is written; it fails when a README is stale, or when defaults and argument_specs disagree.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from lyceum_ops.inventory.specs import EntryPoint, Option, load_roles

ROLES = Path(__file__).parents[2] / "roles"
REMARK = "<!-- Made by python -m lyceum_ops.role_readme from meta/argument_specs.yml; edit that. -->"


def readme(role: str, entries: Sequence[EntryPoint]) -> str:
    """The README of a role."""
    return (
        "\n".join(
            [
                REMARK,
                "",
                f"# {role}",
                "",
                *(line for entry in entries for line in _entry(entry, alone=len(entries) == 1)),
            ]
        ).rstrip()
        + "\n"
    )


def disagreements(role: Path, entries: Sequence[EntryPoint]) -> Iterator[str]:
    """Where defaults/main.yml and the argument_specs of a role say different things."""
    path = role / "defaults" / "main.yml"
    defaults: dict[str, Any] = (yaml.safe_load(path.read_text()) if path.exists() else None) or {}
    options = {name: option for entry in entries for name, option in entry.options.items()}
    for name in sorted(defaults.keys() - options.keys()):
        yield f"{path}: {name} is not declared in meta/argument_specs.yml"
    for name, option in sorted(options.items()):
        if not name.startswith(f"{role.name}__"):
            yield f"{role}/meta/argument_specs.yml: {name} must begin with {role.name}__"
        if name in defaults and option.required:
            yield f"{path}: {name} is required, so it must have no default"
        elif name in defaults and defaults[name] != option.default:
            yield f"{path}: the default of {name} is {defaults[name]!r}, but argument_specs.yml says {option.default!r}"
        elif name not in defaults and option.default is not None:
            yield f"{path}: {name} has the default {option.default!r} in argument_specs.yml, but none here"
        if not option.description:
            yield f"{role}/meta/argument_specs.yml: {name} has no description"


def main(arguments: Sequence[str]) -> int:
    """Write every README that differs, or say which do; returns the exit status."""
    check = "--check" in arguments
    wrong: list[str] = []
    for name, entries in load_roles(ROLES).items():
        wrong += disagreements(ROLES / name, entries)
        if not entries:
            wrong.append(f"{ROLES / name}: there is no meta/argument_specs.yml")
            continue
        path = ROLES / name / "README.md"
        text = readme(name, entries)
        if not path.exists() or path.read_text() != text:
            if check:
                wrong.append(f"{path}: stale; run python -m lyceum_ops.role_readme")
            else:
                path.write_text(text)
                print(f"written: {path}")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


def _entry(entry: EntryPoint, *, alone: bool) -> Iterator[str]:
    if not alone:
        yield from (f"## Entry point `{entry.name}`", "")
    yield from (f"{entry.short_description}.", "")
    if entry.description:
        yield from (*(f"- {_plain(text)}" for text in entry.description), "")
    if entry.options:
        yield from ("| variable | type | default | meaning |", "|---|---|---|---|")
        yield from (_row(option) for option in entry.options.values())
        yield ""
    for option in entry.options.values():
        if option.options:
            yield from (f"Keys of `{option.name}`:", "", "| key | type | default | meaning |", "|---|---|---|---|")
            yield from (*(_row(sub) for sub in option.options.values()), "")


def _row(option: Option) -> str:
    kind = f"list of {option.elements}" if option.elements else option.type
    default = "**required**" if option.required else f"`{_short(option.default)}`" if option.default is not None else ""
    choices = f" One of {', '.join(f'`{choice}`' for choice in option.choices)}." if option.choices else ""
    cells = (f"`{option.name}`", kind, default, _plain(" ".join(option.description)) + choices)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _short(value: Any) -> str:
    return "true" if value is True else "false" if value is False else str(value) if value != "" else '""'


def _plain(text: str) -> str:
    """Ansible's markup as Markdown."""
    return re.sub(r"\b[CV]\(([^)]*)\)", r"`\1`", text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
