"""What a lab is: its name, its machines, their groups and addresses, and where all of it lives on the host."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable
from ipaddress import IPv4Address
from pathlib import Path

import msgspec

from lyceum_ops.errors import UsageFailure, die

GROUPS = ("edge", "hub", "database", "compute", "storage")
NETWORK = "10.163.0"
GATEWAY = f"{NETWORK}.1"
PROXY_PORT = 3128
FIRST_NUMBER = 11
LAST_NUMBER = 254
STATE = Path("/var/lib/lyceum/labs")
RUNTIME = Path("/run/lyceum/labs")
DEFAULT_MACHINES = (
    ("edge1", ("edge",)),
    ("hub1", ("hub",)),
    ("hub2", ("hub",)),
    ("db1", ("database",)),
    ("compute1", ("compute",)),
    ("compute2", ("compute",)),
    ("storage1", ("storage",)),
)
SINGLE_MACHINE = (("lyceum1", GROUPS),)
DISK_OF_GROUP = {"compute": "projects", "storage": "storage"}
HTTP_OFFSET = 363  # 8443 -> 8080
SSH_OFFSET = 421  # 8443 -> 8022

# No dash in a lab's name: "lyceum-<lab>-<machine>" can then be read in one way only.
LAB_NAME = re.compile(r"[a-z][a-z0-9]{0,15}")
MACHINE_NAME = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?")


def hardware_address(address: str) -> str:
    """MAC address of what has an IPv4 address on a lab's switch: one of those that anyone may use locally."""
    return "02:00:" + IPv4Address(address).packed.hex(":")


class Machine(msgspec.Struct, frozen=True):
    """One machine of a lab. Its number is the last part of its address."""

    name: str
    groups: tuple[str, ...]
    number: int
    image: str

    @property
    def address(self) -> str:
        """Its address on the lab's switch."""
        return f"{NETWORK}.{self.number}"

    @property
    def hardware_address(self) -> str:
        """Its MAC address, the same at each boot: others on the switch remember it, and a crash takes it from none."""
        return hardware_address(self.address)

    @property
    def disks(self) -> tuple[str, ...]:
        """Names of its data disks; disk `x` is /dev/lyceum-x inside."""
        return tuple(DISK_OF_GROUP[group] for group in self.groups if group in DISK_OF_GROUP)


class Lab(msgspec.Struct, frozen=True):
    """A lab as it is written down in its folder. `port` is the host's HTTPS port, None when nothing is published."""

    name: str
    machines: tuple[Machine, ...] = ()
    port: int | None = None
    disk_gigabytes: int = 20

    @property
    def places(self) -> Places:
        """Where it lives."""
        return Places(self.name)

    def machine(self, name: str) -> Machine:
        """Find a machine by its name."""
        for machine in self.machines:
            if machine.name == name:
                return machine
        known = ", ".join(machine.name for machine in self.machines) or "none"
        return die(f"The lab {self.name} has no machine {name}.", hint=f"It has: {known}.")

    def in_group(self, group: str) -> tuple[Machine, ...]:
        """Find the machines of a group."""
        return tuple(machine for machine in self.machines if group in machine.groups)

    @property
    def published(self) -> dict[int, int]:
        """The host's ports on 127.0.0.1, each with the port of the edge machine that it leads to."""
        return {} if self.port is None else published_ports(self.port)


class Places:
    """Folders and files of one lab."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = STATE / name
        self.runtime = RUNTIME / name

    @property
    def definition(self) -> Path:
        """The lab as it is written down."""
        return self.state / "lab.json"

    @property
    def inventory(self) -> Path:
        """Ansible's inventory, with the instance's settings and secrets."""
        return self.state / "inventory"

    @property
    def ssh(self) -> Path:
        """Keys, known hosts and ssh's own settings."""
        return self.state / "ssh"

    @property
    def disks(self) -> Path:
        """Files behind the machines' data disks."""
        return self.state / "disks"

    @property
    def logs(self) -> Path:
        """What machines print on their consoles, and what the helpers say."""
        return self.state / "logs"

    @property
    def lock(self) -> Path:
        """The file that one command at a time holds."""
        return RUNTIME / f"{self.name}.lock"

    @property
    def switch(self) -> str:
        """The switch's network namespace."""
        return f"lyceum-{self.name}"

    def machine(self, name: str) -> Path:
        """Folder of a machine's own files (what differs from the image)."""
        return self.state / "machines" / name

    def namespace(self, machine: str) -> str:
        """A machine's network namespace."""
        return f"lyceum-{self.name}-{machine}"


def published_ports(port: int) -> dict[int, int]:
    """Map the host's ports to the edge's: HTTPS, HTTP (redirects) and the projects' SSH."""
    return {port: 443, port - HTTP_OFFSET: 80, port - SSH_OFFSET: 22022}


def check_name(name: str) -> str:
    """Check a lab's name."""
    if not LAB_NAME.fullmatch(name):
        raise UsageFailure(
            f"{name!r} is no name for a lab.", hint="Use up to 16 lower-case letters and digits, a letter first."
        )
    return name


def check_port(port: int) -> int:
    """Check the port that the instance is published at."""
    if not 1024 + SSH_OFFSET <= port <= 65535:
        raise UsageFailure(f"Port {port} cannot be used.", hint=f"Take one from {1024 + SSH_OFFSET} to 65535.")
    return port


def parse_machine(text: str) -> tuple[str, tuple[str, ...]]:
    """Read `NAME=GROUP,GROUP` as given on the command line; `NAME` or `NAME=` alone is a machine in no group."""
    name, _, listed = text.partition("=")
    groups = tuple(group for group in listed.split(",") if group)
    if not MACHINE_NAME.fullmatch(name):
        raise UsageFailure(f"{name!r} is no name for a machine.", hint="Example: --machine compute1=compute")
    for group in groups:
        if group not in GROUPS:
            raise UsageFailure(f"There is no group {group!r}.", hint=f"Groups: {', '.join(GROUPS)}.")
    return name, groups


def with_machines(lab: Lab, wanted: Iterable[tuple[str, tuple[str, ...]]], image: str) -> Lab:
    """Add the machines that the lab lacks; those that it has keep their address, image and disks."""
    machines = {machine.name: machine for machine in lab.machines}
    taken = {machine.number for machine in lab.machines}
    for name, groups in wanted:
        if name in machines:
            machines[name] = msgspec.structs.replace(machines[name], groups=groups or machines[name].groups)
            continue
        number = next((n for n in range(FIRST_NUMBER, LAST_NUMBER + 1) if n not in taken), None)
        if number is None:
            die(f"The lab {lab.name} is full.", hint="A lab has room for 244 machines.")
        taken.add(number)
        machines[name] = Machine(name, groups, number, image)
    return msgspec.structs.replace(lab, machines=tuple(machines.values()))


def load(name: str) -> Lab | None:
    """Read a lab's definition; None when there is no such lab."""
    path = Places(name).definition
    try:
        return msgspec.json.decode(path.read_bytes(), type=Lab)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        return die(f"{path} is damaged: {error}.", hint=f"Repair it, or begin anew: ./lyceum destroy --name {name}")


def save(lab: Lab) -> None:
    """Write a lab's definition, whole or not at all."""
    write_file(lab.places.definition, msgspec.json.format(msgspec.json.encode(lab)).decode() + "\n")


def names() -> list[str]:
    """Names of all labs on this host."""
    return sorted(path.parent.name for path in STATE.glob("*/lab.json"))


def write_file(path: Path, text: str, *, mode: int = 0o644) -> bool:
    """Write a file atomically; returns whether it differs from what was there."""
    if path.is_file() and path.read_text(encoding="utf-8") == text and path.stat().st_mode & 0o777 == mode:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
    Path(temporary).replace(path)
    return True
