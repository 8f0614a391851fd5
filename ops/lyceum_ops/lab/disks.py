"""Data disks: sparse files behind loop devices."""

from __future__ import annotations

import os
from pathlib import Path

from lyceum_ops import programs
from lyceum_ops.lab.definition import Lab, Machine, Places


def file_of(places: Places, machine: str, disk: str) -> Path:
    """The file behind a disk."""
    return places.disks / f"{machine}-{disk}.img"


def attach(lab: Lab, machine: Machine) -> dict[str, str]:
    """Make a machine's disks where missing and attach each to a loop device: the name inside and the device."""
    attached = {}
    for disk in machine.disks:
        file = file_of(lab.places, machine.name, disk)
        _make(file, lab.disk_gigabytes * 2**30)
        device = next(iter(devices(file)), None)
        if device is None:
            device = programs.run(["losetup", "--find", "--show", str(file)]).stdout.strip()
        attached[f"/dev/lyceum-{disk}"] = device
    return attached


def devices(file: Path) -> list[str]:
    """The loop devices that a file is attached to."""
    listed = programs.run(["losetup", "--noheadings", "--output", "NAME", "--associated", str(file)], check=False)
    return listed.stdout.split()


def detach(places: Places, machine: str | None = None) -> None:
    """Detach the disks of a machine, or all of the lab's, also those whose file is gone."""
    listed = programs.run(["losetup", "--noheadings", "--list", "--output", "NAME,BACK-FILE"], check=False).stdout
    for line in listed.splitlines():
        device, _, file = line.strip().partition(" ")
        path = Path(file.strip().removesuffix(" (deleted)"))
        if path.parent != places.disks:
            continue
        if machine is None or path.stem.rpartition("-")[0] == machine:
            programs.run(["losetup", "--detach", device], check=False)


def _make(file: Path, size: int) -> None:
    """Make a sparse file; one that is smaller grows, none shrinks."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.fstat(descriptor).st_size < size:
            os.ftruncate(descriptor, size)
    finally:
        os.close(descriptor)
