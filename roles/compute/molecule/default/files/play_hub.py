"""Plays a hub on a machine of the scenario: calls the compute daemon as standard input says, prints answers as JSON.

Each step of the list is ``{"call": operation, "arguments": {...}}`` or ``{"until": [states], "project_id": ...}``. It
also serves the one operation of a storage host that opening a project needs: no project was ever saved.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import msgspec
from lyceum_compute.protocol.client import Client, TlsAddress
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.identity import Identity, Peer, TlsSettings
from lyceum_compute.protocol.messages import Event, Prepared, StateChanged, StoredProject
from lyceum_compute.protocol.server import Operation, Server

PKI = "/etc/lyceum/pki"


def identity(service: str) -> Identity:
    return Identity(TlsSettings(ca=f"{PKI}/ca.crt", certificate=f"{PKI}/{service}.crt", key=f"{PKI}/{service}.key"))


async def prepare(_peer: Peer, _arguments: StoredProject) -> Prepared:
    return Prepared(exists=False)


class Hub:
    """What the daemon says, and waiting for it."""

    def __init__(self) -> None:
        self.states: dict[str, StateChanged] = {}
        self.changed = asyncio.Event()

    def take(self, event: Any) -> None:
        if isinstance(event, StateChanged):
            self.states[event.project_id] = event
            self.changed.set()

    async def until(self, project_id: str, states: list[str]) -> dict[str, str]:
        async with asyncio.timeout(150):  # a missed signal is made good by the sweep, which looks at units now and then
            while project_id not in self.states or self.states[project_id].state not in states:
                self.changed.clear()
                await self.changed.wait()
        return {"state": self.states[project_id].state, "detail": self.states[project_id].detail}


async def play(steps: list[dict[str, Any]], service: str, host: str) -> list[Any]:
    hub = Hub()
    answers: list[Any] = []
    address = TlsAddress("compute", host, 6000, identity(service))
    async with Client(address, event_type=Event, on_event=hub.take) as client:
        for step in steps:
            if "until" in step:
                answers.append(await hub.until(step["project_id"], step["until"]))
                continue
            try:
                raw = await client.request(
                    step["call"], msgspec.Raw(json.dumps(step["arguments"]).encode()), msgspec.Raw, timeout=120
                )
                answers.append(json.loads(bytes(raw)))
            except FaultError as error:
                answers.append({"error": {"code": error.code, "message": error.message}})
    return answers


async def main(service: str, host: str) -> None:
    if service != "hub":
        print(json.dumps(await play(json.load(sys.stdin), service, host)))
        return
    server = Server({"prepare": Operation(prepare, StoredProject, frozenset({"compute"}))})
    await server.listen_tls("::", 6002, identity("storage"))
    try:
        print(json.dumps(await play(json.load(sys.stdin), service, host)))
    finally:
        await server.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
