"""What a Compute Engine machine type is: its family, processors and memory.

Known are the x86 families that take Persistent Disks and run Debian 13. Others are refused with the reason: the newest
families (N4, C4, ...) take only Hyperdisk, and Arm machines cannot use the wheels that an x86 control machine builds.
Source: Google's "Machine families resource guide", as of 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

_HYPERDISK_ONLY = frozenset({"n4", "n4d", "c4", "c4d", "m4", "x4", "h4d"})
_ARM = frozenset({"t2a", "c4a", "n4a"})

# family: {series: (GiB for each processor, numbers of processors)}
_PREDEFINED: Mapping[str, Mapping[str, tuple[float, tuple[int, ...]]]] = {
    "e2": {
        "standard": (4, (2, 4, 8, 16, 32)),
        "highmem": (8, (2, 4, 8, 16)),
        "highcpu": (1, (2, 4, 8, 16, 32)),
    },
    "n1": {
        "standard": (3.75, (1, 2, 4, 8, 16, 32, 64, 96)),
        "highmem": (6.5, (2, 4, 8, 16, 32, 64, 96)),
        "highcpu": (0.9, (2, 4, 8, 16, 32, 64, 96)),
    },
    "n2": {
        "standard": (4, (2, 4, 8, 16, 32, 48, 64, 80, 96, 128)),
        "highmem": (8, (2, 4, 8, 16, 32, 48, 64, 80, 96)),
        "highcpu": (1, (2, 4, 8, 16, 32, 48, 64, 80, 96)),
    },
    "n2d": {
        "standard": (4, (2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224)),
        "highmem": (8, (2, 4, 8, 16, 32, 48, 64, 80, 96)),
        "highcpu": (1, (2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224)),
    },
    "t2d": {"standard": (4, (1, 2, 4, 8, 16, 32, 48, 60))},
    "c2": {"standard": (4, (4, 8, 16, 30, 60))},
    "c2d": {
        "standard": (4, (2, 4, 8, 16, 32, 56, 112)),
        "highmem": (8, (2, 4, 8, 16, 32, 56, 112)),
        "highcpu": (2, (2, 4, 8, 16, 32, 56, 112)),
    },
    "c3": {
        "standard": (4, (4, 8, 22, 44, 88, 176)),
        "highmem": (8, (4, 8, 22, 44, 88, 176)),
        "highcpu": (2, (4, 8, 22, 44, 88, 176)),
    },
    "c3d": {
        "standard": (4, (4, 8, 16, 30, 60, 90, 180, 360)),
        "highmem": (8, (4, 8, 16, 30, 60, 90, 180, 360)),
        "highcpu": (2, (4, 8, 16, 30, 60, 90, 180, 360)),
    },
}
# Machines that share a processor: the share that one can count on, and GiB.
_SHARED: Mapping[str, tuple[float, float]] = {"e2-micro": (0.25, 1), "e2-small": (0.5, 2), "e2-medium": (1, 4)}
_CUSTOM = re.compile(r"(?P<family>e2|n1|n2|n2d)-custom-(?P<cpus>[1-9]\d{0,2})-(?P<memory>[1-9]\d{2,6})(-ext)?")
# Families that cannot boot from the slow standard disk.
NO_STANDARD_DISK = frozenset({"c3", "c3d"})

# Families that can use disks with a copy in a second zone.
REPLICATED_DISKS = frozenset({"e2", "n1", "n2", "n2d"})


@dataclass(frozen=True)
class MachineType:
    """A machine type. Memory in GiB; of a shared processor, the share that one can count on."""

    name: str
    family: str
    processors: float
    memory: float


def _known() -> dict[str, MachineType]:
    shared = [MachineType(name, "e2", cpus, memory) for name, (cpus, memory) in _SHARED.items()]
    whole = [
        MachineType(f"{family}-{series}-{cpus}", family, cpus, cpus * ratio)
        for family, every in _PREDEFINED.items()
        for series, (ratio, counts) in every.items()
        for cpus in counts
    ]
    return {known.name: known for known in (*shared, *whole)}


KNOWN: Mapping[str, MachineType] = _known()


def find(name: str) -> MachineType:
    """Find a machine type by its name; raises ValueError that says what is wrong with it."""
    if name in KNOWN:
        return KNOWN[name]
    if custom := _CUSTOM.fullmatch(name):
        memory = int(custom["memory"])
        if memory % 256:
            raise ValueError(f"{name}: the memory of a custom machine type is a multiple of 256 MB, not {memory}")
        return MachineType(name, custom["family"], int(custom["cpus"]), memory / 1024)
    family = name.split("-", maxsplit=1)[0]
    if family in _HYPERDISK_ONLY:
        raise ValueError(
            f"{name} takes only Hyperdisk, and these stacks use Persistent Disks; take one of E2, N2 or C3"
        )
    if family in _ARM:
        raise ValueError(f"{name} is an Arm machine; Lyceum's wheels are built for x86. Take one of E2, N2 or T2D")
    series = name.rsplit("-", maxsplit=1)[0]
    near = get_close_matches(name, [known for known in KNOWN if known.startswith(f"{series}-")] or list(KNOWN), n=1)
    raise ValueError(f"there is no machine type {name!r}" + (f"; did you mean {near[0]}?" if near else ""))
