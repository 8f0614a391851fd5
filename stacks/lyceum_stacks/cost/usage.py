"""How a stack is used: what its resources do not say themselves. Read from a file, or one of three profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec
import yaml

from lyceum_stacks.errors import StackError, WrongUse
from lyceum_stacks.prices.table import reason

PROFILES = Path(__file__).parent / "profiles"
HOURS_IN_MONTH = Decimal(730)
LONGEST_MONTH = Decimal(744)
MOST = Decimal(10) ** 12

Commitment = Literal["none", "1y", "3y"]
Sustained = Literal["pooled", "machine", "none"]
Destination = Literal["worldwide", "europe", "china", "australia"]
StorageClass = Literal["standard", "nearline", "coldline", "archive"]
Tier = Literal["premium", "standard"]
Continent = Literal["north-america", "europe", "apac"]


class ResourceUsage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is said of resources by name; what is not said here is taken from the whole stack's usage."""

    hours: Decimal | None = None
    commitment: Commitment | None = None
    preemptible_share: Decimal | None = None
    machines: Decimal | None = None
    egress_gib: Decimal | dict[Destination, Decimal] | None = None
    data_gib: Decimal | None = None
    addresses: Decimal | None = None
    storage_gib: Decimal | dict[StorageClass, Decimal] | None = None
    class_a_operations: Decimal | None = None
    class_b_operations: Decimal | None = None
    retrieval_gib: Decimal | None = None
    transfer_gib: dict[Continent, Decimal] | None = None
    queries: Decimal | None = None
    routing_queries: Decimal | None = None
    accesses: Decimal | None = None
    versions: Decimal | None = None


class PerUser(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What each weekly active user brings with them, a month."""

    egress_gib: Decimal = Decimal(0)
    nat_gib: Decimal = Decimal(0)
    inter_zone_gib: Decimal = Decimal(0)
    bucket_gib: Decimal = Decimal(0)
    class_a_operations: Decimal = Decimal(0)
    class_b_operations: Decimal = Decimal(0)
    dns_queries: Decimal = Decimal(0)


class Usage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a stack is used in a month. The defaults: everything runs all month, on demand, and there is no traffic."""

    month_hours: Decimal = HOURS_IN_MONTH
    hours: Decimal | None = None
    sustained_use: Sustained = "pooled"
    commitment: Commitment = "none"
    preemptible_share: Decimal = Decimal(0)
    free_tier: bool = False
    weekly_users: Decimal | None = None
    projects: Decimal | None = None
    egress_gib: Decimal | dict[Destination, Decimal] = Decimal(0)
    egress_tier: Tier = "premium"
    inter_zone_gib: Decimal = Decimal(0)
    nat_gib: Decimal = Decimal(0)
    disk_used: Decimal = Decimal(0)
    snapshot_growth: Decimal = Decimal(0)
    per_weekly_user: PerUser = PerUser()
    resources: dict[str, ResourceUsage] = {}

    @property
    def running(self) -> Decimal:
        """Hours that machines run in a month."""
        return self.month_hours if self.hours is None else self.hours


# What may stand in a key that has parts, and as a key that is a choice.
PARTS = {
    "egress_gib": get_args(Destination),
    "storage_gib": get_args(StorageClass),
    "transfer_gib": get_args(Continent),
}
CHOICES = {
    "commitment": get_args(Commitment),
    "sustained_use": get_args(Sustained),
    "egress_tier": get_args(Tier),
}
SHARES = ("preemptible_share", "disk_used")
# The library's names of types, in the words of whoever writes a usage file.
TYPE_NAMES = {"decimal": "number", "object": "keys and values", "array": "list", "str": "text", " | null": ""}


def names() -> list[str]:
    """The profiles that come with Lyceum."""
    return sorted(path.stem for path in PROFILES.glob("*.yaml"))


def load(given: str) -> Usage:
    """Read a usage file, or the profile of that name; raises `StackError` with the key that is wrong."""
    path = PROFILES / f"{given}.yaml" if given in names() else Path(given)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StackError(
            f"The usage file {given} cannot be read: {reason(error)}.",
            hint=f"A profile that comes with Lyceum is one of: {', '.join(names())}.",
        ) from None
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise StackError(f"The usage file {given} is not YAML: {' '.join(str(error).split())}") from None
    return parse({} if content is None else content, f"The usage file {given}")


def parse(content: Any, where: str) -> Usage:
    """Usage from what stands in a file; `where` begins the messages."""
    if not isinstance(content, Mapping):
        raise StackError(f"{where} is not a list of keys and values.", hint=f"Keys: {', '.join(_keys(Usage))}.")
    _refuse_strange(content, Usage, where, "")
    if isinstance(per_user := content.get("per_weekly_user"), Mapping):
        _refuse_strange(per_user, PerUser, where, "per_weekly_user.")
    if isinstance(named := content.get("resources"), Mapping):
        for name, values in named.items():
            if isinstance(values, Mapping):
                _refuse_strange(values, ResourceUsage, where, f"resources.{name}.")
    try:
        usage = msgspec.convert(_decimals(content), Usage)
    except msgspec.ValidationError as error:
        raise StackError(f"{where}: {_plain(str(error))}.") from None
    for path, number in _numbers(msgspec.to_builtins(usage, builtin_types=(Decimal,)), ""):
        _check(path, number, where)
    if usage.running > usage.month_hours:
        raise StackError(f"{where}: hours is {usage.running}, but the month has {usage.month_hours}.")
    return usage


def positive(text: str, option: str, *, or_nothing: bool = False) -> Decimal:
    """A number above 0 of the command line, or 0 where that makes sense; raises `WrongUse`."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise WrongUse(f"{option} is a number, not {text!r}.") from None
    if not number.is_finite() or number < 0 or number > MOST or not (number or or_nothing):
        raise WrongUse(f"{option} is a number {'from 0 up' if or_nothing else 'above 0'}, not {text}.")
    return number


def _check(path: str, number: Decimal, where: str) -> None:
    key = path.rsplit(".", 1)[-1]
    if not number.is_finite() or number < 0 or number > MOST:
        raise StackError(f"{where}: {path} cannot be {number}.", hint="A number from 0 up.")
    if key in SHARES and number > 1:
        raise StackError(f"{where}: {path} is a share from 0 to 1, not {number}.")
    if key in {"hours", "month_hours"} and number > LONGEST_MONTH:
        raise StackError(f"{where}: {path} is {number}, but no month has more than {LONGEST_MONTH} hours.")
    if key in {"month_hours", "weekly_users", "projects"} and number == 0:
        raise StackError(f"{where}: {path} cannot be 0.")


def _numbers(value: Any, path: str) -> list[tuple[str, Decimal]]:
    if isinstance(value, Decimal):
        return [(path, value)]
    if isinstance(value, Mapping):
        return [found for key, inner in value.items() for found in _numbers(inner, f"{path}.{key}".lstrip("."))]
    return []


def _decimals(value: Any) -> Any:
    """Numbers as they were written: a float's nearest text is what stood in the file."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return Decimal(str(value))
    if isinstance(value, Mapping):
        return {str(key): _decimals(inner) for key, inner in value.items()}
    return value


def _keys(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    return kind.__struct_fields__


def _refuse_strange(content: Mapping[Any, Any], kind: type[msgspec.Struct], where: str, path: str) -> None:
    """Raise `StackError` for a key or a choice that does not exist, with the nearest that does."""
    _refuse_unknown(content, _keys(kind), where, path)
    for key, value in content.items():
        if key in PARTS and isinstance(value, Mapping):
            _refuse_unknown(value, PARTS[key], where, f"{path}{key}.")
        if isinstance(value, str) and value not in CHOICES.get(key, (value,)):
            raise StackError(f"{where}: {path}{key} is one of {', '.join(CHOICES[key])}, not {value!r}.")


def _refuse_unknown(content: Mapping[Any, Any], names: Sequence[str], where: str, path: str) -> None:
    for key in content:
        if key not in names:
            near = get_close_matches(str(key), names, n=1, cutoff=0.4)
            raise StackError(
                f"{where}: there is no key {path}{key}." + (f" Is {path}{near[0]} meant?" if near else ""),
                hint=f"Keys{' there' if path else ''}: {', '.join(names)}.",
            )


def _plain(text: str) -> str:
    """The library's words for a wrong value: `Expected ..., got ... - at `$.hours``."""
    said, _, place = text.partition(" - at `")
    for type_name, ours in TYPE_NAMES.items():
        said = said.replace(type_name, ours)
    said = f"{said[:1].lower()}{said[1:]}".replace("`", "")
    return f"{place.rstrip('`').removeprefix('$.')}: {said}" if place else said
