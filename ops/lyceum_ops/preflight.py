"""What the lab needs of its host, checked before anything is changed."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from lyceum_ops import programs
from lyceum_ops.errors import Failure, die, with_sudo
from lyceum_ops.lab import forwarding, supervision
from lyceum_ops.lab.definition import Lab, published_ports
from lyceum_ops.progress import Progress

# Programs that the lab calls, each with the Debian package that brings it.
PROGRAMS = {
    "btrfs": "btrfs-progs",
    "ip": "iproute2",
    "losetup": "mount",
    "mmdebstrap": "mmdebstrap",
    "nsenter": "util-linux",
    "rsync": "rsync",
    "socat": "socat",
    "ssh": "openssh-client",
    "systemd-nspawn": "systemd-container",
    "tinyproxy": "tinyproxy-bin",
    "unshare": "util-linux",
}
FILE_SYSTEMS = ("btrfs", "overlay")
NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "uts")
NEEDED_GIGABYTES = 8
WATCHES_OF_A_MACHINE = 10  # eight were counted in a machine with everything deployed
ENOUGH_WATCHES = 512


def check_root() -> None:
    """Refuse to go on as anyone but root."""
    if os.geteuid() != 0:
        die("This command needs root, to boot machines and make networks.", hint=with_sudo())


def check_host(*, disk_folder: Path = Path("/var/lib")) -> None:
    """Check system, kernel and disk space; tells everything that is missing at once."""
    missing = [*_system(), *_kernel(), *_space(disk_folder)]
    if missing:
        listed = "\n".join(f"  - {line}" for line in missing)
        die(f"The lab cannot run on this host:\n{listed}", hint="Nothing was changed.")


def make_room_for_watches(machines: int, progress: Progress) -> None:
    """See that this many more machines find room under the kernel's limit of inotify instances, which they share.

    Debian's limit of 128 is soon used up; it costs nothing to raise it until the next reboot.
    """
    setting = Path("/proc/sys/fs/inotify/max_user_instances")
    limit = int(setting.read_text())
    if limit >= ENOUGH_WATCHES or limit - _watches() >= machines * WATCHES_OF_A_MACHINE:
        return
    try:
        setting.write_text(f"{ENOUGH_WATCHES}\n")
    except OSError as error:
        name = "fs.inotify.max_user_instances"
        die(
            f"The kernel lets root have {limit} inotify instances ({name}), too few for {machines} more machines,"
            f" and that cannot be changed here ({error.strerror}).",
            hint=f"sysctl {name}={ENOUGH_WATCHES}    Nothing was changed.",
        )
    progress.line(
        f"Raised the kernel's limit of inotify instances from {limit} to {ENOUGH_WATCHES}, until the next reboot."
    )


def check_ports(lab: Lab, *, present: bool) -> None:
    """Check that the ports to publish at are free, unless the lab itself is what listens there."""
    if lab.port is None:
        return
    own = {int(unit.removeprefix("port-")) for unit in supervision.units(lab.name) if unit.startswith("port-")}
    taken = [number for number in forwarding.taken_ports(lab.port) if not (present and number in own)]
    if taken:
        needed = ", ".join(str(number) for number in published_ports(lab.port))
        numbers = ", ".join(str(number) for number in taken)
        die(
            f"Port {numbers} of 127.0.0.1 is taken by another program (the lab needs {needed}).",
            hint="Publish this lab elsewhere: --port N takes N, N-363 and N-421. Nothing was changed.",
        )


def missing_packages() -> list[str]:
    """Debian packages whose programs this host lacks."""
    lacking = {package for program, package in PROGRAMS.items() if programs.find(program) is None}
    if not any(forwarding.has_proxyd(folder) for folder in forwarding.PROXYD_FOLDERS):
        lacking.add("systemd")
    return sorted(lacking)


def install_packages(progress: Progress) -> bool:
    """Install the packages that the lab needs of its host; returns whether any was missing."""
    missing = missing_packages()
    if not missing:
        return False
    install(missing, progress)
    if still := missing_packages():
        raise Failure(f"Packages that the lab needs could not be installed: {', '.join(still)}.")
    return True


def install(packages: Sequence[str], progress: Progress) -> None:
    """Install Debian packages; the lists of packages are fetched anew only if they do not know them."""
    with progress.step(f"Install on this host: {', '.join(packages)}"):
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
        if not programs.run(command, extra_environment=quiet, check=False, timeout=900).code:
            return
        programs.run(["apt-get", "update"], timeout=300)
        programs.run(command, extra_environment=quiet, timeout=900)


def _system() -> list[str]:
    if not sys.platform.startswith("linux") or programs.find("apt-get") is None:
        return ["it is not Debian or one of its children (there is no apt-get)"]
    return []


def _kernel() -> list[str]:
    missing = [f"its kernel has no {name} (and no module of it)" for name in FILE_SYSTEMS if not _has_file_system(name)]
    missing += [
        f"its kernel has no {name} namespaces" for name in NAMESPACES if not Path("/proc/self/ns", name).exists()
    ]
    if not Path("/dev/loop-control").exists() and not _load("loop"):
        missing.append("its kernel has no loop devices (/dev/loop-control)")
    if not Path("/dev/fuse").exists() and not _load("fuse"):
        missing.append("its kernel has no FUSE (/dev/fuse)")
    return missing


def _has_file_system(name: str) -> bool:
    return _registered(name) or (_load(name) and _registered(name))


def _registered(name: str) -> bool:
    lines = Path("/proc/filesystems").read_text(encoding="utf-8").splitlines()
    return any(line.split()[-1] == name for line in lines if line.strip())


def _load(module: str) -> bool:
    return programs.find("modprobe") is not None and programs.succeeds(["modprobe", module])


def _watches() -> int:
    """How many inotify instances there are, all users' together."""
    count = 0
    for folder in Path("/proc").glob("[0-9]*/fd"):
        with contextlib.suppress(OSError):
            count += sum(entry.readlink().name == "anon_inode:inotify" for entry in folder.iterdir())
    return count


def _space(folder: Path) -> list[str]:
    missing = []
    for path in (folder, Path("/var/cache")):
        free = shutil.disk_usage(path if path.exists() else Path("/")).free / 10**9
        if free < NEEDED_GIGABYTES:
            missing.append(f"{path} has {free:.1f} GB free; the lab needs {NEEDED_GIGABYTES}")
    return missing
