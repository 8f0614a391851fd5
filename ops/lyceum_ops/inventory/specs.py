"""The variables that roles declare in their argument_specs, and whether a value fits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

TYPES: Mapping[str, tuple[tuple[type, ...], str]] = {
    "str": ((str,), "a text (in quotes, if it looks like a number)"),
    "path": ((str,), "a path"),
    "int": ((int,), "a whole number"),
    "float": ((float, int), "a number"),
    "bool": ((bool,), "true or false"),
    "list": ((list, tuple), "a list"),
    "dict": ((dict,), "a mapping"),
}


@dataclass(frozen=True)
class Option:
    """One declared variable, or one key of a declared mapping."""

    name: str
    type: str = "str"
    elements: str = ""
    required: bool = False
    choices: tuple[Any, ...] = ()
    default: Any = None
    description: tuple[str, ...] = ()
    options: Mapping[str, "Option"] = field(default_factory=dict)


@dataclass(frozen=True)
class EntryPoint:
    """One entry point of a role, with what it declares."""

    role: str
    name: str
    short_description: str
    description: tuple[str, ...]
    options: Mapping[str, Option]


def load_role(role: Path) -> list[EntryPoint]:
    """Read the argument specs of the role in this folder; a role without them declares nothing."""
    path = role / "meta" / "argument_specs.yml"
    if not path.exists():
        return []
    found = (yaml.safe_load(path.read_text()) or {}).get("argument_specs") or {}
    return [
        EntryPoint(
            role=role.name,
            name=name,
            short_description=entry.get("short_description", ""),
            description=_texts(entry.get("description")),
            options=_options(entry.get("options")),
        )
        for name, entry in found.items()
    ]


def load_roles(folder: Path) -> dict[str, list[EntryPoint]]:
    """Read the argument specs of every role in a folder, by the role's name."""
    return {role.name: load_role(role) for role in sorted(folder.iterdir()) if (role / "meta").is_dir()}


def declared(roles: Mapping[str, Iterable[EntryPoint]]) -> dict[str, Option]:
    """All variables that these roles declare, by name."""
    return {name: option for entries in roles.values() for entry in entries for name, option in entry.options.items()}


def nearest(name: str, known: Iterable[str]) -> str:
    """A remark that proposes the most similar known name; empty if nothing is similar."""
    found = get_close_matches(name, list(known), n=1, cutoff=0.75)
    return f"did you mean {found[0]}?" if found else ""


def misfits(option: Option, value: object, *, at: str = "") -> list[str]:
    """What is wrong with a value for this option, as sentences without a full stop. at: how to call the value."""
    at = at or option.name
    if value is None and not option.required:
        return []
    wrong = _wrong_type(option.type, value)
    if wrong:
        return [f"{at} must be {wrong}, not {_shown(value)}"]
    if isinstance(value, list | tuple):
        element = Option(name="", type=option.elements or "raw", choices=option.choices, options=option.options)
        return [
            problem for number, item in enumerate(value) for problem in misfits(element, item, at=f"{at}[{number}]")
        ]
    if option.choices and value not in option.choices:
        return [f"{at} must be one of {', '.join(map(str, option.choices))}, not {_shown(value)}"]
    if isinstance(value, Mapping) and option.options:
        return _misfits_of_mapping(option, value, at)
    return []


def _misfits_of_mapping(option: Option, value: Mapping[Any, object], at: str) -> list[str]:
    unknown = [
        " ".join(filter(None, (f"{at} has no key {key};", nearest(str(key), option.options)))).rstrip(";")
        for key in value
        if key not in option.options
    ]
    missing = [
        f"{at} lacks the key {name}" for name, sub in option.options.items() if sub.required and name not in value
    ]
    wrong = [
        problem
        for name, sub in option.options.items()
        if name in value
        for problem in misfits(sub, value[name], at=f"{at}.{name}")
    ]
    return unknown + missing + wrong


def _wrong_type(wanted: str, value: object) -> str:
    """What the value should be, or nothing if it is."""
    if wanted not in TYPES:  # raw: whatever the role makes of it
        return ""
    types, described = TYPES[wanted]
    fits = isinstance(value, types) and not (isinstance(value, bool) and bool not in types)
    return "" if fits else described


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(str(item) for item in value) if isinstance(value, list) else (str(value),)


def _options(found: Any) -> dict[str, Option]:
    return {
        name: Option(
            name=name,
            type=entry.get("type", "str"),
            elements=entry.get("elements", ""),
            required=bool(entry.get("required", False)),
            choices=tuple(entry.get("choices") or ()),
            default=entry.get("default"),
            description=_texts(entry.get("description")),
            options=_options(entry.get("options")),
        )
        for name, entry in (found or {}).items()
    }
