"""A resource as the estimator sees it: the same whether it comes from a program, a preview or a stack's state."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

# What stands in the engine's JSON for a value that only the deployment will tell; one for each type
# (sdk/go/common/resource/plugin/rpc.go of pulumi/pulumi).
UNKNOWN_VALUES = frozenset({
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
})  # fmt: skip
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SECRET = "[secret]"  # noqa: S105 - what the engine prints in its place
SIGNATURE = "4dabf18193072939515e22adb298388d"
LONGEST_SHOWN = 60
MOST = Decimal(10) ** 12


class NotPriceable(Exception):
    """Why a resource has no price; shown beside its name."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Resource(msgspec.Struct, frozen=True):
    """One resource of a stack. `inputs` are as the provider gets them, names in camelCase."""

    urn: str
    type: str
    inputs: Mapping[str, Any] = {}
    parent: str = ""
    custom: bool = True
    id: str = ""
    outputs: Mapping[str, Any] = {}
    dependencies: Sequence[str] = ()
    property_dependencies: Mapping[str, Sequence[str]] = {}
    provider: str = ""

    @property
    def name(self) -> str:
        """The last part of the URN."""
        return self.urn.split("::", 3)[-1]

    @property
    def key(self) -> str:
        """What this resource is called in every stack of the same program."""
        return self.urn.split("::", 2)[-1]

    def get(self, *path: str | int) -> Any:
        """A value of the inputs, or None; a secret or unknown value is not None."""
        value: Any = self.inputs
        for step in path:
            if isinstance(value, list):
                value = value[step] if isinstance(step, int) and step < len(value) else None
            elif isinstance(value, Mapping):
                value = value.get(step)
            else:
                return value if unknown(value) or value == SECRET else None
            if isinstance(value, dict) and SIGNATURE in value:
                value = opened(value)
        return value

    def text(self, *path: str | int) -> str:
        """A text of the inputs, "" without one; raises `NotPriceable` for what cannot be known."""
        value = self.get(*path)
        if value is None:
            return ""
        if not isinstance(known(value, path), str):
            raise NotPriceable(f"{_spelt(path)} is not a text: {shown(value)}")
        return str(value)

    def number(self, *path: str | int) -> Decimal | None:
        """A number of the inputs that is not negative; raises `NotPriceable` for anything else."""
        value = self.get(*path)
        return None if value is None else number(value, path)


def opened(value: Any) -> Any:
    """The value inside the engine's envelope of a secret, where it was asked to show secrets."""
    if not isinstance(value, dict) or SIGNATURE not in value:
        return value
    if isinstance(text := value.get("plaintext"), str):
        try:
            return json.loads(text)
        except ValueError:
            return SECRET
    return value.get("value", SECRET)


def known(value: Any, where: str | Sequence[str | int]) -> Any:
    """The value, unless it is unknown or secret; raises `NotPriceable`."""
    if unknown(value):
        raise NotPriceable(f"{_spelt(where)} is not known before the deployment")
    if value == SECRET:
        raise NotPriceable(f"{_spelt(where)} is a secret, which the preview does not show")
    return value


def unknown(value: Any) -> bool:
    """Whether a value is known only after the deployment; a text that holds one is not known either."""
    return isinstance(value, str) and (value in UNKNOWN_VALUES or UNKNOWN in value)


def number(value: Any, where: str | Sequence[str | int]) -> Decimal:
    """A number that makes sense as a quantity; raises `NotPriceable`."""
    if isinstance(value, bool) or not isinstance(known(value, where), (int, float, str)):
        raise NotPriceable(f"{_spelt(where)} is not a number: {shown(value)}")
    try:
        found = Decimal(str(value))
    except ArithmeticError:
        raise NotPriceable(f"{_spelt(where)} is not a number: {shown(value)}") from None
    if not found.is_finite() or found < 0 or found > MOST:
        raise NotPriceable(f"{_spelt(where)} cannot be {shown(value)}")
    return found


def shown(value: Any) -> str:
    """A value for a message: short, on one line."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."


def last_part(value: str) -> str:
    """What is named at the end of a link such as `projects/x/zones/europe-west4-a`."""
    return value.rstrip("/").rsplit("/", 1)[-1]


def _spelt(path: str | Sequence[str | int]) -> str:
    return path if isinstance(path, str) else ".".join(str(step) for step in path)
