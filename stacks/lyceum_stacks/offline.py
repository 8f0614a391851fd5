"""Runs a Pulumi program without engine, account or network, as a preview of a new stack.

Every resource that the program declares is collected as the engine would be told of it: type, name, inputs, parent, and
which resource each input comes from. Ids and other outputs are unknown, as in the preview of a new stack.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime import mocks, rpc, settings, stack
from pulumi.runtime.proto import resource_pb2

from lyceum_stacks.cost.resources import UNKNOWN, Resource
from lyceum_stacks.errors import StackError

log = logging.getLogger("lyceum.stacks")

STACK = "pulumi:pulumi:Stack"


class _Nothing(mocks.Mocks):
    """The mock monitor asks for mocks; ours answers itself, so none is ever called."""

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise NotImplementedError(args.token)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        raise NotImplementedError(args.typ)


class Recorder(mocks.MockMonitor):
    """Takes the engine's place: keeps what is registered, and answers with the inputs alone."""

    def __init__(self) -> None:
        super().__init__(_Nothing())
        self.recorded: dict[str, Resource] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's interface
        """Keep a resource; its outputs beyond its inputs are unknown, as in a preview."""
        urn = _urn(request.parent, request.type, request.name)
        if urn in self.recorded:
            raise StackError(f"The program makes two resources {urn.rsplit('::', 1)[-1]!r} of type {request.type}.")
        self.recorded[urn] = Resource(
            urn=urn,
            type=request.type,
            inputs=_value(struct_pb2.Value(struct_value=request.object)),
            parent=request.parent,
            custom=request.custom,
            dependencies=list(request.dependencies),
            property_dependencies={name: list(given.urns) for name, given in request.propertyDependencies.items()},
            provider=request.provider,
        )
        return resource_pb2.RegisterResourceResponse(urn=urn, id="", object=request.object)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        """A resource that belongs to somebody else: it is looked up, and costs this stack nothing."""
        return resource_pb2.ReadResourceResponse(
            urn=_urn(request.parent, request.type, request.name), properties=request.properties
        )

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        """A question to the cloud, which cannot be answered here."""
        raise StackError(
            f"The program asks Google Cloud for something ({request.tok}), which it cannot be told offline.",
            hint="Price a preview instead: pulumi preview --json --show-sames | ./lyceum cost --preview -",
        )

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        """What a component or the stack tells; none of it costs anything."""
        del request
        return empty_pb2.Empty()


def run(
    program: Callable[[], None], *, project: str, name: str, config: Mapping[str, Any] | None = None
) -> list[Resource]:
    """Run a program as the stack `name` of `project`; returns its resources, sorted by URN.

    `config` holds values by their full keys (`gcp:region`). Raises `StackError` for what the program asks of the cloud;
    what the program itself raises passes through.
    """
    recorder = Recorder()
    # The SDK keeps its settings, among them the root of the program, in context variables: each run has its own.
    context = contextvars.copy_context()
    context.run(_run, program, recorder, project, name, config or {})
    # Resources register as their inputs become known: in another order each time.
    return [recorder.recorded[urn] for urn in sorted(recorder.recorded)]


def _run(program: Callable[[], None], recorder: Recorder, project: str, name: str, config: Mapping[str, Any]) -> None:
    settings.configure(
        mocks.MockSettings(  # type: ignore[no-untyped-call]
            monitor=recorder, monitor_features=set(), engine=mocks.MockEngine(log), project=project, stack=name,
            dry_run=True, organization=None, callbacks=None,
        )
    )  # fmt: skip
    settings.set_root_resource(None)  # type: ignore[arg-type] # none yet: the stack becomes it
    pulumi.runtime.set_all_config({key: _text(value) for key, value in config.items()})

    async def deployment() -> None:
        await stack.run_in_stack(program)

    with asyncio.Runner() as runner:
        runner.run(deployment())


def _urn(parent: str, kind: str, name: str) -> str:
    """A URN as the engine makes it: the types of the parents, but not that of the stack, before the resource's own."""
    above = parent.split("::", 3)[2] if parent else ""
    qualified = kind if above in {"", STACK} else f"{above}${kind}"
    return f"urn:pulumi:{settings.get_stack()}::{settings.get_project()}::{qualified}::{name}"


def _value(value: Any) -> Any:
    """A protocol buffer's value in plain Python; unknowns and secrets as the engine's JSON has them."""
    match value.WhichOneof("kind"):
        case "struct_value":
            fields = {key: _value(inner) for key, inner in value.struct_value.fields.items()}
            return _unwrapped(fields)
        case "list_value":
            return [_value(inner) for inner in value.list_value.values]
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            return UNKNOWN if value.string_value == rpc.UNKNOWN else value.string_value
        case "bool_value":
            return value.bool_value
        case _:
            return None


def _unwrapped(fields: dict[str, Any]) -> Any:
    """The value in the envelope of a secret: here it never leaves the process."""
    signature = fields.get(rpc._special_sig_key)  # noqa: SLF001 - the SDK has no public name for it
    if signature == rpc._special_secret_sig:  # noqa: SLF001
        return fields.get("value")
    if signature == rpc._special_resource_sig:  # noqa: SLF001
        return fields.get("id") or UNKNOWN
    return fields


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
