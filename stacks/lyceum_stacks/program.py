"""The program: makes an instance's cloud of its settings, and exports what Ansible and people need to know of it."""

from __future__ import annotations

from typing import Any

import pulumi

from lyceum_stacks import fleet, outputs
from lyceum_stacks.components.access import Access
from lyceum_stacks.components.backups import Backups
from lyceum_stacks.components.budget import Budget
from lyceum_stacks.components.entry import Address, Balancer, Names, records
from lyceum_stacks.components.identities import Identities
from lyceum_stacks.components.keys import Keys
from lyceum_stacks.components.machines import Group, Schedule, instance_name
from lyceum_stacks.components.network import Network
from lyceum_stacks.components.secrets import Secrets
from lyceum_stacks.components.services import Services
from lyceum_stacks.settings import Settings


def deploy(settings: Settings) -> None:
    """Declare everything. Runs under the engine, and under mocks where values are not known yet."""
    planned = fleet.machines(settings.size, settings.zones)
    services = Services(settings)
    network = Network(settings, services)
    keys = Keys(settings, services)
    identities = Identities(settings, services)
    Access(settings, services, identities)
    address = Address(settings, services)
    groups = _machines(
        settings, planned, address,
        network=network, keys=keys, identities=identities, schedule=Schedule(settings, services),
    )  # fmt: skip
    if settings.size.groups["edge"].count > 1:
        zones = [machine.zone for machine in planned if machine.group == "edge"]
        Balancer(settings, address, network, groups["edge"].machines, zones)
    backups = Backups(settings, keys, identities)
    secrets = Secrets(settings, services, identities)
    Budget(settings, services)
    names = Names(settings, services, address) if settings.dns else None
    _export(settings, planned, groups)
    pulumi.export("address", address.address.address)
    pulumi.export("names_to_set", [] if settings.dns else list(records(settings).values()))
    pulumi.export("name_servers", names.name_servers if names else [])
    pulumi.export("buckets", {"offsite": backups.offsite.name, "archive": backups.archive.name})
    pulumi.export("secrets", {name: secret.secret_id for name, secret in secrets.secrets.items()})


def _machines(
    settings: Settings, planned: tuple[fleet.Machine, ...], address: Address, **shared: Any
) -> dict[str, Group]:
    """The machines of each group."""
    single = settings.size.groups["edge"].count == 1
    return {
        group: Group(
            settings, group, [machine for machine in planned if machine.group == group],
            public_address=address.address.address if single and group == "edge" else None, **shared,
        )
        for group in settings.size.groups
    }  # fmt: skip


def _export(settings: Settings, planned: tuple[fleet.Machine, ...], groups: dict[str, Group]) -> None:
    """What an inventory is made of (see `outputs.py`)."""
    machines = {}
    for machine in planned:
        made = groups[machine.group].machines[machine.name]
        address = made.network_interfaces.apply(lambda interfaces: interfaces[0].network_ip if interfaces else None)
        machines[machine.name] = outputs.machine(machine, instance_name(settings, machine), address)
    pulumi.export("lyceum", {**outputs.instance(settings), "machines": machines})
