"""``python -m lyceum_compute.protocol.document > docs/wire-protocol.md``: the protocol as a page for people."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
import typing
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec

from . import messages, summaries

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

An id is a whole number from 0 to 2^53 - 1 that the caller chooses. What cannot be read as a request is answered with id
null; so is a line that is too long or a message that was begun and not finished within a minute, and then the
connection ends. Unknown fields are refused, and every field without a default must be there. Of one connection, 64
requests are under way at once; more wait. A caller that leaves too much unread is disconnected. An operation whose
caller hangs up is broken off, but for `save`, `restore_path` and the ways from state to state.

Between hosts: TLS 1.3, and each side shows a certificate that the instance's authority signed. The subject alternative
name `URI:lyceum://<service>/<host>` says who it is: a server goes by the caller's service, before arguments are looked
at (another is disconnected), and a caller sees that service and host are those that it meant. With an own name to look
for, that is `DNS:<service>.<host>`.

A `datetime` is ISO 8601 in UTC, `bytes` are a string of base64, a `Raw` is any JSON. Paths are relative to a project's
home; `""` is the home itself. A byte of a name that is no UTF-8 is `\\xNN`, a backslash that could be taken for the
beginning of one `\\x5c`. Sizes are bytes unless it says MB (10^6 bytes). Ids of projects are UUIDs in lower case.
"""

STATES = """## States of a project

```
closed → opening → opened → starting → running → stopping → saving → opened
                   opened → saving → closing → closed
```

| state | at most |
|---|---|
| `closed` (nothing of it is on the host), `opened` (its files are), `running` | |
| `opening`, `saving` | 30 minutes |
| `starting`, `stopping` | 60 s |
| `closing` | 5 minutes |

What fails or takes longer ends in the state that is a fact, with the reason in `detail`. Of two ways asked for, the
later one is gone after the earlier; `stop` and `close` break off `open` and `start`. A daemon that was killed goes on
where it was.
"""

DAEMON_TEXT = """Port 6000, for hubs (certificate of the service `hub`). `not_found` for a project that the host does
not know: `start`, `open`, `restart`, `stop`, `close`, `state` and `create_user` say all that it must.

From `exec` on, what is asked is passed to the local hub of a running project (`not_running`): the field `arguments`
holds those of the local hub's operation of that name, and its result is returned."""


def page() -> str:
    """Return the whole page."""
    daemon = {**messages.DAEMON_OPERATIONS, **_passed(messages.PROJECT_OPERATIONS)}
    watch: dict[str, tuple[type[Any], type[Any]]] = {"watch": (messages.Watch, messages.Empty)}
    parts = [HEAD.format(max_line=messages.MAX_LINE)]
    parts += _operations("Compute daemon", DAEMON_TEXT, daemon, summaries.DAEMON | summaries.PROJECT)
    parts += _operations(
        "Local hub",
        "A unix socket for each project, for the compute daemon. What answers is the project's own user's: a stranger.",
        messages.PROJECT_OPERATIONS | watch,
        summaries.PROJECT | {"watch": summaries.WATCH},
    )
    parts += _operations(
        "Storage daemon",
        "Port 6002, for hubs; `prepare` and `snapshot` for the compute host on which the project is placed.",
        messages.STORAGE_OPERATIONS,
        summaries.STORAGE,
    )
    parts.append(STATES)
    parts.append("## Events of the compute daemon\n")
    parts += [_struct(kind) for kind in typing.get_args(messages.Event | messages.WatchEvent)]
    parts.append("## Events of the local hub\n")
    parts.append(_struct(messages.FilesChanged))
    parts.append("## Messages\n")
    parts += [_struct(kind) for kind in _kinds()]
    parts.append("## Bounds of quotas\n\n| quota | least | most |\n|---|---|---|\n" + _rows(_bounds()))
    parts.append("## Codes of errors\n\n| code | HTTP status |\n|---|---|\n" + _rows(messages.FAULT_STATUS.items()))
    return "\n".join(parts)


def _passed(operations: Mapping[str, tuple[type[Any], type[Any]]]) -> dict[str, tuple[type[Any], type[Any]]]:
    return {name: (messages.ForProject, result) for name, (_, result) in operations.items()}


def _operations(
    title: str, text: str, operations: Mapping[str, tuple[type[Any], type[Any]]], what: Mapping[str, str]
) -> list[str]:
    rows = [
        (f"`{name}`", _link(arguments), _link(result), what[name]) for name, (arguments, result) in operations.items()
    ]
    return [
        f"## {title}\n\n{text}\n\n| operation | arguments | result | what it does |\n|---|---|---|---|\n{_rows(rows)}"
    ]


def _bounds() -> Iterable[tuple[str, str, str]]:
    return ((f"`{name}`", f"{least:,}", f"{most:,}") for name, (least, most) in messages.QUOTA_BOUNDS.items())


def _kinds() -> list[type[Any]]:
    """Return all structs that stand in tables or in one another, in the order of ``messages``, which gathers them."""
    base = messages.Message
    return [
        kind
        for kind in vars(messages).values()
        if isinstance(kind, type) and issubclass(kind, base) and kind is not base
    ]


def _struct(kind: type[Any]) -> str:
    meanings = _meanings(kind)
    config = kind.__struct_config__
    rows = [(f"`{config.tag_field}`", "`str`", "", f'always `"{config.tag}"`')] if config.tag_field else []
    rows += [
        (f"`{field.encode_name}`", _type(kind, field.name), _default(field), meanings.get(field.name, ""))
        for field in msgspec.structs.fields(kind)
    ]
    table = f"\n| field | type | default | |\n|---|---|---|---|\n{_rows(rows)}" if rows else "\nNo fields.\n"
    return f"### {kind.__name__}\n\n{_text(kind)}{table}"


def _meanings(kind: type[Any]) -> dict[str, str]:
    """Return what stands in the source below each field."""
    (struct,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    found = {}
    body = typing.cast(ast.ClassDef, struct).body
    for field, after in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            name, text = typing.cast(ast.Name, field.target).id, str(after.value.value)
            found[name] = " ".join(inspect.cleandoc(text).split()).replace("``", "`").replace("|", "\\|")
    return found


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
