"""What a stack takes of a project's regional quota, in the units of Compute Engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from lyceum_stacks import fleet, machine_types
from lyceum_stacks.settings import Settings
from lyceum_stacks.sizes import Disk

# Families whose processors count against a quota of their own; the others share CPUS.
_OWN_QUOTA: Mapping[str, str] = {
    "n2": "N2_CPUS", "n2d": "N2D_CPUS", "t2d": "T2D_CPUS", "c2": "C2_CPUS", "c2d": "C2D_CPUS", "c3": "C3_CPUS",
    "c3d": "C3D_CPUS",
}  # fmt: skip


def needed(settings: Settings) -> dict[str, int]:
    """What a new stack takes, by the quota's metric: processors, GB (2**30 bytes) of disks, addresses, machines."""
    total: Counter[str] = Counter()
    for machine in fleet.machines(settings.size, settings.zones):
        found = machine_types.find(machine.machine_type)
        # A machine that shares a processor shows two, and counts so.
        total[_OWN_QUOTA.get(found.family, "CPUS")] += (
            max(2, int(found.processors)) if found.family == "e2" else int(found.processors)
        )
        total["INSTANCES"] += 1
        _add_disk(total, machine.boot_disk, copies=1)
        if machine.data_disk:
            _add_disk(total, machine.data_disk, copies=2 if machine.data_disk.replicated else 1)
    total["STATIC_ADDRESSES"] += 2  # for those who come in, and for the way out
    total["IN_USE_ADDRESSES"] += 2
    return dict(total)


def _add_disk(total: Counter[str], disk: Disk, *, copies: int) -> None:
    total["DISKS_TOTAL_GB" if disk.type == "pd-standard" else "SSD_TOTAL_GB"] += disk.size * copies
