"""Programs on the machines of an inventory, over SSH as Ansible reaches them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from lyceum_ops import checkout, deploy, programs
from lyceum_ops.errors import die
from lyceum_ops.lab import definition, inventory, machines


@dataclass(frozen=True)
class Remote:
    """A machine that can be reached: its name, ssh's command up to and including the address, and how to be root."""

    name: str
    ssh: tuple[str, ...]
    become: bool = False

    def command(self, *arguments: str, terminal: bool = False) -> list[str]:
        """The local command that runs a program on the machine, as root; none for a shell."""
        words = ["sudo", "--non-interactive", *arguments] if self.become else list(arguments)
        if self.become and not arguments:
            words = ["sudo", "--login"]
        option = ["-t"] if terminal else ["-T", "-o", "BatchMode=yes"]
        return [*self.ssh[:-1], *option, self.ssh[-1], *([shlex.join(words)] if words else [])]

    def run(
        self, *arguments: str, stdin: str | None = None, timeout: float = 120, check: bool = True
    ) -> programs.Result:
        """Run a program on the machine, as root, to its end."""
        return programs.run(self.command(*arguments), stdin=stdin, timeout=timeout, check=check)


@dataclass(frozen=True)
class Machines:
    """The machines of an inventory, by name and by group."""

    inventory: Path
    remotes: dict[str, Remote]
    groups: dict[str, list[str]]

    def find(self, name: str) -> Remote:
        """Find a machine."""
        if name not in self.remotes:
            die(f"There is no machine {name} in {self.inventory}.", hint=f"It has: {', '.join(self.remotes)}.")
        return self.remotes[name]

    def first(self, group: str) -> Remote:
        """Find the first machine of a group."""
        if not self.groups.get(group):
            die(f"No machine of {self.inventory} is in the group {group}.")
        return self.remotes[self.groups[group][0]]


def of_lab(name: str) -> Machines:
    """The machines of a lab, which must be running."""
    definition.check_name(name)
    lab = definition.load(name)
    if lab is None:
        known = ", ".join(definition.names())
        return die(
            f"There is no lab {name} on this host.", hint=f"There is: {known}." if known else "Make it: ./lyceum up"
        )
    if not machines.running(name):
        die(f"The lab {name} is not running.", hint=f"Start it: ./lyceum up --name {name}")
    settings = str(lab.places.ssh / "config")
    remotes = {machine.name: Remote(machine.name, ("ssh", "-F", settings, machine.name)) for machine in lab.machines}
    groups = {group: [machine.name for machine in lab.in_group(group)] for group in definition.GROUPS}
    return Machines(inventory.link_of(checkout.ROOT, name), remotes, groups)


def of_inventory(given: str) -> Machines:
    """The machines of any inventory, as Ansible reads it."""
    path = deploy.check_inventory(Path(given))
    program = deploy.ansible_program("ansible-inventory")
    listed = programs.run(
        [program, f"--inventory={path}", "--list"],
        extra_environment=deploy.ansible_environment(),
        directory=checkout.ROOT,
        secret=True,  # it holds the vault's variables
    )
    content = msgspec.json.decode(listed.stdout, type=dict[str, Any])
    variables = content.pop("_meta")["hostvars"]
    groups = {name: group.get("hosts", []) for name, group in content.items()}
    return Machines(path, {name: _remote(name, found) for name, found in variables.items()}, groups)


def choose(*, lab: str, given: str) -> Machines:
    """The machines of the inventory that was given, else of the lab."""
    return of_inventory(given) if given else of_lab(lab)


def _remote(name: str, variables: dict[str, Any]) -> Remote:
    words = ["ssh"]
    for option in ("ansible_ssh_common_args", "ansible_ssh_extra_args"):
        words += shlex.split(str(variables.get(option, "")))
    if port := variables.get("ansible_port"):
        words += ["-p", str(port)]
    if key := variables.get("ansible_ssh_private_key_file"):
        words += ["-i", str(key)]
    user = variables.get("ansible_user")
    address = str(variables.get("ansible_host", name))
    target = f"{user}@{address}" if user else address
    return Remote(name, (*words, target), become=bool(variables.get("ansible_become")))
