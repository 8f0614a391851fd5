"""Projects: making, changing, starting, stopping and saving them."""

from __future__ import annotations

import logging
import time
from datetime import datetime
from uuid import UUID, uuid4

from lyceum_compute.protocol import messages
from lyceum_compute.protocol.messages import SaveResult, State

from lyceum_hub.compute_client import ComputeHosts
from lyceum_hub.db import projects
from lyceum_hub.db.database import Database
from lyceum_hub.db.projects import Project
from lyceum_hub.errors import ConflictError, HubError, unknown_project
from lyceum_hub.settings import Settings

from . import texts
from .background import Background
from .caller import Caller
from .moves import Moves, for_host
from .placement import WHAT_TO_DO, Placement
from .states import States

log = logging.getLogger(__name__)

#: States in which nothing is under way and nothing runs.
RESTING = frozenset({State.CLOSED, State.OPENED})
#: The state in which the project's programs run (a save of a running project does not change it).
LIVE = frozenset({State.RUNNING})
#: Seconds that a start waits for a move.
LONGEST_MOVE = 3_600.0
#: Seconds after which a state of rest is taken for the end of the way, and not for a place on it.
AT_REST = 3.0


def new_id() -> UUID:
    """Return an id for a new project. Without its dashes it names a user, and Linux takes no name of digits alone."""
    while (project_id := uuid4()).hex.isdecimal():
        pass
    return project_id


class Projects:
    """What can be done with projects. Whether the caller may is decided before."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        compute: ComputeHosts,
        placement: Placement,
        states: States,
        background: Background,
        moves: Moves,
    ) -> None:
        self._database = database
        self._settings = settings
        self._compute = compute
        self._placement = placement
        self._states = states
        self._background = background
        self._moves = moves

    # Whose it is and what is known of it.

    async def role(self, caller: Caller, project_id: UUID) -> str:
        """Return what the caller is in a project (``administrator`` for one in whose it is not).

        Raises ``NotFoundError``, the same for a project of others as for one that is not there.
        """
        async with self._database.connection() as connection:
            exists, role = await projects.role_of(connection, project_id, caller.account_id)
        if role is None and exists and caller.administrator:
            return "administrator"
        if role is None:
            raise unknown_project()
        return role

    async def get(self, project_id: UUID) -> Project:
        """Return a project. Raises ``NotFoundError``."""
        async with self._database.connection() as connection:
            project = await projects.find(connection, project_id)
        if project is None:
            raise unknown_project()
        return project

    async def of_caller(self, caller: Caller, *, every: bool) -> list[Project]:
        """Return the caller's projects, or all there are."""
        async with self._database.connection() as connection:
            return await (projects.every(connection) if every else projects.of_account(connection, caller.account_id))

    def unreachable(self, project: Project) -> bool:
        """Whether the project's host has been away for a while."""
        return self._compute.unreachable(project.compute_host)

    def detail(self, project: Project) -> str:
        """Return what there is to say about a project's state, its host's absence before all else."""
        if self.unreachable(project):
            return f"{project.compute_host} cannot be reached at the moment"
        return project.state_detail

    # Making and changing.

    async def create(self, caller: Caller, *, title: str, description: str, start: bool) -> UUID:
        """Make a project. If it is to start and cannot, it is there all the same and says why."""
        title = texts.line(title, "title", least=1, most=200)
        description = texts.paragraph(description, "description", most=10_000)
        most = self._settings.limits.projects_per_account
        async with self._database.transaction() as connection:
            if await projects.owned_count(connection, caller.account_id) >= most:
                raise ConflictError(f"An account can own {most} projects.")
            quota = self._settings.quotas.defaults
            project_id = new_id()
            await projects.insert(
                connection, project_id, caller.account_id, title=title, description=description, quota=quota
            )
        if start:
            try:
                await self._change(project_id, "start")
            except HubError as error:
                log.warning(
                    "a new project could not be started: %s",
                    error,
                    extra={"action": "create_project", "project": str(project_id)},
                )
                async with self._database.connection() as connection:
                    await projects.set_detail(connection, project_id, f"could not be started: {error.message}")
        return project_id

    async def update(self, project_id: UUID, *, title: str | None, description: str | None) -> Project:
        """Change title or description."""
        if title is not None:
            title = texts.line(title, "title", least=1, most=200)
        if description is not None:
            description = texts.paragraph(description, "description", most=10_000)
        async with self._database.connection() as connection:
            await projects.set_texts(connection, project_id, title=title, description=description)
        return await self.get(project_id)

    # States.

    async def start(self, project_id: UUID, wait: float | None) -> Project:
        """Start a project; one that runs already is left alone."""
        begun = await self._change(project_id, "start")
        return await self._await(project_id, begun, LIVE, wait)

    async def stop(self, project_id: UUID, wait: float | None) -> Project:
        """Stop a project; one that rests is left alone."""
        project = await self.get(project_id)
        if project.compute_host is None:
            return project
        begun = await self._change(project_id, "stop")
        return await self._await(project_id, begun, RESTING, wait)

    async def restart(self, project_id: UUID, wait: float | None) -> Project:
        """Stop a project if it runs, and start it."""
        begun = await self._change(project_id, "restart")
        return await self._await(project_id, begun, LIVE, wait)

    async def open(self, project: Project, wait: float) -> Project:
        """Bring a closed project's files to its host."""
        if project.state != State.CLOSED:
            return project
        begun = await self._change(project.project_id, "open")
        opened = frozenset(State) - {State.CLOSED, State.OPENING, State.CLOSING}
        return await self._await(project.project_id, begun, opened, wait)

    async def kill(self, project_id: UUID) -> int:
        """Kill all processes of a running project, which goes on; return how many there were."""
        project = await self.get(project_id)
        if project.compute_host is None or project.state not in LIVE:
            raise ConflictError(f"The project is {project.state}, not running.", code="not_running")
        return await self._compute.kill(project.compute_host, project_id)

    async def _change(self, project_id: UUID, operation: str) -> messages.ProjectState:
        project = await self._placement.placed(await self.get(project_id))
        host = project.compute_host or ""
        if project.moving:
            return self._after_move(project, operation)
        if operation == "start" and project.state in RESTING and self._placement.misplaced(project):
            target = await self._placement.elsewhere(project)
            if target is not None and self._placement.fitting(project, target):
                return self._move(project, target)
        try:
            state = await self._compute.change(host, operation, for_host(project))
        except HubError as error:
            if error.code != "host_full":
                raise
            target = await self._placement.elsewhere(project) if project.state in RESTING else None
            if target is None:
                message = f"{host} cannot run the project: {error.message}. No other host can either. {WHAT_TO_DO}"
                raise HubError("host_full", message, retry_after=60) from error
            return self._move(project, target)
        await self._states.apply(host, state)
        return state

    def _move(self, project: Project, target: str) -> messages.ProjectState:
        """Have a project moved and started in the background. If that fails it stays where it is, and says why."""
        self._background.start(self._start_on(project, target), f"move {project.project_id}")
        return _as_it_is(project)

    async def _start_on(self, project: Project, target: str) -> None:
        try:
            moved = await self._moves.move(project, target)
            host = moved.compute_host or ""
            await self._states.apply(host, await self._compute.change(host, "start", for_host(moved)))
        except HubError as error:
            if (await self.get(project.project_id)).moving:  # by somebody who was quicker
                return await self._once_moved(project, "start")
            async with self._database.connection() as connection:
                message = f"could not be started on {target}: {error.message}"
                await projects.set_detail(connection, project.project_id, message)
            raise

    def _after_move(self, project: Project, operation: str) -> messages.ProjectState:
        """Have a project that is being moved started once it is there; it rests, so there is nothing else to do."""
        if operation in {"start", "restart", "open"}:
            self._background.start(self._once_moved(project, operation), f"{operation} {project.project_id}")
        return _as_it_is(project)

    async def _once_moved(self, project: Project, operation: str) -> None:
        moved = await self._states.wait(project.project_id, lambda found: not found.moving, LONGEST_MOVE)
        if not moved.moving:
            await self._change(moved.project_id, operation)

    async def _await(
        self, project_id: UUID, begun: messages.ProjectState, aim: frozenset[State], wait: float | None
    ) -> Project:
        """Return the project when it is where it should be, or has come to rest elsewhere, or the time is up."""
        seen: dict[datetime, float] = {}

        def reached(project: Project) -> bool:
            if project.state in aim:
                return project.state == begun.state or project.state_changed > begun.changed
            if project.state not in RESTING or project.state_changed <= begun.changed:
                return False
            # a start goes through ``opened``; one that failed stays there, and mostly says why
            since = seen.setdefault(project.state_changed, time.monotonic())
            return bool(project.state_detail) or time.monotonic() - since > AT_REST

        return await self._states.wait(project_id, reached, wait or 0)

    async def reconcile(self, host: str) -> None:
        """Ask a host that came back what became of the projects that are thought to be up there."""
        async with self._database.connection() as connection:
            believed = await projects.not_closed_on(connection, host)
        for project in believed:
            try:
                await self._states.apply(host, await self._compute.change(host, "state", for_host(project)))
            except HubError as error:
                log.info("%s", error.message, extra={"action": "reconcile", "host": host})
                return

    # Saving.

    async def save(self, project_id: UUID, wait: float | None) -> tuple[Project, SaveResult | None]:
        """Have a project copied and snapshotted; with ``wait``, return the snapshot once it is there."""
        project = await self.get(project_id)
        if project.compute_host is None:
            raise ConflictError("The project was never started, so there is nothing to save.", code="not_running")
        host = project.compute_host
        saving = self._background.start(self._save(host, project), f"save {project_id}")
        result = await self._background.wait(saving, wait or 0)
        return await self.get(project_id), result

    async def _save(self, host: str, project: Project) -> SaveResult:
        result = await self._compute.save(host, for_host(project))
        async with self._database.connection() as connection:
            await projects.set_saved(connection, project.project_id, host, result.time)
        return result


def _as_it_is(project: Project) -> messages.ProjectState:
    return messages.ProjectState(project_id=str(project.project_id), state=project.state, changed=project.state_changed)
