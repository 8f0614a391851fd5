"""Refuses an inventory that cannot work, before any machine is touched. Each problem names the file to mend."""

import ipaddress
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lyceum_ops.inventory import specs
from lyceum_ops.inventory.locations import HOSTS, SETTINGS, Files, Place
from lyceum_ops.inventory.specs import Option, nearest

# Roles that other roles ask for something: what they require is given by the asking role, not by an inventory.
ASKED = frozenset({"application", "pki"})
LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
MACHINE_NAME = re.compile(rf"{LABEL}(\.{LABEL})*")
DOMAIN = MACHINE_NAME
VARIABLE = re.compile(r"(?P<role>[a-z][a-z0-9_]*?)__[a-z0-9_]+")
DEVICE = re.compile(r"/dev/[\w./:+@-]+")
#: With the defaults of the role lyceum.
PUBLISHED_PORTS = {"lyceum__https_port": 443, "lyceum__http_port": 80, "lyceum__ssh_port": 22022}
DEVICES = {"compute": "compute__data_device", "storage": "storage__data_device"}


@dataclass(frozen=True)
class Machine:
    """A machine of the inventory with its groups and its variables (those that are ours, and ansible_host)."""

    name: str
    groups: frozenset[str]
    variables: Mapping[str, Any]

    @property
    def address(self) -> str:
        return str(self.variables.get("lyceum__address") or self.variables.get("ansible_host") or self.name)


@dataclass(frozen=True)
class Problem:
    """What is wrong, where, and (if it can be said) what to write instead."""

    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(frozen=True)
class Inventory:
    """All that the rules look at."""

    files: Files
    machines: Sequence[Machine]
    roles: Mapping[str, Sequence[specs.EntryPoint]]
    roles_of_group: Mapping[str, Sequence[str]]
    removed: Mapping[str, str]

    @property
    def hosts_file(self) -> Place:
        return Place(self.files.folder / HOSTS)

    def in_group(self, group: str) -> list[Machine]:
        return [machine for machine in self.machines if group in machine.groups]


def problems(inventory: Inventory) -> list[Problem]:
    """Everything that is wrong with an inventory; each problem once, however many machines have it."""
    if not (inventory.files.folder / HOSTS).is_file():
        return [
            Problem(
                inventory.hosts_file, "it is not there; an inventory is a folder as inventories/README.md describes it"
            )
        ]
    return list(dict.fromkeys(problem for rule in RULES for problem in rule(inventory)))


def warnings(inventory: Inventory) -> list[str]:
    """What works, but should be known."""
    if any(machine.variables.get("lyceum__project_domain") for machine in inventory.machines):
        return []
    return [
        f"{inventory.files.folder / SETTINGS}: lyceum__project_domain is not set, so what a project serves on its "
        "ports has the hub's origin: whoever opens such a page trusts its author as much as the instance. "
        "A domain with a wildcard name avoids this."
    ]


def _groups(inventory: Inventory) -> Iterator[Problem]:
    for group in inventory.roles_of_group:
        if not inventory.in_group(group):
            yield Problem(
                inventory.hosts_file, f"the group {group} is missing or has no machine; every instance needs one"
            )
    if len(databases := inventory.in_group("database")) > 1:
        names = ", ".join(machine.name for machine in databases)
        yield Problem(
            inventory.hosts_file, f"the group database has several machines ({names}); an instance has one database"
        )
    for machine in inventory.machines:
        if not machine.groups & inventory.roles_of_group.keys():
            known = ", ".join(inventory.roles_of_group)
            yield Problem(
                inventory.files.machine(machine.name),
                f"{machine.name} is in none of the groups {known}, so nothing would be installed on it",
            )


def _duplicates(inventory: Inventory) -> Iterator[Problem]:
    for key in inventory.files.duplicates:
        yield Problem(key.place, f"{key.name} stands twice in the same place; only the last would count")
    sharing: dict[str, list[str]] = defaultdict(list)
    for machine in inventory.machines:
        sharing[machine.address].append(machine.name)
    for address, names in sharing.items():
        if len(names) > 1:
            yield Problem(
                inventory.files.machine(names[-1]),
                f"{' and '.join(names)} have the same address {address}; one machine can be in several groups",
            )


def _names(inventory: Inventory) -> Iterator[Problem]:
    for machine in inventory.machines:
        place = inventory.files.machine(machine.name)
        if not MACHINE_NAME.fullmatch(machine.name) or len(machine.name) > 64:
            yield Problem(
                place, f"{machine.name!r} is no host name: lower-case letters, digits and hyphens, at most 64"
            )
        if not _is_address(machine.address):
            yield Problem(
                place,
                f"{machine.name} needs an IP address, which {machine.address!r} is not; set lyceum__address",
            )


def _strays(inventory: Inventory) -> Iterator[Problem]:
    """Files of variables for groups and machines that do not exist: Ansible would not read them, and not say so."""
    groups = {"all", "ungrouped"}.union(inventory.roles_of_group, *(machine.groups for machine in inventory.machines))
    machines = {machine.name for machine in inventory.machines}
    for kind, known in (("group_vars", groups), ("host_vars", machines)):
        folder = inventory.files.folder / kind
        for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
            name = entry.name.removesuffix(".yml").removesuffix(".yaml")
            if name not in known and not name.startswith("."):
                what = "group" if kind == "group_vars" else "machine"
                yield Problem(
                    Place(entry),
                    f"there is no {what} {name}, so this would not be read; {nearest(name, known)}".rstrip("; "),
                )


def _variables(inventory: Inventory) -> Iterator[Problem]:
    """Unknown and removed variables, and values that do not fit what is declared."""
    declared = specs.declared(inventory.roles)
    for machine in inventory.machines:
        for name, value in machine.variables.items():
            if not VARIABLE.fullmatch(name):
                continue
            place = inventory.files.place(name, host=machine.name)
            if name in inventory.removed:
                yield Problem(place, f"{name} was removed: {inventory.removed[name]}")
            elif name not in declared:
                yield Problem(place, f"there is no variable {name}; {nearest(name, declared)}".rstrip("; "))
            else:
                yield from (Problem(place, problem) for problem in specs.misfits(declared[name], value))


def _required(inventory: Inventory) -> Iterator[Problem]:
    for machine in inventory.machines:
        roles = {role for group in machine.groups for role in inventory.roles_of_group.get(group, ())} - ASKED
        for role in sorted(roles | {"lyceum", "base"}):
            for option in specs.declared({role: inventory.roles.get(role, ())}).values():
                given = machine.variables.get(option.name) not in (None, "", [])
                if option.required and not given and option.name not in DEVICES.values():
                    yield _lacks(inventory, machine, option)


def _lacks(inventory: Inventory, machine: Machine, option: Option) -> Problem:
    meaning = f" ({option.description[0].rstrip('.')})" if option.description else ""
    if option.name.startswith("lyceum__"):
        return Problem(inventory.files.place(option.name), f"{option.name} is not set{meaning}")
    return Problem(inventory.files.machine(machine.name), f"{machine.name} needs {option.name}{meaning}")


def _devices(inventory: Inventory) -> Iterator[Problem]:
    for machine in inventory.machines:
        used: dict[str, str] = {}
        for variable in (DEVICES[group] for group in DEVICES if group in machine.groups):
            device = machine.variables.get(variable)
            place = inventory.files.place(variable, host=machine.name, otherwise=HOSTS)
            if not isinstance(device, str) or not device:
                needs = (
                    f"{machine.name} needs {variable}: an empty disk or partition for its data, as /dev/disk/by-id/..."
                )
                yield Problem(inventory.files.machine(machine.name), needs)
                continue
            if not DEVICE.fullmatch(device) or ".." in device:
                message = f"{variable} of {machine.name} must be a device such as /dev/vdb, not {device!r}"
                yield Problem(place, message)
            if device in used:
                yield Problem(place, f"{machine.name} uses {device} twice, for {used[device]} and {variable}")
            used[device] = variable


def _settings(inventory: Inventory) -> Iterator[Problem]:
    for machine in inventory.machines:
        for name, check in CHECKS.items():
            value = machine.variables.get(name)
            if value not in (None, "") and (wrong := check(value)):
                yield Problem(inventory.files.place(name, host=machine.name), f"{name}: {wrong}")
        certificate, key = (machine.variables.get(f"lyceum__public_{half}") for half in ("certificate", "key"))
        if bool(certificate) != bool(key):
            yield Problem(
                inventory.files.place("lyceum__public_certificate"),
                "lyceum__public_certificate and lyceum__public_key go together; one is not set",
            )


def _published(inventory: Inventory) -> Iterator[Problem]:
    """What browsers and SSH clients are told must lead to one thing each."""
    for machine in inventory.machines:
        ports: dict[object, str] = {}
        for name, otherwise in PUBLISHED_PORTS.items():
            port = machine.variables.get(name, otherwise)
            if port in ports:
                yield Problem(
                    inventory.files.place(name, host=machine.name), f"{name}: {port} is {ports[port]}'s already"
                )
            ports[port] = name
        domain, names = (machine.variables.get(f"lyceum__{what}") for what in ("project_domain", "names"))
        if isinstance(names, list | tuple) and domain in names:
            place = inventory.files.place("lyceum__project_domain", host=machine.name)
            why = "so projects' pages could set cookies for the instance; it needs a name of its own"
            yield Problem(place, f"lyceum__project_domain: {domain} is one of lyceum__names, {why}")


def _check_names(value: object) -> str:
    names = value if isinstance(value, list | tuple) else ()
    bad = [str(name) for name in names if not _is_address(str(name)) and not DOMAIN.fullmatch(str(name))]
    if bad:
        return f"{', '.join(map(repr, bad))} must be a name or an address, without https:// and port"
    return "" if len(set(names)) == len(names) else "a name stands twice"


def _check_domain(value: object) -> str:
    good = DOMAIN.fullmatch(str(value)) and not _is_address(str(value))
    return "" if good else f"{value!r} must be a domain such as projects.example.org"


def _check_port(value: object) -> str:
    return "" if not isinstance(value, int) or 1 <= value <= 65535 else f"{value} is no port (1 to 65535)"


def _check_high_port(value: object) -> str:
    good = not isinstance(value, int) or 1024 <= value <= 65535
    return "" if good else f"{value} cannot be listened on without privileges (1024 to 65535)"


def _check_processes(value: object) -> str:
    return "" if not isinstance(value, int) or 1 <= value <= 64 else f"{value} is out of range (1 to 64)"


def _check_email(value: object) -> str:
    return "" if re.fullmatch(r"[^@\s]+@[^@\s]+", str(value)) else f"{value!r} is no address of e-mail"


def _check_file(value: object) -> str:
    return "" if Path(str(value)).is_file() else f"there is no file {value} on this machine"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


CHECKS: Mapping[str, Callable[[object], str]] = {
    "lyceum__names": _check_names,
    "lyceum__project_domain": _check_domain,
    "lyceum__https_port": _check_port,
    "lyceum__http_port": _check_port,
    "lyceum__ssh_port": _check_port,
    "ssh__port": _check_high_port,
    "lyceum__hub_processes": _check_processes,
    "lyceum__administrator_email": _check_email,
    "lyceum__public_certificate": _check_file,
    "lyceum__public_key": _check_file,
}
RULES: Sequence[Callable[[Inventory], Iterator[Problem]]] = (
    _groups,
    _duplicates,
    _names,
    _strays,
    _variables,
    _required,
    _devices,
    _settings,
    _published,
)
