"""What only services of the instance ask: the hub proxy for permissions, the edge for health."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lyceum_hub.errors import HubError, InvalidError, NotFoundError
from lyceum_hub.services import Services
from lyceum_hub.services.caller import name_of
from lyceum_hub.services.sessions import API_KEY_PREFIX
from lyceum_hub.services.visits import KINDS, Elsewhere, Visit

from .answers import refusal
from .peer import PROJECT_COOKIE, check_origin, check_peer, cookie, shown_by


class Internal:
    """Permissions and health."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._settings = services.settings

    async def authorise(self, request: Request) -> Response:
        """Answer 204 with the project's host, 401 with another address, or refuse with the person's status."""
        try:
            check_peer(request, "hub-proxy")
            decision = await self._services.visits.decide(self._visit(request))
        except HubError as error:
            return refusal(error)
        if isinstance(decision, Elsewhere):
            response = Response(status_code=401, headers={"x-lyceum-location": decision.location})
            if decision.cookie is not None:
                attributes = "Path=/; Secure; HttpOnly; SameSite=Lax"
                response.headers["x-lyceum-set-cookie"] = f"{PROJECT_COOKIE}={decision.cookie}; {attributes}"
            return response
        headers = {
            "x-lyceum-host": decision.host,
            "x-lyceum-account": str(decision.account_id),
            "x-lyceum-credential": name_of(decision.token_hash),
            "x-lyceum-name": quote(decision.name, safe=" "),
            "cache-control": "no-store",
        }
        return Response(status_code=204, headers=headers)

    def _visit(self, request: Request) -> Visit:
        project_id = _project_id(request.headers.get("x-lyceum-project", ""))
        kind = request.headers.get("x-lyceum-kind", "")
        if kind not in KINDS:
            raise InvalidError("X-Lyceum-Kind is missing or not known.")
        target = request.headers.get("x-lyceum-target", "")
        if not target.startswith(f"/{project_id}/{kind}"):
            raise InvalidError("X-Lyceum-Target is missing or another project's.")
        shown = shown_by(request)
        own = request.headers.get("x-lyceum-project-origin")
        if own is not None:
            if own != str(project_id):
                raise NotFoundError("This is the origin of another project.")
            shown = msgspec.structs.replace(shown, session=None, api_key=_ours(shown.api_key))
        origin = self._settings.project_origin(project_id) if own is not None else None
        origins = self._settings.origins() if origin is None else frozenset([origin])
        if not _navigates(request):
            check_origin(request, origins, shown)
        return Visit(
            project_id=project_id,
            kind=kind,
            target=target,
            own_origin=own is not None,
            page=_reads(request) and "text/html" in request.headers.get("accept", "").lower(),
            session=shown.session,
            api_key=shown.api_key,
            cookie=None if own is None else cookie(request, PROJECT_COOKIE),
        )

    async def alive(self, _request: Request) -> Response:
        """Answer 200 if this process can do its work, 503 if not, to an edge or the hub proxy of this machine."""
        if self._services.background.closing:
            return PlainTextResponse("going down\n", 503)
        if await self._services.health.good():
            return PlainTextResponse("alive\n")
        return PlainTextResponse("the database cannot be reached\n", 503)


def _project_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidError("X-Lyceum-Project is missing or no UUID.") from None


def _ours(api_key: str | None) -> str | None:
    """On a project's origin, its programs have tokens of their own; only what is an API key is read as one."""
    return api_key if api_key is not None and api_key.startswith(API_KEY_PREFIX) else None


def _reads(request: Request) -> bool:
    return request.headers.get("x-lyceum-method", "GET") in {"GET", "HEAD"}


def _navigates(request: Request) -> bool:
    """Whether somebody follows a link to here, which any page may have: the answer is not for that page to see."""
    mode, destination = request.headers.get("sec-fetch-mode"), request.headers.get("sec-fetch-dest")
    return _reads(request) and mode == "navigate" and destination == "document" and "origin" not in request.headers
