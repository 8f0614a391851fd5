"""Operations on projects as a whole."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from lyceum_hub.errors import ForbiddenError
from lyceum_hub.services.views import ProjectView, view_of

from .registry import Call, Input, OfProject, Output, Who, operation

#: Seconds to wait for an outcome.
Wait = Annotated[float, msgspec.Meta(ge=0, le=600)]


class CreateProject(Input, frozen=True):
    """``start``: start it at once."""

    title: str
    description: str = ""
    start: bool = False


class ProjectMade(Output, frozen=True):
    """The new project."""

    project_id: UUID


class GetProjects(Input, frozen=True):
    """``every``: all projects of the site, for administrators."""

    every: bool = False


class ProjectList(Output, frozen=True):
    """Projects, the latest first."""

    projects: list[ProjectView]


class UpdateProject(OfProject, frozen=True):
    """What is left out stays as it is."""

    title: str | None = None
    description: str | None = None


class ChangeState(OfProject, frozen=True):
    """``wait``: answer when the state is reached or so many seconds are over; without it, at once."""

    wait: Wait | None = None


class StateNow(Output, frozen=True):
    """The project's state; ``state_detail`` says why, where there is something to say."""

    state: str
    state_changed: datetime
    state_detail: str


class Killed(Output, frozen=True):
    """How many processes there were."""

    processes: int


class SaveState(StateNow, frozen=True):
    """``snapshot``: the name of the snapshot, once it is there (with ``wait``); null if the save still goes on."""

    snapshot: str | None


@operation(Who.SIGNED_IN)
async def create_project(call: Call, asked: CreateProject) -> ProjectMade:
    """Make a project, which the caller owns."""
    project_id = await call.services.projects.create(
        call.by, title=asked.title, description=asked.description, start=asked.start
    )
    return ProjectMade(project_id=project_id)


@operation(Who.SIGNED_IN)
async def get_projects(call: Call, asked: GetProjects) -> ProjectList:
    """Return the projects that the caller works in."""
    if asked.every and not call.by.administrator:
        raise ForbiddenError("Only administrators see the projects of others.")
    projects = call.services.projects
    found = await projects.of_caller(call.by, every=asked.every)
    return ProjectList(projects=[view_of(project, projects.detail(project)) for project in found])


@operation(Who.PEOPLE)
async def update_project(call: Call, asked: UpdateProject) -> ProjectView:
    """Change a project's title or description."""
    projects = call.services.projects
    project = await projects.update(asked.project_id, title=asked.title, description=asked.description)
    return view_of(project, projects.detail(project))


@operation(Who.PEOPLE)
async def start_project(call: Call, asked: ChangeState) -> StateNow:
    """Start a project; one that runs already is left alone."""
    project = await call.services.projects.start(asked.project_id, asked.wait)
    return StateNow(state=project.state, state_changed=project.state_changed, state_detail=project.state_detail)


@operation(Who.PEOPLE)
async def stop_project(call: Call, asked: ChangeState) -> StateNow:
    """Stop a project's programs; its files stay."""
    project = await call.services.projects.stop(asked.project_id, asked.wait)
    return StateNow(state=project.state, state_changed=project.state_changed, state_detail=project.state_detail)


@operation(Who.PEOPLE)
async def restart_project(call: Call, asked: ChangeState) -> StateNow:
    """Stop a project if it runs, and start it."""
    project = await call.services.projects.restart(asked.project_id, asked.wait)
    return StateNow(state=project.state, state_changed=project.state_changed, state_detail=project.state_detail)


@operation(Who.PEOPLE)
async def save_project(call: Call, asked: ChangeState) -> SaveState:
    """Copy a project to its storage host and take a snapshot of the copy.

    With ``wait``, answers once a copy that holds every write before the call is complete and snapshotted.
    """
    project, saved = await call.services.projects.save(asked.project_id, asked.wait)
    return SaveState(
        state=project.state,
        state_changed=project.state_changed,
        state_detail=project.state_detail,
        snapshot=None if saved is None else saved.snapshot,
    )


@operation(Who.PEOPLE)
async def kill_project(call: Call, asked: OfProject) -> Killed:
    """Kill all processes of a running project at once; the project itself goes on, with its files and limits."""
    return Killed(processes=await call.services.projects.kill(asked.project_id))
