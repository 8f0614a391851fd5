"""What the edges' SSH gateways ask: whether a key opens a project, and for the way to it."""

from __future__ import annotations

from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from lyceum_hub.errors import HubError, InvalidError
from lyceum_hub.services import Services

from .answers import answer, refusal
from .peer import check_peer

#: Bytes of a question.
MOST = 32 * 1024


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A public key (as it goes over the wire, in base64) that was shown for a project."""

    project_id: UUID
    key: bytes


class SshDoor:
    """Answers the SSH gateways, and nobody else."""

    def __init__(self, services: Services) -> None:
        self._ssh = services.ssh

    async def authorise(self, request: Request) -> Response:
        """Answer 204 if the key opens the project; 403 for any other key and for a project that is not there."""
        try:
            asked = await _question(request)
            await self._ssh.entrance(asked.project_id, asked.key)
        except HubError as error:
            return refusal(error)
        return Response(status_code=204, headers={"cache-control": "no-store"})

    async def connect(self, request: Request) -> Response:
        """Answer with the project's host and a ticket for its gateway, once the project runs."""
        try:
            asked = await _question(request)
            way = await self._ssh.way(asked.project_id, asked.key)
        except HubError as error:
            return refusal(error)
        return answer(msgspec.to_builtins(way))


async def _question(request: Request) -> Question:
    check_peer(request, "ssh")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST:
            raise HubError("too_large", "The question is too long.")
    try:
        return msgspec.json.decode(body, type=Question)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidError(f"The question makes no sense: {error}") from error
