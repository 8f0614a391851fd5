"""The head of a request as the project's program gets it: written anew, without what is not the program's business."""

from __future__ import annotations

import re

from .head import Head
from .refusal import END

#: Names of the hub's own cookies, whatever a browser makes of them.
OUR_COOKIE = re.compile(rb"(__host-|__secure-)?lyceum.*", re.IGNORECASE | re.DOTALL)

#: What concerns one connection alone, or is for the hub and nobody behind it.
_WITHHELD = frozenset(
    [
        b"connection",
        b"keep-alive",
        b"upgrade",
        b"te",
        b"trailer",
        b"proxy-connection",
        b"expect",
        b"cookie",
        b"authorization",
        b"proxy-authorization",
        b"x-forwarded-for",
        b"x-forwarded-prefix",
    ]
)
#: What a terminal's or a file's program has no use for, beside the above.
_WEBSOCKET_OPTIONS = frozenset([b"sec-websocket-extensions", b"sec-websocket-protocol"])
_OURS = b"x-lyceum-"


def written(head: Head) -> bytes:
    """Return the head for the project, its empty line included."""
    withheld = _WITHHELD if head.kind == "port" else _WITHHELD | _WEBSOCKET_OPTIONS
    target = head.target.removeprefix(head.prefix)
    lines = [b"%s %s HTTP/1.1" % (head.method.encode(), target)]
    for name, value in head.headers:
        if name.lower() not in withheld and not name.lower().startswith(_OURS):
            lines.append(name + b": " + value)
    if head.kind == "port" and (cookies := _cookies(head)):
        lines.append(b"Cookie: " + cookies)
    if head.prefix:
        lines.append(b"X-Forwarded-Prefix: " + head.prefix)
    lines.append(b"X-Lyceum-Account: " + head.account.encode())
    if head.service == "jupyter":  # it shows people who else is there
        lines += [b"X-Lyceum-Name: " + name for name in head.all(b"x-lyceum-name")[:1]]
    if head.kind in {"files", "raw"}:
        lines.append(b"X-Lyceum-Kind: " + head.kind.encode())
    if head.upgrade and head.kind in {"terminal", "port"}:
        lines += [b"Connection: Upgrade", b"Upgrade: websocket"]
    else:
        lines.append(b"Connection: close")
    return b"\r\n".join(lines) + END


def _cookies(head: Head) -> bytes:
    """Return the cookies that are the project's own."""
    kept = []
    for header in head.all(b"cookie"):
        for part in header.split(b";"):
            name = part.strip().partition(b"=")[0].strip()
            if part.strip() and not OUR_COOKIE.fullmatch(name):
                kept.append(part.strip())
    return b"; ".join(kept)
