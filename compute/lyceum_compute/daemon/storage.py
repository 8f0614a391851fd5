"""The storage hosts: their daemons are asked, files go by rsync over ssh."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

from lyceum_compute import programs
from lyceum_compute.programs import run
from lyceum_compute.protocol.client import Client, TlsAddress
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import Prepared, SaveResult, StoredProject

from . import limits

if TYPE_CHECKING:
    from pathlib import Path

    from lyceum_compute.programs import Completed
    from lyceum_compute.protocol.identity import Identity
    from lyceum_compute.protocol.messages import Project

    from .layout import Layout
    from .settings import Settings

#: How the storage host begins the line that says why it refuses.
REFUSAL = "lyceum-storage: "
RECEIVER = "lyceum-receive"
TRANSFER_TIMEOUT = 2 * 3600
CALL_TIMEOUT = 120
MEASURE_TIMEOUT = 600
#: What is not worth a copy, anchored at the home.
EXCLUDES = (
    "/.cache",
    "/.trash",
    "/.Trash",
    "/.snapshots",
    "/.sage/cache",
    "/.sage/temp",
    "/.node-gyp",
    "*.sage-backup",
)
#: Times are compared to the nanosecond: else what changed within the second of the copy would keep another time.
_COMMON = ("-aHAXS", "--numeric-ids", "--modify-window=-1", "--filter=-x! user.*", "--timeout=600")


class Storage:
    """The way to every storage host. ``async with`` holds the connections."""

    def __init__(self, settings: Settings, identity: Identity) -> None:
        self._settings = settings
        self._identity = identity
        self._clients: dict[str, Client] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def prepare(self, project: Project) -> Prepared:
        """Have the copy's place made. Raises ``FaultError``."""
        client = await self._client(project.storage_host)
        arguments = StoredProject(project_id=project.project_id)
        return await client.request("prepare", arguments, Prepared, timeout=CALL_TIMEOUT)

    async def snapshot(self, project: Project) -> SaveResult:
        """Have the copy that was just completed snapshotted. Raises ``FaultError``."""
        client = await self._client(project.storage_host)
        arguments = StoredProject(project_id=project.project_id)
        return await client.request("snapshot", arguments, SaveResult, timeout=CALL_TIMEOUT)

    async def send(self, project: Project, home: Path) -> None:
        """Bring the copy up to date with a home that nobody writes to. Raises ``FaultError`` or ``ProgramError``."""
        await _check_size(home, limits.copy_bytes(project.quota))
        excludes = [f"--exclude={pattern}" for pattern in EXCLUDES]
        completed = await run(
            "rsync",
            *_COMMON,
            "--delete",
            "--delete-excluded",
            *excludes,
            "-e",
            self._ssh(),
            f"{home}/",
            f"{RECEIVER}@{project.storage_host}:{project.project_id}/",
            timeout=TRANSFER_TIMEOUT,
        )
        check(completed, f"the copy to {project.storage_host}")

    async def fetch(self, layout: Layout, project: Project, home: Path) -> bool:
        """Fill a new home with the latest copy; return whether there is one. Raises as ``send`` does."""
        if not (await self.prepare(project)).exists:
            return False
        await self._receive(project, f"{layout.project_id}/latest/", home)
        return True

    async def fetch_snapshot(self, project: Project, snapshot: str, home: Path) -> None:
        """Fill a new home with a snapshot. Raises as ``send`` does."""
        await self._receive(project, f"{project.project_id}/{snapshot}/", home)

    async def fetch_path(self, project: Project, snapshot: str, path: bytes, folder: Path) -> None:
        """Bring a file or folder of a snapshot into an empty folder, under its own name; ``b""``: all of it."""
        source = f"{project.project_id}/{snapshot}/{path.hex()}"
        await self._receive(project, source, folder, "--trust-sender")

    async def _receive(self, project: Project, source: str, folder: Path, *options: str) -> None:
        completed = await run(
            "rsync",
            *_COMMON,
            "--no-devices",
            "--chmod=ug-s",  # whatever a copy says: nothing of a project runs as anybody else
            f"--chown={project.uid}:{project.uid}",
            *options,
            "-e",
            self._ssh(),
            f"{RECEIVER}@{project.storage_host}:{source}",
            f"{folder}/",
            timeout=TRANSFER_TIMEOUT,
        )
        check(completed, f"the copy from {project.storage_host}")

    def _ssh(self) -> str:
        """The remote shell, as rsync splits it: at spaces, so no path in the settings may hold one."""
        return (
            f"ssh -F none -i {self._settings.ssh_key} -o UserKnownHostsFile={self._settings.ssh_known_hosts}"
            " -o StrictHostKeyChecking=yes -o BatchMode=yes -o IdentitiesOnly=yes -o ConnectTimeout=10"
            " -o ServerAliveInterval=15 -o ControlMaster=auto -o ControlPath=/run/lyceum/compute/ssh-%C"
            " -o ControlPersist=600"
        )

    async def _client(self, host: str) -> Client:
        if not host:
            raise FaultError("unavailable", "the project has no storage host")
        client = self._clients.get(host)
        if client is None:
            address = TlsAddress("storage", host, self._settings.storage_port, self._identity)
            client = await self._stack.enter_async_context(Client(address))
            self._clients[host] = client
        return client


async def _check_size(home: Path, most: int) -> None:
    """Raise ``FaultError`` (``too_large``) if a copy would hold more bytes than it may."""
    # What several arguments share counts in the first; ``--exclude`` takes hours where folders are nested deeply.
    left_out = [home / pattern[1:] for pattern in EXCLUDES if pattern.startswith("/") and pattern.count("/") == 1]
    places = [*(str(place) for place in left_out if place.is_dir()), str(home)]
    argv = ("du", "--apparent-size", "--block-size=1", "--summarize", "--null", "--", *places)
    told = (await programs.check(*argv, timeout=MEASURE_TIMEOUT)).stdout.split(b"\0")[len(places) - 1]
    size = int(told.split()[0])
    if size > most:
        raise FaultError(
            "too_large",
            f"a copy of the project would hold {size // limits.MB:,} MB, as sparse and cloned files count in full;"
            f" at most {most // limits.MB:,} MB are saved: delete or shrink the largest",
        )


def check(completed: Completed, what: str) -> None:
    """Raise ``FaultError`` unless rsync did all that it was to do; a partial copy (23, 24) is none."""
    if completed.returncode == 0:
        return
    said = [line for line in completed.stderr.decode(errors="replace").splitlines() if line.startswith(REFUSAL)]
    if said:
        message = said[-1].removeprefix(REFUSAL)[:500]
        raise FaultError(
            "not_found" if "there is no" in message or "not a folder" in message else "unavailable", message
        )
    if b"Disk quota exceeded" in completed.stderr or b"No space left" in completed.stderr:
        raise FaultError("disk_quota", f"{what} does not fit: the project's disk is too full")
    if b"overflows max-path" in completed.stderr:
        raise FaultError("too_large", f"{what} cannot be made: folders are nested too deeply for a path of 4,096 bytes")
    raise FaultError("unavailable", f"{what} failed (rsync exit code {completed.returncode}): {_reason(completed)}")


def _reason(completed: Completed) -> str:
    """Return the line that says most: what ssh or rsync complained of, before rsync sums up."""
    lines = completed.stderr.decode(errors="replace").strip().splitlines()
    telling = [line for line in lines if not line.startswith(("rsync error:", "rsync: connection unexpectedly closed"))]
    return telling[-1][:500] if telling else completed.complaint
