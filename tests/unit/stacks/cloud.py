"""Runs the program as the engine would, with no cloud: what it declares is written down, with its options."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pulumi
from lyceum_stacks import configuration
from lyceum_stacks.program import deploy
from lyceum_stacks.settings import Settings
from pulumi.runtime import mocks
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import run_pulumi_func

OWN = {
    "project": "campus-cloud",
    "domain": "lyceum.campus.edu",
    "billing_account": "0A1B2C-3D4E5F-678901",
    "administrators": ["group:operators@campus.edu"],
    "budget": {"amount": 3000, "emails": ["it@campus.edu"]},
}


@dataclass(frozen=True)
class Resource:
    """What the program declared."""

    type: str
    name: str
    inputs: dict[str, Any]
    protected: bool
    parent: str
    depends_on: tuple[str, ...]


@dataclass
class Cloud:
    """All that a run of the program declared, and what it exported."""

    resources: list[Resource] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def of(self, kind: str) -> dict[str, Resource]:
        """Resources of a type such as `compute/instance:Instance`, by name."""
        return {found.name: found for found in self.resources if found.type == f"gcp:{kind}"}

    def inputs(self, kind: str, name: str) -> dict[str, Any]:
        return self.of(kind)[name].inputs


@contextmanager
def _own_loop() -> Iterator[None]:
    """Pulumi's mocks make an event loop in each of their threads and leave it open; this one is closed."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()


class Monitor(mocks.MockMonitor):
    """Writes down every registration before it is answered."""

    def __init__(self, google: mocks.Mocks, cloud: Cloud) -> None:
        super().__init__(google)
        self.cloud = cloud

    def Invoke(self, request: Any) -> Any:  # noqa: N802 - pulumi's name
        with _own_loop():
            return super().Invoke(request)

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> Any:  # noqa: N802 - pulumi's name
        with _own_loop():
            answer = super().RegisterResource(request)
        inputs = pulumi.runtime.rpc.deserialize_properties(request.object, keep_unknowns=True)
        parent = request.parent.rsplit("::", maxsplit=1)[-1]
        names = tuple(urn.rsplit("::", maxsplit=1)[-1] for urn in request.dependencies)
        self.cloud.resources.append(Resource(request.type, request.name, inputs, request.protect, parent, names))
        return answer


class Google(mocks.Mocks):
    """Answers as Google does where the program goes on with the answer; in a preview it knows nothing yet."""

    def __init__(self, *, preview: bool) -> None:
        self.preview = preview

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if self.preview:
            return None, dict(args.inputs)
        computed: Mapping[str, dict[str, Any]] = {
            "gcp:compute/instance:Instance": {
                "networkInterfaces": [
                    {**interface, "networkIp": "10.64.0.9"} for interface in args.inputs.get("networkInterfaces", [])
                ]
            },
            "gcp:compute/address:Address": {"address": "203.0.113.7"},
            "gcp:serviceaccount/account:Account": {"email": f"{args.name}@campus-cloud.iam.gserviceaccount.com"},
            "gcp:dns/managedZone:ManagedZone": {"nameServers": ["ns1.example.net."]},
        }
        made = {"name": args.name, "selfLink": f"https://cloud/{args.name}", **args.inputs}
        return f"{args.name}-id", made | computed.get(args.typ, {})

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        answers = {
            "gcp:organizations/getProject:getProject": {"number": "4711"},
            "gcp:storage/getProjectServiceAccount:getProjectServiceAccount": {"emailAddress": "service-4711@gs"},
        }
        return {} if self.preview else answers[args.token]


def settings(size: str = "medium", **changes: Any) -> Settings:
    """Settings as an institution would have them."""
    return configuration.build("campus", {**OWN, "region": "europe-west4", "size": size, **changes})


def run(chosen: Settings, *, preview: bool = False) -> Cloud:
    """Run the program with these settings."""
    cloud = Cloud()

    async def program() -> None:
        google = Google(preview=preview)
        mocks.set_mocks(google, project="lyceum", stack=chosen.stack, preview=preview, monitor=Monitor(google, cloud))
        await run_pulumi_func(lambda: _declare(chosen, cloud))

    asyncio.run(program())
    return cloud


def _declare(chosen: Settings, cloud: Cloud) -> None:
    deploy(chosen)
    root = pulumi.runtime.get_root_resource()
    for name, value in root.outputs.items():
        pulumi.Output.from_input(value).apply(lambda known, name=name: cloud.outputs.update({name: known}))


@cache
def whole(size: str, *, preview: bool = False) -> Cloud:
    """The cloud of a size; made once for all tests that only look."""
    return run(settings(size), preview=preview)
