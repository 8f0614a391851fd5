"""What the gateway answers itself, in a project's stead."""

from __future__ import annotations

import html

import msgspec

END = b"\r\n\r\n"

_REASONS = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>{status} {reason}</title>'
    '<meta name="viewport" content="width=device-width"><h1>{reason}</h1><p>{message}</p></html>\n'
)


class RefusedError(Exception):
    """A request is not passed on; it is answered with this status, code and message."""

    def __init__(self, status: int, code: str, message: str, *, allow: str = "GET") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self._allow = allow

    def response(self, *, page: bool = False) -> bytes:
        """Return the whole answer: JSON for programs, or a page for people."""
        reason = _REASONS[self.status]
        if page:
            sentence = html.escape(f"{self.message[:1].upper()}{self.message[1:]}.")
            body = _PAGE.format(status=self.status, reason=reason, message=sentence).encode()
        else:
            body = msgspec.json.encode({"error": {"code": self.code, "message": self.message}}) + b"\n"
        lines = [
            f"HTTP/1.1 {self.status} {reason}",
            f"Content-Type: {'text/html; charset=utf-8' if page else 'application/json'}",
            f"Content-Length: {len(body)}",
            "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options: nosniff",
            "Cache-Control: no-store",
            "Connection: close",
        ]
        if self.status in (429, 503):
            lines.append("Retry-After: 2")
        if self.status == 405:
            lines.append(f"Allow: {self._allow}")
        return "\r\n".join(lines).encode() + END + body


class MovedError(RefusedError):
    """The address lacks its last slash, without which the links of a page would lead elsewhere."""

    def __init__(self, target: str) -> None:
        super().__init__(308, "moved", "this is elsewhere")
        self._target = target

    def response(self, *, page: bool = False) -> bytes:  # noqa: ARG002 nobody reads it
        """Return the whole answer."""
        lines = ["HTTP/1.1 308 Permanent Redirect", f"Location: {self._target}", "Content-Length: 0"]
        return "\r\n".join([*lines, "Cache-Control: no-store", "Connection: close"]).encode() + END
