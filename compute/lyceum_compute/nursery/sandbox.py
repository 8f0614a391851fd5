"""Entering a project's sandbox and becoming its user, as ``lyceum-enter-project`` does with programs."""

from __future__ import annotations

import ctypes
import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from lyceum_compute.running import CGROUPS, PROC, NoProjectError, hold, number

HOME = "/home/user"
#: Of requests to devices and files, which a project may make (``daemon/requests.py``).
REQUESTS = Path("/etc/lyceum-requests.bpf")
LISTENER, LAST_DESCRIPTOR = 3, 4096

_GROUP = re.compile(r".*/lyceum-projects-(?P<name>[0-9a-f]{32})\.slice/lyceum-[a-z-]+@(?P=name)\.service")
#: Namespaces and the kernel's flags for them; that of mounts comes last, since ``/proc`` is another one then.
_NAMESPACES = {
    "cgroup": 0x02000000, "ipc": 0x08000000, "uts": 0x04000000, "net": 0x40000000, "pid": 0x20000000, "mnt": 0x00020000
}  # fmt: skip
_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 4, 22, 24, 38
_SECCOMP_MODE_FILTER = 2
#: ``struct __user_cap_header_struct`` of version 3, for the process itself; and the length of what goes with it.
_CAPABILITY_HEADER, _CAPABILITY_SETS = struct.pack("=Ii", 0x20080522, 0), 24
_libc = ctypes.CDLL(None, use_errno=True)


class NotConfinedError(Exception):
    """The process has kept something that a project's user may not have."""


@dataclass(frozen=True)
class Place:
    """A running project: its name, its user and descriptors of its namespaces, by their flags."""

    name: str
    uid: int
    gid: int
    namespaces: dict[int, int]


def find(pid: int, *, proc: Path = PROC, cgroups: Path = CGROUPS) -> Place:
    """Find the project in whose unit a process is. Raises ``NoProjectError`` and ``OSError``."""
    groups = dict(_groups(proc / str(pid)))
    group = groups.get("name=systemd", groups.get("", ""))
    match = _GROUP.fullmatch(group)
    if match is None:
        raise NoProjectError(f"process {pid} is in no project's unit: {group}")
    process = hold(match["name"], proc=proc, cgroups=cgroups)
    opened = {
        flag: os.open(f"ns/{kind}", os.O_RDONLY | os.O_CLOEXEC, dir_fd=process) for kind, flag in _NAMESPACES.items()
    }
    if os.path.samestat(os.fstat(opened[_NAMESPACES["mnt"]]), (proc / "self/ns/mnt").stat()):
        raise NoProjectError(f"project {match['name']} has no files of its own")
    return Place(match["name"], number(process, "Uid"), number(process, "Gid"), opened)


def join(pid: int, *, proc: Path = PROC, cgroups: Path = CGROUPS) -> None:
    """Go into the control groups of another process. Raises ``OSError``."""
    own = dict(_groups(proc / "self"))
    for hierarchy, path in _groups(proc / str(pid)):
        procs = _folder(cgroups, hierarchy) / path.lstrip("/") / "cgroup.procs"
        if own.get(hierarchy) != path and procs.exists():
            procs.write_text("0")


def enter(place: Place) -> None:
    """Enter the namespaces; that of processes holds for children only. Raises ``OSError``."""
    for flag, descriptor in place.namespaces.items():
        if _libc.setns(descriptor, flag) != 0:
            raise _last_error()


def take_descriptors(output: int, errors: int, listener: int) -> None:
    """Let these be descriptors 1, 2 and 3, let nothing come from 0, and close all others."""
    for place, descriptor in enumerate((os.open(os.devnull, os.O_RDONLY), output, errors, listener)):
        os.dup2(descriptor, place)
    os.closerange(LISTENER + 1, LAST_DESCRIPTOR)


def become(place: Place) -> None:
    """Become the project's user, for good and without any capability. Raises ``OSError``, ``NotConfinedError``."""
    os.setsid()
    capability = 0
    while _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    os.setgroups([])
    os.setresgid(place.gid, place.gid, place.gid)
    os.setresuid(place.uid, place.uid, place.uid)
    _give_up_capabilities()
    _filter(REQUESTS.read_bytes())
    _prctl(_PR_SET_DUMPABLE, 1)  # as if it had been started here: there is nothing to hide from its user
    os.chdir(HOME)
    os.environ.clear()
    os.environ.update(environment(place.name))
    check(Path("/proc/self/status").read_text())


def environment(name: str) -> dict[str, str]:
    """Return the environment of a program in a project's sandbox."""
    return {
        "HOME": HOME, "USER": name, "LOGNAME": name, "SHELL": "/bin/bash", "TERM": "dumb", "LANG": "C.UTF-8",
        "PATH": f"{HOME}/.local/bin:{HOME}/bin:/usr/local/bin:/usr/bin:/bin",
    }  # fmt: skip


def check(status: str) -> None:
    """Raise ``NotConfinedError`` if something in ``/proc/self/status`` is left of what a project may not have."""
    found = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    left = [name for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb") if int(found[name], 16)]
    if left or found["Groups"].strip() or found["NoNewPrivs"] != "1" or found["Seccomp"] != "2":
        raise NotConfinedError(f"it would have more than a project's user: {left}")


def _groups(process: Path) -> list[tuple[str, str]]:
    """Return the hierarchies of control groups, by their controllers, and where in each a process is."""
    lines = (line.split(":", 2) for line in process.joinpath("cgroup").read_text().splitlines())
    return [(controllers, path) for _, controllers, path in lines]


def _folder(cgroups: Path, hierarchy: str) -> Path:
    """Return where a hierarchy is mounted: cgroup v2 alone, or beside those of v1."""
    if (cgroups / "cgroup.controllers").exists():
        return cgroups
    return cgroups / {"": "unified", "name=systemd": "systemd"}.get(hierarchy, hierarchy)


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def _filter(program: bytes) -> None:
    """Have system calls looked at by a program for Berkeley's packet filter, of eight bytes a step."""
    loaded = _Program(len(program) // 8, program)
    if _libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(loaded), 0, 0) != 0:
        raise _last_error()


def _give_up_capabilities() -> None:
    """Empty the sets that are left after a change of user: what may be inherited stays otherwise."""
    if _libc.capset(_CAPABILITY_HEADER, bytes(_CAPABILITY_SETS)) != 0:
        raise _last_error()


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise _last_error()


def _last_error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
