"""What an operation is, and the table of all of them."""

from __future__ import annotations

import enum
import typing
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import msgspec

from lyceum_hub.errors import NotSignedInError
from lyceum_hub.services import Services
from lyceum_hub.services.caller import Caller
from lyceum_hub.services.sessions import Session


class Who(enum.Enum):
    """Who may call an operation; checked before what is asked is looked at."""

    ANYBODY = "anybody"
    SIGNED_IN = "anybody who is signed in"
    ADMINISTRATOR = "administrators"
    PEOPLE = "the project's people, and administrators"
    """The input has a ``project_id``."""


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all inputs share: no field but those declared."""


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """What all outputs share."""


class Nothing(Input, frozen=True):
    """An input without fields."""


class Done(Output, frozen=True):
    """An output without fields."""


class OfProject(Input, frozen=True):
    """What inputs about one project share."""

    project_id: UUID


class CookieChange(msgspec.Struct, frozen=True):
    """What an answer does to the session cookie: sets it, or takes it away (None)."""

    session: Session | None


@dataclass
class Call:
    """One call: who makes it, from where, and what it does to the cookie besides its output."""

    services: Services
    caller: Caller | None
    address: str
    """The IP address of whoever calls."""
    role: str = ""
    """What the caller is in the project; with ``Who.PEOPLE``."""
    cookie: CookieChange | None = None

    @property
    def by(self) -> Caller:
        """The caller of an operation that needs one."""
        if self.caller is None:
            raise NotSignedInError
        return self.caller


@dataclass(frozen=True)
class Operation:
    """An entry of the registry."""

    name: str
    input: type[Input]
    output: type[msgspec.Struct]
    who: Who
    function: Callable[[Call, typing.Any], Awaitable[msgspec.Struct]]
    http_only: bool
    """Whether it sets a cookie, which only a response can."""
    decoder: Callable[[object], Input]

    @property
    def description(self) -> str:
        """What it does, in a sentence."""
        return (self.function.__doc__ or "").strip()


REGISTRY: dict[str, Operation] = {}

F = typing.TypeVar("F", bound=Callable[..., Awaitable[msgspec.Struct]])


def operation(who: Who, *, http_only: bool = False) -> Callable[[F], F]:
    """Register a function ``(call, input) -> output`` under its own name; its annotations are the structs."""

    def register(function: F) -> F:
        name = function.__name__
        hints = typing.get_type_hints(function)
        arguments = [hint for key, hint in hints.items() if key not in {"call", "return"}]
        if name in REGISTRY or len(arguments) != 1:
            raise TypeError(f"{name} cannot be registered: it is there already, or is not of one input")
        kind: type[Input] = arguments[0]
        if who is Who.PEOPLE and "project_id" not in kind.__struct_fields__:
            raise TypeError(f"{name} is for a project's people, but its input has no project_id")
        REGISTRY[name] = Operation(
            name=name,
            input=kind,
            output=hints["return"],
            who=who,
            function=function,
            http_only=http_only,
            decoder=lambda data: msgspec.convert(data, kind),
        )
        return function

    return register
