"""Machine types by name."""

from __future__ import annotations

import pytest
from lyceum_stacks import machine_types


@pytest.mark.parametrize(
    ("name", "family", "processors", "memory"),
    [
        ("e2-micro", "e2", 0.25, 1),
        ("e2-highmem-16", "e2", 16, 128),
        ("n1-standard-4", "n1", 4, 15),
        ("n2-highmem-8", "n2", 8, 64),
        ("t2d-standard-8", "t2d", 8, 32),
        ("c3-standard-22", "c3", 22, 88),
        ("n2-custom-6-20480", "n2", 6, 20),
        ("n2-custom-6-73728-ext", "n2", 6, 72),
    ],
)
def test_known(name: str, family: str, processors: float, memory: float) -> None:
    assert machine_types.find(name) == machine_types.MachineType(name, family, processors, memory)


@pytest.mark.parametrize(
    "name", ["", "n2", "n2-standard-0", "n2-custom-0-1024", "n2-custom-2-1000", "m5.large", "n2-standard-4 "]
)
def test_unknown(name: str) -> None:
    with pytest.raises(ValueError, match=r"machine type|multiple of 256"):
        machine_types.find(name)
