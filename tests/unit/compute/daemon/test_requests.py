from __future__ import annotations

import struct

import pytest
from lyceum_compute.daemon import requests

ALLOWED, REFUSED = 0x7FFF0000, 0x00050001
SUBVOL_CREATE_V2 = 0x50009418


def outcome(number: int, request: int) -> int:
    """Do what the kernel does with the filter, for a call with its second argument."""
    steps = list(struct.iter_unpack("=HBBI", requests.program("x86_64")))
    arguments, position, held = {0: number, 24: request & 0xFFFFFFFF}, 0, 0
    while True:
        code, true, false, value = steps[position]
        position += 1
        match code:
            case 0x20:
                held = arguments[value]
            case 0x54:
                held &= value
            case 0x15:
                position += true if held == value else false
            case 0x06:
                return int(value)
            case _:
                raise AssertionError(f"step {position} is of no known kind")


@pytest.mark.parametrize(
    ("number", "request_", "expected"),
    [
        (16, 0x5000940E, REFUSED),  # BTRFS_IOC_SUBVOL_CREATE
        (16, SUBVOL_CREATE_V2, REFUSED),
        (16, 0x50009417, REFUSED),  # BTRFS_IOC_SNAP_CREATE_V2
        (16, 0x4008941A, REFUSED),  # BTRFS_IOC_SUBVOL_SETFLAGS
        (16, 0xFFFFFFFF00000000 | SUBVOL_CREATE_V2, REFUSED),  # the kernel looks at the low half alone
        (16, 0x40049409, ALLOWED),  # FICLONE
        (16, 0x4020940D, ALLOWED),  # FICLONERANGE
        (16, 0xC0189436, ALLOWED),  # FIDEDUPERANGE
        (16, 0x5413, ALLOWED),  # TIOCGWINSZ
        (1, SUBVOL_CREATE_V2, ALLOWED),  # another call
    ],
)
def test_of_btrfs_s_requests_only_those_that_clone_get_through(number: int, request_: int, expected: int) -> None:
    assert outcome(number, request_) == expected


def test_each_machine_has_its_own_number() -> None:
    assert requests.program("aarch64") != requests.program("x86_64")
