"""``python -m lyceum_compute.protocol.document > docs/wire-protocol.md``: the protocol as a page for people."""

from __future__ import annotations

import inspect
import sys
import typing
from typing import TYPE_CHECKING, Any

import msgspec

from . import messages

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HEAD = """<!-- Made by python -m lyceum_compute.protocol.document from its messages; edit those. -->

# Wire protocol

What hubs, compute daemons, local hubs and storage daemons say to each other: lines of JSON, over mutual TLS between
hosts and over unix sockets on one. A line is at most {max_line} bytes. Requests on one connection are answered in any
order.

```
{{"id": 1, "operation": "state", "arguments": {{...}}}}
{{"id": 1, "result": {{...}}}}
{{"id": 1, "error": {{"code": "not_running", "message": "the project is opened, not running"}}}}
{{"event": "state", "project_id": "...", "state": "running", ...}}
```

An id is a whole number from 0 that the caller chooses. What cannot be read as a request is answered with id null; so is
a line that is too long or a message that was begun and not finished within a minute, and then the connection ends.
Unknown fields are refused, and every field without a default must be there. A caller that leaves too much unread is
disconnected. Who may call is read from the caller's certificate before the arguments are looked at.

Times are ISO 8601 in UTC. Paths are relative to a project's home; `""` is the home itself. Quotas are in MB (10^6
bytes).
"""


def page() -> str:
    """Return the whole page."""
    parts = [HEAD.format(max_line=messages.MAX_LINE)]
    parts += _operations(
        "Compute daemon", "Port 6000, for hubs.", {**messages.DAEMON_OPERATIONS, **_passed(messages.PROJECT_OPERATIONS)}
    )
    parts += _operations(
        "Local hub",
        "A unix socket for each project, for the compute daemon. What answers is the project's own user's: a stranger.",
        messages.PROJECT_OPERATIONS,
    )
    parts += _operations(
        "Storage daemon",
        "Port 6002, for hubs; `prepare` and `snapshot` for the compute host on which the project is placed.",
        messages.STORAGE_OPERATIONS,
    )
    parts.append("## Events of the compute daemon\n")
    parts += [_struct(kind) for kind in typing.get_args(messages.Event | messages.WatchEvent)]
    parts.append("## Events of the local hub\n")
    parts.append(_struct(messages.FilesChanged))
    parts.append("## Messages\n")
    parts += [_struct(kind) for kind in _kinds()]
    parts.append("## Codes of errors\n\n| code | HTTP status |\n|---|---|\n" + _rows(messages.FAULT_STATUS.items()))
    return "\n".join(parts)


def _passed(operations: Mapping[str, tuple[type[Any], type[Any]]]) -> dict[str, tuple[type[Any], type[Any]]]:
    return {name: (messages.ForProject, result) for name, (_, result) in operations.items()}


def _operations(title: str, text: str, operations: Mapping[str, tuple[type[Any], type[Any]]]) -> list[str]:
    rows = [(f"`{name}`", _link(arguments), _link(result)) for name, (arguments, result) in operations.items()]
    return [f"## {title}\n\n{text}\n\n| operation | arguments | result |\n|---|---|---|\n{_rows(rows)}"]


def _kinds() -> list[type[Any]]:
    """Return all structs that stand in tables or in one another, in the order of ``messages``, which gathers them."""
    base = messages.Message
    return [
        kind
        for kind in vars(messages).values()
        if isinstance(kind, type) and issubclass(kind, base) and kind is not base
    ]


def _struct(kind: type[Any]) -> str:
    fields = msgspec.structs.fields(kind)
    rows = [(f"`{field.encode_name}`", _type(kind, field.name), _default(field)) for field in fields]
    table = f"\n| field | type | default |\n|---|---|---|\n{_rows(rows)}" if rows else "\nNo fields.\n"
    return f"### {kind.__name__}\n\n{_text(kind)}{table}"


def _text(kind: type[Any]) -> str:
    text = inspect.cleandoc(kind.__doc__ or "")
    return f"{text.replace('``', '`')}\n" if text else ""


def _type(kind: type[Any], name: str) -> str:
    for base in kind.__mro__:
        if name in vars(base).get("__annotations__", {}):
            return f"`{base.__annotations__[name]}`".replace("msgspec.", "").replace("|", "\\|")
    raise KeyError(name)


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return ""
    value = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    return f"`{msgspec.json.encode(value).decode()}`"


def _link(kind: type[Any]) -> str:
    return f"[{kind.__name__}](#{kind.__name__.lower()})"


def _rows(rows: Iterable[Iterable[object]]) -> str:
    return "".join(f"| {' | '.join(map(str, row))} |\n" for row in rows)


if __name__ == "__main__":
    sys.stdout.write(page())
