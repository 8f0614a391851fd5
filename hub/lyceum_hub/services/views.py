"""Rows as people see them: the same in answers and in synchronised tables."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from lyceum_compute.protocol.messages import Quota

from lyceum_hub.db.accounts import Account
from lyceum_hub.db.projects import Person, Project


class ProjectView(msgspec.Struct, frozen=True, kw_only=True):
    """A project. Memory and disk in MB, idle_timeout in seconds."""

    project_id: UUID
    title: str
    description: str
    state: str
    """``closed``, ``opening``, ``opened``, ``starting``, ``running``, ``saving``, ``stopping`` or ``closing``."""
    state_changed: datetime
    state_detail: str
    host: str | None
    users: list[Person]
    created: datetime
    last_edited: datetime | None
    last_saved: datetime | None
    quota: Quota


class OwnAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account as its owner sees it."""

    account_id: UUID
    email_address: str
    first_name: str
    last_name: str
    administrator: bool


def view_of(project: Project, detail: str) -> ProjectView:
    """Return a project as its people see it."""
    return ProjectView(
        project_id=project.project_id,
        title=project.title,
        description=project.description,
        state=project.state.value,
        state_changed=project.state_changed,
        state_detail=detail,
        host=project.compute_host,
        users=project.users,
        created=project.created,
        last_edited=project.last_edited,
        last_saved=project.last_saved,
        quota=project.quota,
    )


def own_account(account: Account) -> OwnAccount:
    """Return an account as its owner sees it."""
    return OwnAccount(**{name: getattr(account, name) for name in OwnAccount.__struct_fields__})
