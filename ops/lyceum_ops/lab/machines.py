"""Booting and shutting down single machines."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from pathlib import Path

from lyceum_ops import programs
from lyceum_ops.errors import die
from lyceum_ops.lab import disks, image, network, ssh, supervision
from lyceum_ops.lab.definition import Lab, Machine, Places

NSPAWN = "systemd-nspawn"
BOOT_SECONDS = 90
SHUTDOWN_SECONDS = 30
# In a mount namespace of our own, so that the machine's root is unmounted when its last process ends, however it ends.
MOUNT_AND_RUN = 'mount -t overlay lyceum -o "$1" "$2"; shift 2; exec "$@"'


def unit_of(machine: str) -> str:
    """Name of the control group that a machine runs in."""
    return f"machine-{machine}"


def running(lab: str) -> set[str]:
    """Names of the machines of a lab that have a process."""
    return {unit.removeprefix("machine-") for unit in supervision.units(lab) if unit.startswith("machine-")}


def booted(places: Places) -> set[str]:
    """Names of the machines of a lab that have a process and whose boot was waited for to its end.

    A machine that a killed command left on its way up is not one of them: nobody knows whether it ever arrives.
    """
    return {name for name in running(places.name) if not _notify_of(places, name).exists()}


def _notify_of(places: Places, machine: str) -> Path:
    """The socket that a booting machine tells its arrival to; gone once it did."""
    return places.runtime / f"{machine}.notify"


def start(lab: Lab, machine: Machine) -> float:
    """Boot a machine and wait until it has; returns the seconds it took."""
    began = time.monotonic()
    if not image.ready(machine.image):
        die(
            f"The image {machine.image} that {machine.name} stands on is gone from {image.CACHE}.",
            hint=f"Its disks cannot be used without it. Begin anew: ./lyceum destroy --name {lab.name}",
        )
    supervision.clear(lab.name, unit_of(machine.name))
    root, options = _prepare_root(lab, machine)
    namespace = network.connect(lab, machine)
    devices = disks.attach(lab, machine)
    notify = _notify_of(lab.places, machine.name)
    notify.unlink(missing_ok=True)
    console = lab.places.logs / f"{machine.name}.console.log"
    console.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
        ready.bind(str(notify))
        command = [
            *supervision.enter(lab.name, unit_of(machine.name)),
            *("unshare", "--mount", "--propagation", "slave", "sh", "-ec", MOUNT_AND_RUN, "sh", options, str(root)),
            *_nspawn(lab.name, machine, root, namespace, devices),
        ]
        environment = {
            "NOTIFY_SOCKET": str(notify),
            # As on any machine with a network of its own, its settings are the machine's: whether it forwards, say.
            "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
        }
        process = programs.start(command, output=console, extra_environment=environment)
        _wait_until_booted(ready, process, machine, console)
    notify.unlink(missing_ok=True)
    return time.monotonic() - began


def stop(places: Places, machine: str) -> None:
    """Shut a machine down as its power button would; what does not end in time is killed. Its disks stay."""
    unit = unit_of(machine)
    init = supervision.init(places.name, unit)
    if init is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(init, signal.SIGRTMIN + 4)  # systemd's signal for: power off
        supervision.wait_for_end(init, SHUTDOWN_SECONDS)
    supervision.clear(places.name, unit)
    network.disconnect(places, machine)
    disks.detach(places, machine)


def _prepare_root(lab: Lab, machine: Machine) -> tuple[Path, str]:
    """Make a machine's own layer and mount point; returns the latter, and overlayfs's options."""
    own = lab.places.machine(machine.name)
    upper, work = own / "upper", own / "work"
    root = lab.places.runtime / "machines" / machine.name
    for folder in (upper, work, root):
        folder.mkdir(parents=True, exist_ok=True)
    upper.chmod(0o755)
    ssh.prepare_machine(lab, machine, upper)
    return root, f"lowerdir={image.path_of(machine.image)},upperdir={upper},workdir={work}"


def _nspawn(lab: str, machine: Machine, root: Path, namespace: str, devices: dict[str, str]) -> list[str]:
    """The command that boots a machine."""
    binds = [f"--bind={device}:{inside}" for inside, device in devices.items()]
    return [
        NSPAWN,
        "--quiet",
        f"--directory={root}",
        f"--machine={lab}-{machine.name}",
        f"--hostname={machine.name}",
        "--register=no",
        "--keep-unit",
        f"--network-namespace-path=/run/netns/{namespace}",
        # Without it systemd inside silently ignores PrivateNetwork=.
        "--capability=CAP_NET_ADMIN",
        "--kill-signal=SIGRTMIN+4",
        "--notify-ready=yes",
        "--console=pipe",
        "--resolv-conf=off",
        "--timezone=off",
        "--link-journal=no",
        "--bind=/dev/fuse",
        "--bind-ro=/dev/btrfs-control",
        *binds,
        image.INIT,
    ]


def _wait_until_booted(ready: socket.socket, process: int, machine: Machine, console: Path) -> None:
    """Wait for systemd's word from inside that the machine is up."""
    deadline = time.monotonic() + BOOT_SECONDS
    ready.settimeout(1)
    while time.monotonic() < deadline:
        try:
            message = ready.recv(4096)
        except TimeoutError:
            if supervision.wait_for_end(process, 0):
                break
            continue
        if b"READY=1" in message.split(b"\n"):
            return
    last = "\n".join(console.read_text(errors="replace").splitlines()[-5:])
    die(f"The machine {machine.name} did not boot.\n{last}".rstrip(), hint=f"Its console: {console}")
