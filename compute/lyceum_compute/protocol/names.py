r"""Names of files as text: the bytes of a name and what JSON can hold of it, there and back.

A name is bytes. What is UTF-8 travels as that text; a byte that is none travels as ``\xNN`` (two lower-case hexadecimal
digits), and a backslash of the name itself that could be mistaken for the beginning of such a group as ``\x5c``. Only
bytes from 0x80 and the backslash can be written so: no group stands for ``/``, a dot or a NUL, so a path can be checked
as the text that it is.
"""

from __future__ import annotations

import re

_GROUP = re.compile(r"\\x([89a-f][0-9a-f]|5c)")
_MISTAKABLE = re.compile(r"\\(?=x(?:[89a-f][0-9a-f]|5c))")


def text_of(name: bytes) -> str:
    """Return a name, or a path of several, as text that every JSON reader takes."""
    try:
        text = name.decode("utf-8")
    except UnicodeDecodeError:
        text = name.decode("utf-8", "surrogateescape")
    if "\\" in text:
        text = _MISTAKABLE.sub(r"\\x5c", text)
    return "".join(f"\\x{ord(c) - 0xDC00:02x}" if "\udc80" <= c <= "\udcff" else c for c in text)


def bytes_of(text: str) -> bytes:
    """Return the name that a text stands for. Raises ``UnicodeEncodeError`` for one that is no text."""
    parts = _GROUP.split(text)
    for place, part in enumerate(parts):
        if place % 2 == 0:
            part.encode()  # a lone surrogate is no text
        else:
            parts[place] = bytes.fromhex(part).decode("utf-8", "surrogateescape")
    return "".join(parts).encode("utf-8", "surrogateescape")
