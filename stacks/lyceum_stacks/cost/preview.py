"""Reads what `pulumi preview --json` and `pulumi stack export` print.

The shape was taken from the engine's own output (Pulumi 3.260): a list of steps, each with an operation and the
resource's state before and after; `changeSummary` counts operations, also those that are not listed.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from lyceum_stacks.cost.resources import SIGNATURE, Resource, shown
from lyceum_stacks.errors import StackError

SAME = "same"
STAY = frozenset({SAME, "update", "replace"})
COME = frozenset({"create", "create-replacement", "import", "import-replacement"})
GO = frozenset({"delete", "delete-replaced"})
# A refresh is told before the steps that follow from it; what is read belongs to somebody else, who pays for it.
PASS = frozenset({
    "refresh", "read", "read-replacement", "read-discard", "discard", "discard-replaced", "remove-pending-replace",
})  # fmt: skip
STATE_VERSIONS = (3, 4)
SHOW_SAMES = "pulumi preview --json --show-sames"


class Preview(msgspec.Struct, frozen=True):
    """The resources of a stack before and after what is previewed. Of `unlisted` unchanged ones nothing is known."""

    before: list[Resource]
    after: list[Resource]
    unlisted: int = 0
    config: Mapping[str, Any] = {}
    notes: Sequence[str] = ()

    changes: bool = False


def read(content: bytes, origin: str) -> Preview:
    """Read a preview or a stack's exported state; raises `StackError` where it cannot be priced.

    `origin` is what messages call it: the file's name, or the standard input.
    """
    document = _document(content, origin)
    if "deployment" in document:
        return _state(document, origin)
    if not {"steps", "changeSummary", "diagnostics"} & set(document):
        raise StackError(
            f"{origin} is not what `pulumi preview --json` prints: it has no steps.",
            hint=f"Make it with: {SHOW_SAMES} > preview.json",
        )
    if "version" in document:
        raise StackError(
            f"{origin} is a preview of a later format ({shown(document['version'])}), which is not known here.",
            hint="Use a newer Lyceum, or the engine that it was made with.",
        )
    steps = document.get("steps") or []
    if not isinstance(steps, list):
        raise StackError(f"{origin}: its steps are not a list.")
    _refuse_failure(document, steps, origin)
    if not steps and not _unlisted(document, Counter()):
        raise StackError(
            f"{origin} lists no step, not even the stack itself: the preview did not come to its end.",
            hint="See what pulumi preview itself says.",
        )
    return _steps(document, steps, origin)


def _document(content: bytes, origin: str) -> dict[str, Any]:
    if not content.strip():
        raise StackError(
            f"{origin} is empty: the preview was not written.", hint="See what pulumi preview itself says."
        )
    try:
        document = msgspec.json.decode(content.removeprefix(BOM_UTF8))
    except RecursionError:
        raise StackError(f"{origin} is nested deeper than any preview.") from None
    except msgspec.DecodeError as error:
        lines = content.split(b"\n", 2)
        streamed = len(lines) > 1 and lines[0].startswith(b"{") and lines[1].startswith(b"{")
        raise StackError(
            f"{origin} is not whole JSON: {error}.",
            hint="It is a stream of the engine's events; unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW and preview again."
            if streamed
            else f"Make it anew with: {SHOW_SAMES} > preview.json",
        ) from None
    if not isinstance(document, dict):
        raise StackError(f"{origin} is not what `pulumi preview --json` prints: it is no object.")
    return document


def _refuse_failure(document: Mapping[str, Any], steps: Sequence[Any], origin: str) -> None:
    """A failed preview lists the steps so far as if all were well; only the diagnostics tell."""
    told = document.get("diagnostics") or []
    for entry in told if isinstance(told, list) else []:
        severity = entry.get("severity") if isinstance(entry, dict) else None
        if severity == "error" or (severity == "info#err" and not steps):
            raise StackError(
                f"{origin} is of a preview that failed: {shown(entry.get('message', 'no message'))}",
                hint="What it lists is not the whole stack, so it is not priced. Mend the program and preview again.",
            )


def _steps(document: Mapping[str, Any], steps: Sequence[Any], origin: str) -> Preview:
    before: dict[str, Resource] = {}
    after: dict[str, Resource] = {}
    seen: Counter[str] = Counter()
    notes: list[str] = []
    for number, step in enumerate(steps, start=1):
        operation = step.get("op") if isinstance(step, dict) else None
        if not isinstance(operation, str) or operation not in STAY | COME | GO | PASS:
            raise StackError(
                f"{origin}, step {number}: what {shown(operation)} does to a resource is not known here.",
                hint="The preview is of a later engine, or was changed; nothing was priced.",
            )
        seen[operation] += 1
        if operation in STAY | GO and (old := _resource(step, "oldState", number, origin)) is not None:
            before[old.urn] = old
        if operation in STAY | COME and (new := _resource(step, "newState", number, origin)) is not None:
            after[new.urn] = new
        if operation == "delete" and step.get("oldState", {}).get("retainOnDelete"):
            notes.append(
                f"{step['urn'].split('::')[-1]} leaves the stack but stays in the cloud, where it goes on to cost."
            )
    return Preview(
        list(before.values()),
        list(after.values()),
        unlisted=_unlisted(document, seen),
        changes=any(resource.custom for resource in before.values()),
        config=_mapping(document.get("config")),
        notes=notes,
    )


def _unlisted(document: Mapping[str, Any], seen: Counter[str]) -> int:
    """How many resources that will exist the engine counted but did not list: unchanged ones, unless it was cut."""
    summary = document.get("changeSummary")
    if isinstance(summary, Mapping):
        counted = {name: summary.get(name, 0) for name in (SAME, "create", "update")}
        return sum(max(0, count - seen[name]) for name, count in counted.items() if isinstance(count, int))
    # Without the engine's own count, a preview of changes alone cannot be told from a whole one.
    changes = seen["update"] + seen["replace"] + seen["delete"]
    return 1 if changes and seen[SAME] < 2 else 0


def _resource(step: Mapping[str, Any], which: str, number: int, origin: str) -> Resource | None:
    state = step.get(which)
    if not isinstance(state, Mapping) or not isinstance(state.get("urn", step.get("urn")), str):
        raise StackError(
            f"{origin}, step {number}: {step.get('op')} has no {which} with a urn.",
            hint="The preview is not whole, or of another engine.",
        )
    return _from_state(state, str(state.get("urn", step.get("urn"))), f"{origin}, step {number}")


def _from_state(state: Mapping[str, Any], urn: str, where: str) -> Resource | None:
    if state.get("external"):
        return None  # read, not made, by this stack
    if not urn.startswith("urn:pulumi:") or len(urn.split("::", 3)) < 4:
        raise StackError(f"{where}: {shown(urn)} is not the urn of a resource.")
    inputs = state.get("inputs")
    if inputs is not None and (not isinstance(inputs, Mapping) or SIGNATURE in inputs):
        raise StackError(f"{where}: its inputs are not listed, but {shown(inputs)}.")
    kind = state.get("type")
    return Resource(
        urn=urn,
        type=kind if isinstance(kind, str) else urn.split("::")[2].rsplit("$", 1)[-1],
        inputs=inputs or {},
        parent=str(state.get("parent") or ""),
        custom=bool(state.get("custom", True)),
        id=str(state.get("id") or ""),
        outputs=_mapping(state.get("outputs")),
        dependencies=_list(state.get("dependencies")),
        property_dependencies={name: _list(urns) for name, urns in _mapping(state.get("propertyDependencies")).items()},
        provider=str(state.get("provider") or ""),
    )


def _state(document: Mapping[str, Any], origin: str) -> Preview:
    version = document.get("version")
    deployment = document["deployment"]
    if version not in STATE_VERSIONS:
        raise StackError(
            f"{origin} is a stack's state of version {shown(version)}, which is not known here.",
            hint=f"Known: {', '.join(map(str, STATE_VERSIONS))}. Give a preview instead: {SHOW_SAMES}",
        )
    listed = deployment.get("resources") if isinstance(deployment, Mapping) else None
    if not isinstance(listed, list):
        raise StackError(f"{origin} is a stack's state without resources.")
    found = {}
    for number, state in enumerate(listed, start=1):
        if not isinstance(state, Mapping) or not isinstance(state.get("urn"), str):
            raise StackError(f"{origin}, resource {number}: it has no urn.")
        resource = None if state.get("delete") else _from_state(state, state["urn"], f"{origin}, resource {number}")
        if resource is not None:
            found[resource.urn] = resource
    return Preview(list(found.values()), list(found.values()), notes=["Priced as the stack stands in its state."])


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
