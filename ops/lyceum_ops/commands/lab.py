"""Commands about a lab as a whole and its machines."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import msgspec

from lyceum_ops import checkout, preflight
from lyceum_ops.errors import die
from lyceum_ops.lab import definition, image, inventory, manager, mirror
from lyceum_ops.lab.definition import DEFAULT_MACHINES, Lab, Places
from lyceum_ops.lab.machines import running
from lyceum_ops.progress import Progress


def boot(
    name: str,
    given: Sequence[str],
    *,
    port: int | None,
    disk_gigabytes: int | None,
    progress: Progress,
) -> Lab:
    """Boot bare machines; see `lyceum lab boot --help`."""
    definition.check_name(name)
    wanted = [definition.parse_machine(text) for text in given]
    preflight.check_root()
    preflight.check_host()
    with manager.locked(name):
        existing = definition.load(name)
        preflight.install_packages(progress)
        source = mirror.find()
        if not wanted and existing is None:
            wanted = list(DEFAULT_MACHINES)
        lab = existing or Lab(name)
        if port is not None:
            lab = msgspec.structs.replace(lab, port=definition.check_port(port))
        preflight.check_ports(lab, present=existing is not None)
        lab = manager.define(lab, wanted, disk_gigabytes=disk_gigabytes, source=source)
        if image_missing(lab, source):
            with progress.step("Build the Debian image"):
                ensure_image(lab, source)
        preflight.make_room_for_watches(len(lab.machines) - len(running(name)), progress)
        booted = manager.boot(lab, source, checkout.ROOT, progress)
    state = f"booted {', '.join(booted)}" if booted else "all machines were up already"
    progress.line(f"Lab {name}: {state}. Inventory: {inventory.link_of(checkout.ROOT, name)}")
    return lab


def image_missing(lab: Lab, source: mirror.Mirror) -> bool:
    """Tell whether an image must be built: a machine that exists keeps the image it was made with."""
    wanted = image.identity(source)
    return not image.ready(wanted) and any(machine.image == wanted for machine in lab.machines)


def ensure_image(lab: Lab, source: mirror.Mirror) -> bool:
    """Build the image if one is missing; returns whether it was."""
    if not image_missing(lab, source):
        return False
    image.build(source)
    return True


def down(name: str, progress: Progress) -> None:
    """Shut a lab down; see `lyceum down --help`."""
    definition.check_name(name)
    preflight.check_root()
    with manager.locked(name):
        if not manager.traces(name):
            manager.clear(name)
            progress.line(f"Lab {name}: nothing was running.")
            return
        with progress.step(f"Shut down the lab {name}"):
            manager.shut_down(name)
        if left := manager.traces(name):
            die(f"The lab {name} did not go away whole: {'; '.join(left)}.", hint=f"Log: {progress.log_file}")


def destroy(name: str, *, sure: bool, progress: Progress) -> None:
    """Delete a lab; see `lyceum destroy --help`."""
    definition.check_name(name)
    preflight.check_root()
    if not Places(name).state.exists() and not manager.traces(name):
        progress.line(f"Lab {name}: there is none.")
        return
    if not sure:
        _ask(f"Delete the lab {name} with all its machines' disks, settings and secrets? Type its name: ", name)
    with manager.locked(name), progress.step(f"Destroy the lab {name}"):
        manager.destroy(name, checkout.ROOT)


def remove(name: str) -> None:
    """Delete a lab without asking: for labs that a command made for itself."""
    with manager.locked(name):
        manager.destroy(name, checkout.ROOT)


def _ask(question: str, expected: str) -> None:
    if not sys.stdin.isatty():
        die("Nobody is there to be asked whether this is meant.", hint="Add --yes.")
    if input(question).strip() != expected:
        die("Nothing was deleted.")
