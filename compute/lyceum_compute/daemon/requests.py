"""A filter for what projects run: of btrfs's own requests to a file (``ioctl``), only those that clone get through.

Whoever owns a folder may make a subvolume in it, and say in which quota groups it counts: in none at all, or in another
project's. The service manager's filters know system calls, not what is asked by them; this one is loaded where a
sandbox is entered (``setpriv --seccomp-filter``). System calls of another architecture are refused by the units.
"""

from __future__ import annotations

import errno
import os
import struct

_IOCTL = {"x86_64": 16, "aarch64": 29}
#: ``FICLONE``, ``FICLONERANGE`` and ``FIDEDUPERANGE``, by which ``cp`` copies a file without taking room.
_CLONING = (0x40049409, 0x4020940D, 0xC0189436)
#: Bits 8 to 15 of a request say whose it is.
_WHOSE, _BTRFS = 0xFF00, 0x9400

# linux/bpf_common.h, linux/seccomp.h
_LOAD, _AND, _EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x06
_NUMBER, _REQUEST = 0, 24
"""Where, in ``struct seccomp_data``, the call's number and the low half of its second argument are."""
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM


def program(machine: str = os.uname().machine) -> bytes:
    """Return the filter as the kernel takes it: an array of ``struct sock_filter``. Jumps are counted in steps."""
    cloning = [(_EQUAL, len(_CLONING) - number + 1, 0, request) for number, request in enumerate(_CLONING)]
    steps = [
        (_LOAD, 0, 0, _NUMBER),
        (_EQUAL, 0, len(cloning) + 3, _IOCTL[machine]),
        (_LOAD, 0, 0, _REQUEST),
        *cloning,
        (_AND, 0, 0, _WHOSE),
        (_EQUAL, 1, 0, _BTRFS),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
