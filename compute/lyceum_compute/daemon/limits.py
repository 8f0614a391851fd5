"""A project's quotas, as limits of its slice and its qgroup."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dbus_fast import Variant

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import QUOTA_BOUNDS

if TYPE_CHECKING:
    from lyceum_compute.protocol.messages import Quota

MB = 1_000_000
TASKS = 2000
#: A copy holds each byte of sparse and cloned files, which take no room in the project: at most so many disk quotas in
#: all. Else a sparse file of a petabyte is sent for hours in place of others' files, and clones fill the storage host.
COPY_QUOTAS = 10
#: ``cpu_shares`` of the model system are those of Docker, where 1,024 is a whole; a weight of 100 is systemd's.
SHARES_OF_WEIGHT = 1024 / 100


def check(quota: Quota) -> Quota:
    """Return the quota, if a host can hold it. Raises ``FaultError`` (``invalid``)."""
    for name, (least, most) in QUOTA_BOUNDS.items():
        value = getattr(quota, name)
        if not math.isfinite(value) or not least <= value <= most:
            raise FaultError("invalid", f"quota.{name}: from {least} to {most}, not {value:.12g}")
    return quota


def slice_properties(quota: Quota) -> dict[str, Variant]:
    """Return the properties of the slice that holds all of a project's processes."""
    return {
        "MemoryMax": Variant("t", quota.memory * MB),
        "MemorySwapMax": Variant("t", 0),
        "CPUQuotaPerSecUSec": Variant("t", round(quota.cores * 1_000_000)),
        "CPUWeight": Variant("t", min(max(round(quota.cpu_shares / SHARES_OF_WEIGHT), 1), 10_000)),
        "TasksMax": Variant("t", TASKS),
    }


def disk_bytes(quota: Quota) -> int:
    """Return how much the project's qgroup may hold."""
    return quota.disk * MB


def copy_bytes(quota: Quota) -> int:
    """Return how much a copy of the project may hold."""
    return disk_bytes(quota) * COPY_QUOTAS
