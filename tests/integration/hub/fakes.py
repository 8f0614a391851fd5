"""Compute and storage hosts at the wire's edge: real connections and messages, projects made of dictionaries."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any

import msgspec
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.identity import Identity, Peer
from lyceum_compute.protocol.messages import (
    DAEMON_OPERATIONS,
    PROJECT_OPERATIONS,
    STORAGE_OPERATIONS,
    AccountedHour,
    Accounting,
    AccountingResult,
    AdmitConnection,
    AllStopped,
    CopyManifest,
    CopyOfProject,
    DropConnections,
    Empty,
    Entry,
    Exec,
    ExecResult,
    ForProject,
    HostStatus,
    Killed,
    KnownProject,
    ListDirectoryResult,
    ListSnapshotDirectory,
    ListSnapshots,
    ListSnapshotsResult,
    ProjectArguments,
    ProjectState,
    Quota,
    ReadSnapshotFile,
    ReadSnapshotFileResult,
    ReadTextFile,
    ReadTextFileResult,
    RestorePath,
    RestoreResult,
    Saved,
    SaveResult,
    SetAside,
    SetDraining,
    SetQuotas,
    Snapshot,
    State,
    StateChanged,
    StorageStatus,
    Usage,
    WriteTextFile,
    WriteTextFileResult,
)
from lyceum_compute.protocol.server import Connection, Operation, Server

from .fake_trees import FakeTrees

HUB = frozenset({"hub"})


class Loop:
    """An event loop in a thread, which outlives the tests that use it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine there and return its result."""
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, self.loop)
        return future.result(30)

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a plain function there."""

        async def work() -> Any:
            return function(*arguments)

        return self.run(work())

    def close(self) -> None:
        """End the loop and its thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


class FakeCompute:
    """A compute host whose projects start at once, hold files in memory and remember who was dropped."""

    def __init__(self, name: str, port: int, identity: Identity) -> None:
        self.name, self.port, self.identity = name, port, identity
        self.states: dict[str, ProjectState] = {}
        self.files: dict[tuple[str, str], str] = {}
        self.quotas: dict[str, Quota] = {}
        self.revisions: dict[str, int] = {}
        self.dropped: list[tuple[str, str | None]] = []
        self.admitted: list[AdmitConnection] = []
        self.calls: list[tuple[str, str]] = []
        self.memory_total = 800_000
        self.draining = False
        self.full = False
        self.hours: list[AccountedHour] = []
        self.used: dict[str, object] = {}
        self.hold_starts = False
        self.digest = "the same everywhere"
        self.failing: dict[str, str] = {}
        """Of steps of a move that fail: why."""
        self.receiving = asyncio.Event()
        self.receiving.set()
        self.trees = FakeTrees()
        self.server: Server | None = None

    async def start(self) -> None:
        """Listen."""
        own = {"host_status": self.host_status, "save": self.save, "set_quotas": self.set_quotas}
        own |= {"restore_path": self.restore_path, "drop_connections": self.drop_connections}
        own |= {"admit_connection": self.admit_connection}
        own |= {"usage": self.usage, "kill": self.kill, "accounting": self.accounting}
        own |= {"set_draining": self.set_draining, "stop_all": self.stop_all, "kill_all": self.kill_all}
        for name in (
            "open_transfer",
            "read_transfer",
            "write_transfer",
            "end_transfer",
            "watch_files",
            "unwatch_files",
        ):
            own[name] = getattr(self.trees, name)
        own |= {name: self._moving(name) for name in ("manifest", "receive_copy", "set_aside", "accept_copy")}
        for name in ("open", "close", "start", "stop", "restart", "state"):
            own[name] = self._change(name)
        table = {name: Operation(function, DAEMON_OPERATIONS[name][0], HUB) for name, function in own.items()}
        table |= {name: Operation(self._in_project(name), ForProject, HUB) for name in PROJECT_OPERATIONS}
        self.server = Server(table, on_connect=self._connected)
        await self.server.listen_tls(self.name, self.port, self.identity)

    async def stop(self) -> None:
        """Stop listening and end every connection."""
        if self.server is not None:
            await self.server.close()
            self.server = None

    def _connected(self, connection: Connection) -> None:
        for state in self.states.values():
            Server.push_to(connection, _event(state))

    def become(self, project_id: str, state: State, detail: str = "") -> ProjectState:
        """Put a project into a state and tell all hubs."""
        now = ProjectState(project_id=project_id, state=state, changed=datetime.now(UTC), detail=detail)
        self.states[project_id] = now
        if self.server is not None:
            self.server.push(_event(now))
        return now

    def _state(self, project_id: str) -> ProjectState:
        closed = ProjectState(project_id=project_id, state=State.CLOSED, changed=datetime.now(UTC))
        return self.states.get(project_id, closed)

    async def host_status(self, _peer: Peer, _arguments: Empty) -> HostStatus:
        running = [s for s in self.states.values() if s.state == State.RUNNING]
        return HostStatus(
            name=self.name, version="0", load=0, cores=2, memory_total=self.memory_total, memory_available=4000,
            memory_committed=1000 * len(running), disk_total=100_000, disk_available=50_000, running=len(running),
            projects=len(self.states), draining=self.draining,
        )  # fmt: skip

    def _change(self, operation: str) -> Callable[[Peer, ProjectArguments], Coroutine[Any, Any, ProjectState]]:
        async def change(_peer: Peer, arguments: ProjectArguments) -> ProjectState:
            project_id = arguments.project.project_id
            self.calls.append((operation, project_id))
            self._take_quota(project_id, arguments.project.quota, arguments.project.quota_revision)
            now = self._state(project_id)
            if operation == "state":
                return now
            if operation == "open":
                return self.become(project_id, State.OPENED) if now.state == State.CLOSED else now
            if operation == "stop":
                return self.become(project_id, State.OPENED)
            if operation == "close":
                return self.become(project_id, State.CLOSED)
            if self.full and operation == "start" and now.state != State.RUNNING:
                raise FaultError("host_full", "this host has room for 0 MB more, and the project may take 1000 MB")
            if operation == "start" and now.state in {State.STARTING, State.RUNNING}:
                return now
            way = [State.STARTING, State.RUNNING]
            if now.state == State.CLOSED:
                way = [State.OPENING, State.OPENED, *way]  # as the real one does
            begun = self.become(project_id, way[0])
            rest = way[1:-1] if self.hold_starts else way[1:]
            for number, state in enumerate(rest, 1):
                asyncio.get_running_loop().call_later(0.05 * number, self.become, project_id, state)
            return begun

        return change

    async def usage(self, _peer: Peer, arguments: KnownProject) -> Usage:
        state = self._state(arguments.project_id)
        values: dict[str, Any] = {
            "memory": 100, "memory_peak": 200, "memory_limit": 1000, "memory_kills": 0, "memory_killed": None,
            "disk": 10, "disk_limit": 3000, "cores": 0.1, "cores_limit": 1, "cpu_seconds": 5, "tasks": 3,
            "tasks_peak": 4, "tasks_limit": 2000, "tasks_refused": 0, "tasks_refused_last": None,
        }  # fmt: skip
        return Usage(
            project_id=arguments.project_id, time=datetime.now(UTC), state=state.state, started=state.changed,
            active=state.changed, **(values | self.used),
        )  # fmt: skip

    async def kill(self, _peer: Peer, _arguments: KnownProject) -> Killed:
        return Killed(processes=7)

    async def kill_all(self, _peer: Peer, _arguments: Empty) -> Killed:
        return Killed(processes=70)

    async def stop_all(self, _peer: Peer, _arguments: Empty) -> AllStopped:
        running = [name for name, state in self.states.items() if state.state == State.RUNNING]
        for project_id in running:
            self.become(project_id, State.OPENED)
        return AllStopped(projects=len(running))

    async def set_draining(self, peer: Peer, arguments: SetDraining) -> HostStatus:
        self.draining = arguments.draining
        return await self.host_status(peer, Empty())

    async def accounting(self, _peer: Peer, arguments: Accounting) -> AccountingResult:
        since = arguments.sequence if arguments.ledger == f"ledger of {self.name}" else 0
        hours = [hour for hour in self.hours if hour.sequence > since]
        return AccountingResult(ledger=f"ledger of {self.name}", hours=hours)

    async def save(self, _peer: Peer, arguments: ProjectArguments) -> SaveResult:
        now = datetime(2026, 11, 22, 10, tzinfo=UTC)  # the snapshot that every storage host has
        result = SaveResult(snapshot=f"{now:%Y-%m-%dT%H:%M:%SZ}", time=now)
        if self.server is not None:
            self.server.push(Saved(project_id=arguments.project.project_id, snapshot=result.snapshot, time=now))
        return result

    def _moving(self, step: str) -> Callable[[Peer, Any], Coroutine[Any, Any, Any]]:
        async def take(_peer: Peer, arguments: ProjectArguments | CopyOfProject | SetAside) -> Any:
            project_id = arguments.project.project_id
            self.calls.append((step, project_id))
            if step == "receive_copy":
                await self.receiving.wait()
            if step in self.failing:
                raise FaultError("unavailable", self.failing[step])
            match step:
                case "set_aside":
                    return self.become(project_id, State.CLOSED)
                case "accept_copy":
                    return self.become(project_id, State.OPENED)
            return CopyManifest(digest=self.digest, entries=1, size=1, changed="now")

        return take

    async def set_quotas(self, _peer: Peer, arguments: SetQuotas) -> Quota:
        self._take_quota(arguments.project_id, arguments.quota, arguments.quota_revision)
        return self.quotas[arguments.project_id]

    def _take_quota(self, project_id: str, quota: Quota, revision: int) -> None:
        if revision >= self.revisions.get(project_id, 0):
            self.quotas[project_id], self.revisions[project_id] = quota, revision

    async def restore_path(self, _peer: Peer, arguments: RestorePath) -> RestoreResult:
        if self._state(arguments.project.project_id).state == State.CLOSED:
            raise FaultError("conflict", "the project is closed")
        return RestoreResult(restored=[arguments.path], set_aside=[])

    async def admit_connection(self, _peer: Peer, arguments: AdmitConnection) -> Empty:
        self.admitted.append(arguments)
        return Empty()

    async def drop_connections(self, _peer: Peer, arguments: DropConnections) -> Empty:
        self.dropped.append((arguments.project_id, arguments.account_id))
        return Empty()

    def _in_project(self, operation: str) -> Callable[[Peer, ForProject], Coroutine[Any, Any, Any]]:
        async def call(_peer: Peer, wrapped: ForProject) -> Any:
            if self._state(wrapped.project_id).state != State.RUNNING:
                raise FaultError("not_running", "the project is not running")
            arguments = msgspec.json.decode(wrapped.arguments, type=PROJECT_OPERATIONS[operation][0])
            return await self._perform(wrapped.project_id, arguments)

        return call

    async def _perform(self, project_id: str, arguments: Any) -> Any:
        now = datetime.now(UTC)
        match arguments:
            case Exec(command="sleep"):
                await asyncio.sleep(float(arguments.args[0]))
                return ExecResult(stdout="", stderr="", exit_code=0, timed_out=False, truncated=False)
            case Exec(command=command):
                return ExecResult(stdout=f"ran {command}", stderr="", exit_code=0, timed_out=False, truncated=False)
            case WriteTextFile(path=path, content=content):
                self.files[project_id, path] = content
                return WriteTextFileResult(modified=now, size=len(content.encode()))
            case ReadTextFile(path="broken"):
                raise FaultError("internal", "Traceback (most recent call last): secret")
            case ReadTextFile(path=path):
                if (project_id, path) not in self.files:
                    raise FaultError("not_found", f"there is no file {path}")
                content = self.files[project_id, path]
                return ReadTextFileResult(content=content, modified=now, size=len(content.encode()))
            case _:
                return ListDirectoryResult(entries=[], truncated=False) if "hidden" in dir(arguments) else Empty()


class FakeStorage:
    """A storage host with two snapshots of everything."""

    def __init__(self, name: str, port: int, identity: Identity) -> None:
        self.name, self.port, self.identity = name, port, identity
        self.server: Server | None = None

    async def start(self) -> None:
        """Listen."""
        own = ("host_status", "list_snapshots", "list_snapshot_directory", "read_snapshot_file")
        self.server = Server({name: Operation(getattr(self, name), STORAGE_OPERATIONS[name][0], HUB) for name in own})
        await self.server.listen_tls(self.name, self.port, self.identity)

    async def stop(self) -> None:
        """Stop listening and end every connection."""
        if self.server is not None:
            await self.server.close()

    async def host_status(self, _peer: Peer, _arguments: Empty) -> StorageStatus:
        return StorageStatus(
            name=self.name, version="0", disk_total=100_000, disk_available=90_000, projects=0, snapshots=0
        )

    async def list_snapshots(self, _peer: Peer, arguments: ListSnapshots) -> ListSnapshotsResult:
        times = [datetime(2026, 11, 22, hour, tzinfo=UTC) for hour in (9, 10)]
        names = [Snapshot(name=f"{time:%Y-%m-%dT%H:%M:%SZ}", time=time) for time in times]
        return ListSnapshotsResult(snapshots=names if arguments.path is None else names[1:])

    async def list_snapshot_directory(self, _peer: Peer, arguments: ListSnapshotDirectory) -> ListDirectoryResult:
        time = datetime(2026, 11, 22, 9, tzinfo=UTC)
        entry = Entry(name=f"{arguments.path} in {arguments.snapshot}", type="file", size=2, modified=time)
        return ListDirectoryResult(entries=[entry], truncated=False)

    async def read_snapshot_file(self, _peer: Peer, arguments: ReadSnapshotFile) -> ReadSnapshotFileResult:
        content = f"{arguments.path} in {arguments.snapshot}\xff".encode("latin-1")
        return ReadSnapshotFileResult(
            content=content, modified=datetime(2026, 11, 22, 9, tzinfo=UTC), size=len(content)
        )


def _event(state: ProjectState) -> StateChanged:
    return StateChanged(project_id=state.project_id, state=state.state, changed=state.changed, detail=state.detail)
