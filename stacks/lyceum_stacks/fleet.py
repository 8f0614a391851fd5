"""The machines that a size makes: each with its name, place, disks, and what Ansible has to know of it.

The names, groups and variables are those of an inventory (`inventories/README.md`), the same in a cloud and on
premises. Knows no cloud account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lyceum_stacks.sizes import DataDisk, Disk, Group, GroupName, Size

# What Ansible calls the machines of a group, and from which of the zones on they are spread: the storage machine is
# in another zone than the database, whose dumps it keeps.
_NAMES: Mapping[GroupName, str] = {"database": "db"}
_FIRST_ZONE: Mapping[GroupName, int] = {"storage": 1}
# The name of a data disk, by which its machine finds it: /dev/disk/by-id/google-<name>.
DISK_NAMES: Mapping[GroupName, str] = {
    "database": "lyceum-database",
    "compute": "lyceum-projects",
    "storage": "lyceum-storage",
}
_DEVICE_VARIABLES: Mapping[GroupName, str] = {"compute": "compute__data_device", "storage": "storage__data_device"}
# Where the database machine mounts its data disk, and the folder in it that PostgreSQL makes.
DATABASE_MOUNT = "/srv/database"
DATABASE_FOLDER = f"{DATABASE_MOUNT}/main"
CLOUD_DEVICE = "/dev/disk/by-id/google-{}"


@dataclass(frozen=True)
class Machine:
    """One machine to be. The zones are its own and the one with a copy of its data disk; empty on premises."""

    name: str
    group: GroupName
    zone: str
    second_zone: str
    machine_type: str
    boot_disk: Disk
    data_disk: DataDisk | None
    variables: Mapping[str, Any] = field(default_factory=dict)

    @property
    def disk_name(self) -> str:
        """The name of its data disk."""
        return DISK_NAMES[self.group]


def machines(size: Size, zones: Sequence[str] = (), *, device: str = CLOUD_DEVICE) -> tuple[Machine, ...]:
    """All machines of a size, spread over the zones. device: how a data disk is found by its name."""
    return tuple(
        _machine(name, group, number, zones, device)
        for name, group in size.groups.items()
        for number in range(group.count)
    )


def variables(size: Size) -> dict[str, Any]:
    """What Ansible has to know of all machines, from the size alone."""
    processors = int(size.groups["hub"].type.processors)
    return {
        "lyceum__hub_processes": min(64, max(2, processors)),
        "compute__memory_overcommit": float(size.memory_overcommit),
    }


def _machine(name: GroupName, group: Group, number: int, zones: Sequence[str], device: str) -> Machine:
    place = _FIRST_ZONE.get(name, 0) + number
    found: dict[str, Any] = {}
    if variable := _DEVICE_VARIABLES.get(name):
        found[variable] = device.format(DISK_NAMES[name])
    elif name == "database" and device == CLOUD_DEVICE:
        found["postgresql__data_directory"] = DATABASE_FOLDER
    return Machine(
        name=f"{_NAMES.get(name, name)}{number + 1}",
        group=name,
        zone=zones[place % len(zones)] if zones else "",
        second_zone=zones[(place + 1) % len(zones)] if len(zones) > 1 else "",
        machine_type=group.machine_type,
        boot_disk=group.boot_disk,
        data_disk=group.data_disk,
        variables=found,
    )
