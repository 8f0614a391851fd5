"""Where a project's things are on a compute host."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from lyceum_compute.protocol.errors import FaultError

_PROJECT_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
#: Users of projects; the system's own users and those that Debian hands out are below.
FIRST_UID = 100_000
LAST_UID = 2_000_000_000

NETWORK = "lyceum-network"
ASIDE = ".aside"
"""The folder, in the file system of all projects, of what moved to another host."""
RUN = Path("/run/lyceum/projects")
STATE = Path("/var/lib/lyceum/compute/projects")
LEDGER = Path("/var/lib/lyceum/compute/ledger.sqlite")


def check_id(project_id: str) -> str:
    """Return the id, if it is one. Raises ``FaultError`` (``invalid``)."""
    if not _PROJECT_ID.fullmatch(project_id):
        raise FaultError("invalid", "project_id: a project's id is a UUID in lower case")
    return project_id


def check_uid(uid: int) -> int:
    """Return the uid, if projects may have it. Raises ``FaultError`` (``invalid``)."""
    if not FIRST_UID <= uid <= LAST_UID:
        raise FaultError("invalid", f"uid: a project's user is numbered from {FIRST_UID} to {LAST_UID}")
    return uid


@dataclass(frozen=True)
class Layout:
    """The paths and unit names of one project. ``root`` is the btrfs file system of all projects."""

    root: Path
    project_id: str

    @property
    def name(self) -> str:
        """The project's user: its id without dashes."""
        return self.project_id.replace("-", "")

    @property
    def subvolume(self) -> Path:
        """The subvolume, root's."""
        return self.root / self.project_id

    @property
    def home(self) -> Path:
        """The user's home, as the host sees it."""
        return self.subvolume / "home"

    @property
    def restores(self) -> Path:
        """Where restores arrive, root's."""
        return self.subvolume / "restore"

    @property
    def snapshot(self) -> Path:
        """The snapshot that a save is sent from, while it is under way."""
        return self.root / ".saves" / self.project_id

    @property
    def opening(self) -> Path:
        """A project that is being opened, received or deleted."""
        return self.root / ".opening" / self.project_id

    @property
    def run(self) -> Path:
        """Sockets, and what the sandbox is made of."""
        return RUN / self.name

    @property
    def local_hub(self) -> Path:
        """The local hub's socket."""
        return self.run / "local-hub.sock"

    @property
    def files(self) -> Path:
        """The socket on which the local hub serves files over HTTP."""
        return self.run / "files.sock"

    @property
    def record(self) -> Path:
        """What the daemon must know of the project after a restart."""
        return STATE / f"{self.project_id}.json"

    @property
    def unit(self) -> str:
        """The unit that holds the project's namespaces."""
        return f"lyceum-project@{self.name}.service"

    @property
    def slice(self) -> str:
        """The slice that limits all of the project's processes."""
        return f"lyceum-projects-{self.name}.slice"

    @property
    def sockets(self) -> tuple[str, ...]:
        """The units that start what serves a project on demand."""
        services = ("local-hub", "files", "console", "jupyter", "ssh")
        return tuple(f"lyceum-{service}@{self.name}.socket" for service in services)

    @property
    def network(self) -> str:
        """The unit that connects the project to the network."""
        return f"{NETWORK}@{self.name}.service"


def id_of_name(name: str) -> str:
    """Return the id of a project's user name or unit instance."""
    return f"{name[:8]}-{name[8:12]}-{name[12:16]}-{name[16:20]}-{name[20:]}"
