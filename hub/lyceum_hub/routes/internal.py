"""What only services of the instance ask: the hub proxy for permissions, the edge for health."""

from __future__ import annotations

from uuid import UUID

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lyceum_hub.errors import HubError, InvalidError
from lyceum_hub.services import Services
from lyceum_hub.services.permissions import Permission

from .answers import refusal
from .peer import check_origin, check_peer, shown_by

#: What can be reached in a project so far.
KINDS = {"terminal"}


class Internal:
    """Permissions and health."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._origins = services.settings.origins()

    async def authorise(self, request: Request) -> Response:
        """Answer 204 with the project's host, or refuse with the status that the person is to get."""
        try:
            permission = await self._permission(request)
        except HubError as error:
            return refusal(error)
        headers = {
            "x-lyceum-host": permission.host,
            "x-lyceum-account": str(permission.account_id),
            "cache-control": "no-store",
        }
        return Response(status_code=204, headers=headers)

    async def _permission(self, request: Request) -> Permission:
        check_peer(request, "hub-proxy")
        shown = shown_by(request)
        check_origin(request, self._origins, shown)
        if request.headers.get("x-lyceum-kind") not in KINDS:
            raise InvalidError("X-Lyceum-Kind is missing or not known.")
        try:
            project_id = UUID(request.headers.get("x-lyceum-project", ""))
        except ValueError:
            raise InvalidError("X-Lyceum-Project is missing or no UUID.") from None
        return await self._services.permissions.may_reach(project_id, session=shown.session, api_key=shown.api_key)

    async def alive(self, _request: Request) -> Response:
        """Answer 200 if this process can do its work, 503 if not, to an edge or the hub proxy of this machine."""
        if self._services.background.closing:
            return PlainTextResponse("going down\n", 503)
        if await self._services.health.good():
            return PlainTextResponse("alive\n")
        return PlainTextResponse("the database cannot be reached\n", 503)
