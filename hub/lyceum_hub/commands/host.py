"""``lyceum-hub host``: compute hosts, for the operator."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

import msgspec
from lyceum_compute.protocol.identity import Identity
from lyceum_compute.protocol.messages import HostStatus

from lyceum_hub.compute_client import ComputeHosts
from lyceum_hub.errors import HubError
from lyceum_hub.settings import Settings, load

#: Seconds in which a host that is there is connected to.
PATIENCE = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own commands and options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="print all compute hosts, one line of JSON each")
    drain = actions.add_parser("drain", help="let a host take no further projects, and move those that rest elsewhere")
    drain.add_argument("host")
    drain.add_argument("--stop", action="store_true", help="also stop and save what runs there, so that it moves too")
    actions.add_parser("resume", help="let a host take projects again").add_argument("host")


def run(options: argparse.Namespace) -> int:
    """Do it and say what was done."""
    settings = load(options.config)
    return asyncio.run(_run(settings, options))


async def _run(settings: Settings, options: argparse.Namespace) -> int:
    compute = ComputeHosts(
        settings.compute, Identity(settings.tls), on_event=lambda *_: None, on_connected=lambda *_: None
    )
    async with compute:
        if options.action == "list":
            return _list(await asyncio.gather(*(_look(compute, host.name) for host in compute)))
        return await _mark(compute, options)


async def _mark(compute: ComputeHosts, options: argparse.Namespace) -> int:
    host, draining = options.host, options.action == "drain"
    before = await _status(compute, host)
    if before.draining != draining:
        await compute.set_draining(host, draining=draining)
        _say(f"{host} is being emptied" if draining else f"{host} takes projects again")
    else:
        print(f"{host} {'is being emptied' if draining else 'takes projects'} already", file=sys.stderr)  # noqa: T201 the command's output
    if draining and options.stop:
        _say(f"{await compute.stop_all(host)} projects are being stopped and saved")
    return 0


async def _status(compute: ComputeHosts, host: str) -> HostStatus:
    """Return a host's status, once there is a connection. Raises ``HubError``."""
    compute.get(host)
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while True:
        try:
            return await compute.status(host)
        except HubError:
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.1)


async def _look(compute: ComputeHosts, host: str) -> dict[str, object]:
    try:
        return {"host": host, "status": msgspec.to_builtins(await _status(compute, host))}
    except HubError:
        return {"host": host, "status": None}


def _list(found: list[dict[str, object]]) -> int:
    for one in found:
        _say(json.dumps(one))
    return 0


def _say(text: str) -> None:
    print(text)  # noqa: T201 the command's output
