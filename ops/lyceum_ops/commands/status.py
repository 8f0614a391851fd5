"""What of a lab is up, and whether the instance in it answers."""

from __future__ import annotations

import http.client
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from lyceum_ops import remote
from lyceum_ops.errors import Failure
from lyceum_ops.lab import definition, machines
from lyceum_ops.lab.definition import Lab

PATTERNS = ("lyceum-*.service", "haproxy.service", "nginx.service", "postgresql@*.service")
# One each for every project: they come and go with what people do.
OF_PROJECTS = ("lyceum-project@", "lyceum-local-hub@", "lyceum-files@", "lyceum-console@")


class MachineStatus(msgspec.Struct, frozen=True):
    """One machine. Services by unit, each with systemd's word for its state."""

    name: str
    groups: tuple[str, ...]
    address: str
    state: str
    services: dict[str, str] = {}


class Status(msgspec.Struct, frozen=True):
    """A whole lab."""

    name: str
    address: str | None
    answers: bool
    detail: str
    machines: tuple[MachineStatus, ...]


def look(name: str) -> Status:
    """Look at a lab."""
    lab = definition.load(definition.check_name(name)) or Lab(name)
    up = machines.running(name)
    with ThreadPoolExecutor(max_workers=16) as pool:
        found = tuple(pool.map(lambda machine: _machine(lab, machine, up), lab.machines))
    answers, detail = _ask(lab) if up else (False, "the lab is not running")
    address = f"https://localhost:{lab.port}" if lab.port is not None else None
    return Status(name, address, answers, detail, found)


def show(status: Status, *, as_json: bool) -> None:
    """Print what was found."""
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(status)).decode())
        return
    if not status.machines:
        print(f"There is no lab {status.name}. Make it: ./lyceum up --name {status.name}")
        return
    print(f"Lab {status.name}: {status.address or 'not published'}, {status.detail}")
    for machine in status.machines:
        print(f"  {machine.name:<12} {machine.state:<9} {machine.address:<13} {' '.join(machine.groups)}")
        for unit, state in machine.services.items():
            print(f"    {unit.removesuffix('.service'):<34} {state}")


def _machine(lab: Lab, machine: definition.Machine, up: set[str]) -> MachineStatus:
    state, services = "down", {}
    if machine.name in up:
        state = "running"
        try:
            services = services_of(remote.of_lab(lab.name).find(machine.name))
        except Failure:
            state = "unreachable"
    return MachineStatus(machine.name, machine.groups, machine.address, state, services)


def services_of(machine: remote.Remote) -> dict[str, str]:
    """Return a machine's services and their states; of those that each project has, the failed ones."""
    command = ("systemctl", "list-units", "--all", "--type=service", "--output=json", *PATTERNS)
    listed = msgspec.json.decode(machine.run(*command, timeout=20).stdout, type=list[dict[str, Any]])
    units = {str(unit["unit"]): str(unit["active"]) for unit in listed if unit.get("load") == "loaded"}
    return {
        unit: state for unit, state in sorted(units.items()) if state == "failed" or not unit.startswith(OF_PROJECTS)
    }


def _ask(lab: Lab) -> tuple[bool, str]:
    """Ask the instance for its first page and its operations, and believe only its own authority."""
    authority = lab.places.inventory / "pki" / "ca.crt"
    if lab.port is None or not authority.is_file():
        return False, "nothing is deployed yet" if lab.port is not None else "nothing is published"
    for path in ("/", "/api/v1/openapi.json"):
        try:
            code = _get(lab.port, path, authority)
        except (OSError, http.client.HTTPException) as error:
            return False, f"does not answer: {error}"
        if code != 200:
            return False, f"answers {code} to {path}"
    return True, "answers"


def _get(port: int, path: str, authority: Path) -> int:
    context = ssl.create_default_context(cafile=str(authority))
    connection = http.client.HTTPSConnection("localhost", port, timeout=5, context=context)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()
