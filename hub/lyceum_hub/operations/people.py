"""Operations on who works in a project."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from lyceum_hub.services.people import one_of

from .registry import Call, Done, OfProject, Output, Who, operation


class InviteCollaborator(OfProject, frozen=True):
    """Whom, by either ``account_id`` or ``email_address``."""

    account_id: UUID | None = None
    email_address: str | None = None
    role: Literal["owner", "collaborator"] = "collaborator"


class Invited(Output, frozen=True):
    """``joined``: whether the person is in the project now; if not, the invitation waits until an account is made."""

    joined: bool


class RemoveCollaborator(OfProject, frozen=True):
    """Whom, by either ``account_id`` or ``email_address``."""

    account_id: UUID | None = None
    email_address: str | None = None


@operation(Who.PEOPLE)
async def invite_collaborator(call: Call, asked: InviteCollaborator) -> Invited:
    """Let somebody work in the project. An address without an account is invited to make one within 14 days."""
    who = one_of(asked.account_id, asked.email_address)
    joined = await call.services.people.invite(call.by, call.role, asked.project_id, who=who, new_role=asked.role)
    return Invited(joined=joined)


@operation(Who.PEOPLE)
async def remove_collaborator(call: Call, asked: RemoveCollaborator) -> Done:
    """Take somebody out of the project, or withdraw an invitation. Owners remove others; everybody may leave."""
    who = one_of(asked.account_id, asked.email_address)
    await call.services.people.remove(call.by, call.role, asked.project_id, who=who)
    return Done()
