"""Machines and their disks, ready for Ansible: Debian 13, SSH for administrators, data disks under names that stay."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Any

import pulumi
from pulumi_gcp import compute

from lyceum_stacks import fleet
from lyceum_stacks.components.base import Component, labels
from lyceum_stacks.components.identities import SCOPES, Identities
from lyceum_stacks.components.keys import Keys
from lyceum_stacks.components.network import Network, tag
from lyceum_stacks.components.services import Services
from lyceum_stacks.settings import Settings
from lyceum_stacks.sizes import WITH_DATA, DataDisk, GroupName


class Group(Component):
    """The machines of one group."""

    def __init__(
        self,
        settings: Settings,
        group: GroupName,
        planned: Sequence[fleet.Machine],
        *,
        network: Network,
        keys: Keys,
        identities: Identities,
        schedule: Schedule,
        public_address: pulumi.Input[str] | None = None,
    ) -> None:
        super().__init__("Group", settings, name=group)
        self.network, self.keys, self.identities, self.schedule = network, keys, identities, schedule
        self.public_address = public_address
        self.machines = {machine.name: self._machine(machine) for machine in planned}
        self.register_outputs({})

    def _machine(self, machine: fleet.Machine) -> compute.Instance:
        settings = self.settings
        return compute.Instance(
            machine.name,
            name=instance_name(settings, machine),
            # Its short name is the inventory's: Google's agent sets it at each start, as Ansible does.
            hostname=f"{machine.name}.{settings.stack}.lyceum.internal",
            zone=machine.zone,
            machine_type=machine.machine_type,
            description=f"Lyceum {settings.stack}, {machine.group}",
            tags=[tag(machine.group)],
            labels=labels(settings, machine.group),
            boot_disk=self._boot_disk(machine),
            attached_disks=[self._attached(machine, machine.data_disk)] if machine.data_disk else None,
            network_interfaces=[self._interface(machine)],
            service_account=self._identity(machine.group),
            metadata=_metadata(settings, machine),
            scheduling={"automatic_restart": True, "on_host_maintenance": "MIGRATE", "preemptible": False},
            shielded_instance_config={
                "enable_secure_boot": True, "enable_vtpm": True, "enable_integrity_monitoring": True,
            },
            can_ip_forward=False,
            allow_stopping_for_update=True,
            deletion_protection=settings.deletion_protection and machine.group in WITH_DATA,
            opts=self.child(after=[self.keys.disks_ready], replace_first=True),
        )  # fmt: skip

    def _boot_disk(self, machine: fleet.Machine) -> dict[str, Any]:
        return {
            "auto_delete": True,
            "device_name": "lyceum-system",
            "kms_key_self_link": self.keys.disks,
            "initialize_params": {
                "image": self.settings.image,
                "size": machine.boot_disk.size,
                "type": machine.boot_disk.type,
                "labels": labels(self.settings, machine.group),
            },
        }

    def _interface(self, machine: fleet.Machine) -> dict[str, Any]:
        """A private address; the single edge has the public one too."""
        public = {"access_configs": [{"nat_ip": self.public_address, "network_tier": "PREMIUM"}]}
        return {
            "subnetwork": self.network.subnet_of(machine.group).id,
            **(public if self.public_address is not None else {}),
        }

    def _identity(self, group: GroupName) -> dict[str, Any] | None:
        account = self.identities.accounts.get(group)
        return {"email": account.email, "scopes": [SCOPES[group]]} if account else None

    def _attached(self, machine: fleet.Machine, disk: DataDisk) -> dict[str, Any]:
        """Make the data disk, and say how it is attached."""
        made = self._replicated_disk(machine, disk) if disk.replicated else self._disk(machine, disk)
        return {"source": made.self_link, "device_name": machine.disk_name, "mode": "READ_WRITE"}

    def _disk(self, machine: fleet.Machine, disk: DataDisk) -> compute.Disk:
        made = compute.Disk(
            f"{machine.name}-data",
            zone=machine.zone,
            disk_encryption_key={"kms_key_self_link": self.keys.disks},
            **self._disk_arguments(machine, disk),
            opts=self._disk_options(),
        )
        if disk.snapshots:
            compute.DiskResourcePolicyAttachment(
                f"{machine.name}-snapshots", disk=made.name, name=self.schedule.policy.name, zone=machine.zone,
                opts=self.child(),
            )  # fmt: skip
        return made

    def _replicated_disk(self, machine: fleet.Machine, disk: DataDisk) -> compute.RegionDisk:
        made = compute.RegionDisk(
            f"{machine.name}-data",
            region=self.settings.region,
            replica_zones=[machine.zone, machine.second_zone],
            disk_encryption_key={"kms_key_name": self.keys.disks},
            **self._disk_arguments(machine, disk),
            opts=self._disk_options(),
        )
        if disk.snapshots:
            compute.RegionDiskResourcePolicyAttachment(
                f"{machine.name}-snapshots", disk=made.name, name=self.schedule.policy.name,
                region=self.settings.region, opts=self.child(),
            )  # fmt: skip
        return made

    def _disk_arguments(self, machine: fleet.Machine, disk: DataDisk) -> dict[str, Any]:
        return {
            "name": f"{instance_name(self.settings, machine)}-data",
            "type": disk.type,
            "size": disk.size,
            "description": f"Lyceum {self.settings.stack}, data of {machine.name}",
            "labels": labels(self.settings, machine.group),
        }

    def _disk_options(self) -> pulumi.ResourceOptions:
        return self.child(after=[self.keys.disks_ready], protect=self.settings.deletion_protection, replace_first=True)


class Schedule(Component):
    """When snapshots of data disks are taken, and how long they are kept."""

    def __init__(self, settings: Settings, services: Services) -> None:
        super().__init__("Schedule", settings)
        self.policy = compute.ResourcePolicy(
            "daily-snapshots",
            region=settings.region,
            description="Daily, when few people work",
            snapshot_schedule_policy={
                "schedule": {"daily_schedule": {"days_in_cycle": 1, "start_time": "02:00"}},
                "retention_policy": {
                    "max_retention_days": settings.backups.snapshot_keep_days,
                    "on_source_disk_delete": "KEEP_AUTO_SNAPSHOTS",
                },
                # In the region of the key that encrypts them; what must survive the region is in the buckets.
                "snapshot_properties": {
                    "storage_locations": settings.region, "labels": labels(settings, "snapshots"),
                },
            },
            opts=self.child(after=services.enabled),
        )  # fmt: skip
        self.register_outputs({})


def instance_name(settings: Settings, machine: fleet.Machine) -> str:
    """What a machine is called in the cloud; within the instance it has its short name."""
    return f"{settings.stack}-{machine.name}"


def _metadata(settings: Settings, machine: fleet.Machine) -> dict[str, str]:
    """What Debian's guest agent reads: who gets in by SSH; and that host keys can be asked for."""
    found = {
        "enable-oslogin": "TRUE" if settings.os_login else "FALSE",
        "block-project-ssh-keys": "TRUE",
        "serial-port-enable": "FALSE",
        "enable-guest-attributes": "TRUE",
    }
    if settings.ssh_keys:
        found["ssh-keys"] = "\n".join(settings.ssh_keys)
    if machine.group == "database":
        found["startup-script"] = database_script()
    return found


def database_script() -> str:
    """What mounts the data disk of the database machine, at every start before anything uses it."""
    text = resources.files("lyceum_stacks").joinpath("data", "mount-database-disk.sh").read_text(encoding="utf-8")
    return text.replace("@DEVICE@", fleet.CLOUD_DEVICE.format(fleet.DISK_NAMES["database"])).replace(
        "@MOUNT@", fleet.DATABASE_MOUNT
    )
