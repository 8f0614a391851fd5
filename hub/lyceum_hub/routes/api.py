"""``POST /api/v1/<event>`` and the document that describes all events."""

from __future__ import annotations

import logging
import time

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from lyceum_hub.errors import HubError
from lyceum_hub.operations import Call
from lyceum_hub.operations.dispatch import check_who, decode, find, perform
from lyceum_hub.services import Services

from . import openapi
from .answers import answer, change_cookie, refusal
from .peer import address_of, caller_of, check_origin, check_peer, shown_by

log = logging.getLogger(__name__)


class Api:
    """The operations over HTTP."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._origins = services.settings.origins()
        self._document: bytes | None = None

    async def call(self, request: Request) -> Response:
        """Perform one operation."""
        event = request.path_params["event"]
        begun = time.monotonic()
        try:
            response = await self._perform(request, event)
        except HubError as error:
            response = refusal(error)
            if response.status_code == 405:
                response.headers["allow"] = "POST"
        except ClientDisconnect:
            response = Response(status_code=400)  # nobody is there to read it
        log.info(
            "%s %s",
            event[:64],
            response.status_code,
            extra={"action": event[:64], "status": response.status_code, "seconds": round(time.monotonic() - begun, 3)},
        )
        return response

    async def _perform(self, request: Request, event: str) -> Response:
        check_peer(request, "edge")
        shown = shown_by(request)
        check_origin(request, self._origins, shown)
        operation = find(event)
        if request.method != "POST":
            raise HubError("method_not_allowed", "Events are called with POST.")
        caller = await caller_of(self._services, shown)
        check_who(operation, caller)
        fields = decode(await self._body(request) or b"{}")
        call = Call(self._services, caller, address_of(request))
        output = await perform(call, operation, fields)
        response = answer(output)
        if call.cookie is not None:
            change_cookie(response, call.cookie)
        return response

    async def _body(self, request: Request) -> bytes:
        most = self._services.settings.limits.message
        too_large = HubError("too_large", f"The message is longer than {most} bytes.")
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > most:
            raise too_large
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise too_large
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if body and kind != "application/json":
            raise HubError("wrong_media_type", "The message must be sent with Content-Type: application/json.")
        return bytes(body)

    async def openapi(self, request: Request) -> Response:
        """Return the OpenAPI document."""
        try:
            check_peer(request, "edge")
        except HubError as error:
            return refusal(error)
        if self._document is None:
            self._document = openapi.encoded(self._services.settings.site_name)
        return Response(self._document, media_type="application/json", headers={"cache-control": "no-cache"})
