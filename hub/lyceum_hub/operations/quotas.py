"""Operations on quotas, and on what is used of them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from lyceum_compute.protocol.messages import Quota, Usage

from lyceum_hub.db.usage import Per, QuotaRequest, Used
from lyceum_hub.services.usage import Advice, advice

from .registry import Call, Done, Nothing, OfProject, Output, Who, operation


class Changes(OfProject, frozen=True):
    """Memory and disk in MB, idle_timeout in seconds. What is left out stays as it is."""

    disk: int | msgspec.UnsetType = msgspec.UNSET
    memory: int | msgspec.UnsetType = msgspec.UNSET
    cores: float | msgspec.UnsetType = msgspec.UNSET
    cpu_shares: int | msgspec.UnsetType = msgspec.UNSET
    idle_timeout: int | msgspec.UnsetType = msgspec.UNSET
    network: bool | msgspec.UnsetType = msgspec.UNSET
    member_host: bool | msgspec.UnsetType = msgspec.UNSET

    def said(self) -> dict[str, object]:
        """Return what was not left out."""
        return {name: value for name in Quota.__struct_fields__ if (value := getattr(self, name)) is not msgspec.UNSET}


class SetQuotas(Changes, frozen=True):
    """Memory and disk in MB, idle_timeout in seconds. What is left out stays as it is."""


class RequestQuotas(Changes, frozen=True):
    """What is wished for; what is left out is to stay as it is. ``reason``: for the administrators to read."""

    reason: str = ""


class QuotaNow(Output, frozen=True):
    """The whole quota as it is now. ``applied``: false if the project's host cannot be reached, and follows later."""

    quota: Quota
    applied: bool


class RequestList(Output, frozen=True):
    """What owners ask for, oldest first."""

    requests: list[QuotaRequest]


class GetUsageHistory(OfProject, frozen=True):
    """From ``since`` (two days ago; with ``per`` day, a month ago) until ``until`` (now). Days are those of UTC."""

    since: datetime | None = None
    until: datetime | None = None
    per: Per = "hour"


class UsageNow(Output, frozen=True):
    """``usage``: null while the project is closed. ``maximum``: the most that a project can be given on this site."""

    usage: Usage | None
    quota: Quota
    maximum: Quota
    advice: list[Advice]


class UsageHistory(Output, frozen=True):
    """Oldest first; an hour or day without an entry is one in which nothing was used."""

    project_id: UUID
    history: list[Used]


@operation(Who.ADMINISTRATOR)
async def set_quotas(call: Call, asked: SetQuotas) -> QuotaNow:
    """Change a project's quotas; they take effect at once. What was asked for is answered thereby."""
    await call.services.projects.role(call.by, asked.project_id)
    quota, applied = await call.services.quotas.set(asked.project_id, asked.said())
    return QuotaNow(quota=quota, applied=applied)


@operation(Who.PEOPLE)
async def request_quotas(call: Call, asked: RequestQuotas) -> QuotaRequest:
    """Ask the administrators for other quotas, as an owner; asked again, the new wish takes the place of the old."""
    return await call.services.quotas.ask(call.by, call.role, asked.project_id, asked.said(), asked.reason)


@operation(Who.ADMINISTRATOR)
async def get_quota_requests(call: Call, _asked: Nothing) -> RequestList:
    """Return the quotas that owners ask for."""
    return RequestList(requests=await call.services.quotas.requests())


@operation(Who.ADMINISTRATOR)
async def decline_quotas(call: Call, asked: OfProject) -> Done:
    """Take what is asked for, for a project, off the list, without giving it."""
    await call.services.quotas.decline(asked.project_id)
    return Done()


@operation(Who.PEOPLE)
async def get_usage(call: Call, asked: OfProject) -> UsageNow:
    """Return what a project uses now, the most since it was started, its limits, and what to do about those reached."""
    project = await call.services.projects.get(asked.project_id)
    use = await call.services.usage.now(project)
    return UsageNow(
        usage=use,
        quota=project.quota,
        maximum=call.services.quotas.maximum,
        advice=[] if use is None else advice(use),
    )


@operation(Who.PEOPLE)
async def get_usage_history(call: Call, asked: GetUsageHistory) -> UsageHistory:
    """Return what a project used in each hour of the last month, or each day, for its owners and administrators."""
    history = await call.services.usage.history(
        call.role, asked.project_id, since=asked.since, until=asked.until, per=asked.per
    )
    return UsageHistory(project_id=asked.project_id, history=history)
