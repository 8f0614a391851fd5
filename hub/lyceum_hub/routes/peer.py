"""Who is at the other end of the connection, by its certificate; and whom a request says it speaks for."""

from __future__ import annotations

import msgspec
from starlette.requests import HTTPConnection

from lyceum_hub.errors import ForbiddenError, HubError, NotSignedInError
from lyceum_hub.services import Services
from lyceum_hub.services.caller import Caller

#: Name of the session cookie. By the prefix, browsers take it only if Secure, for this host alone and for all paths.
COOKIE = "__Host-lyceum_session"

#: Name of the cookie on a project's own origin, good for that project alone.
PROJECT_COOKIE = "__Host-lyceum_project"

#: Key of the peer's service in a connection's state, put there by ``server.PeerProtocol``.
PEER = "peer_service"


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a request shows of who makes it."""

    session: str | None
    api_key: str | None


def shown_by(connection: HTTPConnection) -> Shown:
    """Return the session's token and the API key that a request carries."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    api_key = token.strip() if scheme.lower() == "bearer" and token.strip() else None
    return Shown(session=cookie(connection, COOKIE), api_key=api_key)


def cookie(connection: HTTPConnection, wanted: str) -> str | None:
    """Return the value of a cookie, or None."""
    for header in connection.headers.getlist("cookie"):
        for part in header.split(";"):
            name, separator, value = part.strip().partition("=")
            if separator and name == wanted and value:
                return value
    return None


async def caller_of(services: Services, shown: Shown) -> Caller | None:
    """Return who makes a request, or None. A wrong API key is an error, a cookie whose session ended is not."""
    if shown.api_key is not None:
        caller = await services.sessions.of_api_key(shown.api_key)
        if caller is None:
            raise NotSignedInError("This API key is not valid.")
        return caller
    if shown.session is not None:
        return await services.sessions.of_session(shown.session)
    return None


def check_peer(connection: HTTPConnection, service: str) -> None:
    """Raise ``ForbiddenError`` unless the peer's certificate is of this service."""
    if connection.scope.get("state", {}).get(PEER) != service:
        raise ForbiddenError("This is not served here.")


def check_origin(connection: HTTPConnection, origins: frozenset[str], shown: Shown) -> None:
    """Raise ``HubError`` (``foreign_origin``) if a page of another origin makes the request with a browser's cookie.

    A program with an API key may say any origin, since no browser adds that key by itself. A browser's word on where a
    request comes from (``Sec-Fetch-Site``) counts too: some requests have no ``Origin``, and a page under the same
    domain sends this site's cookies whatever their ``SameSite`` says.
    """
    if shown.api_key is not None:
        return
    origin = connection.headers.get("origin")
    site = connection.headers.get("sec-fetch-site", "none")
    if (origin is not None and origin.lower() not in origins) or site not in {"none", "same-origin"}:
        raise HubError("foreign_origin", "Requests from pages of other sites are refused.")


def address_of(connection: HTTPConnection) -> str:
    """Return the caller's IP address, as the edge saw it (the edge overwrites the header)."""
    forwarded = connection.headers.get("x-forwarded-for", "")
    last = forwarded.rpartition(",")[2].strip()
    if last:
        return last
    return connection.client.host if connection.client else "unknown"
