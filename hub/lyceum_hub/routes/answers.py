"""Answers in JSON."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from lyceum_hub.errors import HubError
from lyceum_hub.operations import CookieChange

from .peer import COOKIE

_encoder = msgspec.json.Encoder()


def answer(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return JSON that nobody stores."""
    response = Response(_encoder.encode(body), status, media_type="application/json")
    response.headers["cache-control"] = "no-store"
    response.headers["x-content-type-options"] = "nosniff"
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response


def refusal(error: HubError) -> Response:
    """Return an error with its status."""
    headers = {} if error.retry_after is None else {"retry-after": str(error.retry_after)}
    if error.status == 401:
        headers["www-authenticate"] = "Cookie"
    return answer({"error": error.body()}, error.status, headers)


def change_cookie(response: Response, change: CookieChange) -> None:
    """Set the session cookie, or take it away."""
    session = change.session
    if session is None:
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    else:
        response.set_cookie(
            COOKIE, session.token, max_age=session.max_age, path="/", secure=True, httponly=True, samesite="lax"
        )
