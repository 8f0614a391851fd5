"""Reads the settings of a stack: from the engine, or from `Pulumi.<stack>.yaml` where there is no engine.

Both check the same. What is wrong is told in one line for each problem, with the field as it stands in that file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from lyceum_stacks import regions, sizes
from lyceum_stacks.errors import StackError, WrongUse
from lyceum_stacks.settings import Backups, Budget, Settings, known_region
from lyceum_stacks.sizes import Model, Size

FOLDER = Path(__file__).resolve().parent.parent
NAMESPACE = "lyceum"


class SettingsError(StackError):
    """Settings that cannot be used: one line for each problem, with the field."""

    def __init__(self, stack: str, problems: list[str]) -> None:
        super().__init__("\n".join(f"{stack}: {problem}" for problem in problems))
        self.problems = problems


def build(stack: str, values: Mapping[str, Any]) -> Settings:
    """Make settings of plain values, with what can be derived filled in; raises SettingsError."""
    try:
        return Settings.model_validate({"stack": stack, **_completed(values)})
    except ValidationError as error:
        raise SettingsError(stack, _problems(error)) from None
    except ValueError as error:
        raise SettingsError(stack, [str(error)]) from None


def moved(settings: Settings, region: str) -> Settings:
    """The same instance in another region: its zones and the place of its copies follow.

    Raises WrongUse for an unknown region, SettingsError if the instance cannot be there.
    """
    try:
        known_region(region)
    except ValueError as error:
        raise WrongUse(str(error)) from None
    values = settings.model_dump(exclude={"stack"}) | {"region": region, "zones": ()}
    values["backups"]["location"] = ""
    return build(settings.stack, values)


def from_config(stack: str, config: Mapping[str, Any]) -> Settings:
    """Make settings of a stack's configuration, by full names (`lyceum:domain`, `gcp:project`)."""
    values: dict[str, Any] = {}
    for name, value in config.items():
        namespace, _, key = name.partition(":")
        if namespace == NAMESPACE and key in {"project", "region", "stack"}:
            raise SettingsError(
                stack, [f"lyceum:{key}: there is no such setting; it is gcp:{key}, or the stack's name"]
            )
        if namespace == NAMESPACE:
            values[key] = _parsed(value)
        elif name in {"gcp:project", "gcp:region"}:
            values[key] = value
    return build(stack, values)


def from_engine() -> Settings:
    """The settings of the stack that the engine runs; raises SettingsError."""
    import pulumi  # noqa: PLC0415 - whoever reads a file needs no engine
    from pulumi.runtime import config  # noqa: PLC0415

    return from_config(pulumi.get_stack(), {**config.get_config_env(), **config.CONFIG.get()})


def from_file(stack: str, folder: Path = FOLDER) -> Settings:
    """The settings of a stack as they stand in its file; raises WrongUse for an unknown stack, SettingsError."""
    path = folder / f"Pulumi.{stack}.yaml"
    known = stacks(folder)
    if stack not in known:
        near = get_close_matches(stack, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        raise WrongUse(f"there is no stack {stack!r} (no file {path.name}); {hint}")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        raise SettingsError(stack, [f"{path.name}:{where.line + 1 if where else 1}: it is no YAML"]) from None
    config = content.get("config") if isinstance(content, dict) else None
    if not isinstance(config, dict):
        raise SettingsError(stack, [f"{path.name}: it has no mapping `config`"])
    return from_config(stack, config)


def refuse_examples(settings: Settings) -> Settings:
    """Hand the settings back, unless they still hold examples (raises SettingsError).."""
    if found := settings.examples():
        raise SettingsError(settings.stack, [f"{field}: it is still the example; put your own in" for field in found])
    return settings


def stacks(folder: Path = FOLDER) -> list[str]:
    """The stacks that have a file, our sizes first."""
    found = sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in folder.glob("Pulumi.*.yaml"))
    return [*(name for name in sizes.NAMES if name in found), *(name for name in found if name not in sizes.NAMES)]


def _completed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in what follows from other settings: size by name, zones, place of copies, domain of projects."""
    made = dict(values)
    made["size"] = _size(made.get("size"), made.pop("groups", None))
    region = made.get("region")
    if isinstance(region, str) and region in regions.REGIONS:
        if not made.get("zones") and isinstance(made["size"], dict | Size):
            wanted = made["size"].zones if isinstance(made["size"], Size) else int(made["size"].get("zones", 2))
            made["zones"] = regions.zones_of(region)[:wanted]
        backups = made.get("backups", {})
        if isinstance(backups, Mapping) and not backups.get("location"):
            made["backups"] = {**backups, "location": regions.offsite_of(region)}
    elif region is not None:
        known_region(str(region))
    if not made.get("project_domain") and isinstance(made.get("domain"), str):
        made["project_domain"] = f"projects.{made['domain']}"
    return made


def _size(size: object, groups: object) -> Any:
    """A size by name or as a mapping, with single values of its groups replaced by those of `groups`."""
    if isinstance(size, Size):
        size = size.model_dump()
    try:
        found = sizes.describe(size) if isinstance(size, str) else size
    except ValueError as error:
        raise ValueError(f"size: {error}") from None
    if groups is None or not isinstance(found, dict):
        return found
    if not isinstance(groups, Mapping):
        raise ValueError("groups: it must be a mapping of groups")  # noqa: TRY004 - told as any other wrong setting
    return {**found, "groups": _merged(found["groups"], groups)}


def _merged(below: Any, above: Any) -> Any:
    if isinstance(below, Mapping) and isinstance(above, Mapping):
        merged: dict[Any, Any] = dict(below)
        for key, value in above.items():
            merged[key] = _merged(below.get(key), value)
        return merged
    return above


def _parsed(value: object) -> object:
    """The engine hands over objects and lists as JSON; the file has them as they are."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


def _problems(error: ValidationError) -> list[str]:
    """Pydantic's findings in one line each, the field first."""
    found = []
    for entry in error.errors(include_url=False, include_context=False):
        place = [str(part) for part in entry["loc"]]
        said = entry["msg"].removeprefix("Value error, ")
        if entry["type"] == "extra_forbidden":
            near = get_close_matches(place[-1], _fields(place[:-1]), n=1)
            said = "there is no such setting" + (f"; did you mean {near[0]}?" if near else "")
        elif entry["type"] == "missing":
            said = "it is not set"
        elif entry["type"] not in {"value_error", "too_short"} and not isinstance(entry["input"], Mapping | Model):
            said = f"{said}, not {repr(entry['input'])[:60]}"
        found.append(": ".join(filter(None, [".".join(place), said])))
    return found


def _fields(place: list[str]) -> list[str]:
    """The settings that there are at a place."""
    models: dict[str, type[Model]] = {"": Settings, "backups": Backups, "budget": Budget, "size": Size}
    names: dict[str, type[Model]] = {"data_disk": sizes.DataDisk, "boot_disk": sizes.Disk}
    names.update({str(group): sizes.Group for group in sizes.GROUPS})
    model = models.get(".".join(place)) or names.get(place[-1])
    return list(model.model_fields) if model else [str(group) for group in sizes.GROUPS]
