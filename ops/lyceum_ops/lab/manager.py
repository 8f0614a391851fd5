"""What is done with a whole lab: boot, shut down, destroy, look at it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec

from lyceum_ops import programs
from lyceum_ops.errors import die
from lyceum_ops.lab import definition, disks, forwarding, image, inventory, machines, mirror, network, supervision
from lyceum_ops.lab.definition import RUNTIME, Lab, Places
from lyceum_ops.progress import Progress


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold a lab: one command changes it at a time."""
    RUNTIME.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(Places(name).lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode().strip() or "unknown"
            die(
                f"Another command is at work on the lab {name} (process {holder}).",
                hint="Wait until it has ended, or use a lab of your own: --name NAME",
            )
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def boot(lab: Lab, source: mirror.Mirror, checkout: Path, progress: Progress) -> list[str]:
    """Boot those machines of a lab that are not up, and write its inventory; returns the names of those booted.

    Whatever a killed command or a power cut left of it is cleared first. The caller holds the lab.
    """
    places = lab.places
    places.state.chmod(0o711)
    up = machines.booted(places) if network.exists(places.switch) else set()
    if not up:
        clear(lab.name)
    places.runtime.mkdir(parents=True, exist_ok=True)
    inventory.write(lab, checkout)
    network.make_switch(places)
    forwarding.start_package_proxy(lab, source)
    forwarding.publish(lab)
    missing = [machine for machine in lab.machines if machine.name not in up]
    if missing:
        title = f"Boot {', '.join(machine.name for machine in missing)}"
        with progress.step(title), ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(lambda machine: machines.start(lab, machine), missing))
    return [machine.name for machine in missing]


def shut_down(name: str) -> None:
    """Shut all machines of a lab down and remove everything of it but its disks and settings."""
    places = Places(name)
    with ThreadPoolExecutor(max_workers=16) as pool:
        list(pool.map(lambda machine: machines.stop(places, machine), sorted(machines.running(name))))
    clear(name)


def clear(name: str) -> None:
    """Remove every process, control group, namespace, mount and loop device of a lab, whoever left it there."""
    places = Places(name)
    forwarding.withdraw(name)
    supervision.clear(name)
    supervision.kill(network.processes(name))
    _unmount(places.runtime)
    network.remove(name)
    disks.detach(places)
    shutil.rmtree(places.runtime, ignore_errors=True)


def traces(name: str) -> list[str]:
    """What of a lab is still on this host beside its disks; nothing after `shut_down`."""
    places = Places(name)
    found = [f"process {pid}" for pid in sorted(supervision.pids(name))]
    found += [f"control group {folder}" for folder in supervision.folders(name)]
    found += [f"process {pid} in its network" for pid in sorted(network.processes(name))]
    found += [f"network namespace {namespace}" for namespace in network.namespaces(name)]
    found += [f"mount {point}" for point in _mounts(places.runtime)]
    found += [f"loop device {device}" for file in places.disks.glob("*.img") for device in disks.devices(file)]
    return found


def destroy(name: str, checkout: Path) -> None:
    """Shut a lab down and delete its machines, disks, settings and secrets."""
    places = Places(name)
    shut_down(name)
    if places.state.exists():
        programs.run(["rm", "--recursive", "--force", "--one-file-system", str(places.state)])
    link = inventory.link_of(checkout, name)
    if link.is_symlink() and link.readlink() == places.inventory:
        link.unlink()


def define(
    lab: Lab, wanted: Sequence[tuple[str, tuple[str, ...]]], *, disk_gigabytes: int | None, source: mirror.Mirror
) -> Lab:
    """Add to a lab the machines that are asked for, and write it down: from then on its image is known to be used."""
    if disk_gigabytes is not None:
        lab = msgspec.structs.replace(lab, disk_gigabytes=disk_gigabytes)
    lab = definition.with_machines(lab, wanted, image.identity(source))
    definition.save(lab)
    return lab


def _mounts(below: Path) -> list[str]:
    """Mount points below a folder, the deepest first."""
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()]
    return sorted((point for point in points if Path(point).is_relative_to(below)), key=len, reverse=True)


def _unmount(below: Path) -> None:
    for point in _mounts(below):
        programs.run(["umount", "--lazy", point], check=False)
