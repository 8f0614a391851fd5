"""Reading, listing, writing, signalling, tracing and connecting to another project and the host's services.

Given, in a file beside it: ``id``, ``name``, ``uid``, ``pids`` (on the host), ``abstract`` (socket names, hexadecimal), ``paths`` (of
sockets), ``ports`` (of the host), ``address`` (the host's), ``key`` (of System V memory), ``queue`` (of POSIX messages).
"""

import ctypes
import json
import os
import pwd
import socket
from pathlib import Path

given = json.loads(Path(__file__).with_name("given.json").read_text())
libc = ctypes.CDLL(None, use_errno=True)
found: dict[str, object] = {}


def attempt(name: str, action: object, *arguments: object) -> None:
    """Note what an action did: the name of its error, or that it was possible."""
    try:
        result = action(*arguments)  # type: ignore[operator]
        found[name] = "possible" if not isinstance(result, int) or result >= 0 else os.strerror(ctypes.get_errno())
    except (OSError, KeyError) as error:
        found[name] = type(error).__name__


def connect(family: int, kind: int, address: object) -> None:
    with socket.socket(family, kind) as opened:
        opened.settimeout(2)
        opened.connect(address)  # type: ignore[arg-type]


project, name = given["id"], given["name"]
for path in (
    f"/projects/{project}/home/secret.txt",
    f"/run/lyceum/projects/{name}/home/secret.txt",
    f"/home/{project}",
):
    attempt(f"read {path}", os.open, path, os.O_RDONLY)
    attempt(f"write {path}", os.open, path, os.O_WRONLY)
for up in range(1, 8):
    path = "../" * up + f"projects/{project}/home/secret.txt"
    attempt(f"read {path}", os.open, path, os.O_RDONLY)
for path in (
    "/projects",
    "/storage",
    "/run/lyceum",
    "/var/lib/lyceum",
    "/etc/lyceum",
    "/root",
    "/proc/1/root",
    "/var/log/journal",
):
    attempt(f"list {path}", lambda path=path: len(os.listdir(path)) or -1)
for pid in given["pids"]:
    attempt(f"signal {pid}", os.kill, pid, 0)
    attempt(f"hold {pid}", os.pidfd_open, pid)
    attempt(f"trace {pid}", lambda pid=pid: libc.ptrace(0x4206, pid, 0, 0))  # PTRACE_SEIZE
    attempt(f"enter {pid}", os.open, f"/proc/{pid}/ns/mnt", os.O_RDONLY)
    attempt(f"memory {pid}", os.open, f"/proc/{pid}/mem", os.O_RDWR)
for path in given["paths"]:
    attempt(f"connect {path}", connect, socket.AF_UNIX, socket.SOCK_STREAM, path)
for text in given["abstract"]:
    attempt(f"connect @{text}", connect, socket.AF_UNIX, socket.SOCK_STREAM, b"\0" + bytes.fromhex(text))
for port in given["ports"]:
    for address in ("127.0.0.1", given["address"]):
        attempt(f"connect {address}:{port}", connect, socket.AF_INET, socket.SOCK_STREAM, (address, port))
    attempt(f"connect [::1]:{port}", connect, socket.AF_INET6, socket.SOCK_STREAM, ("::1", port))
attempt("metadata", connect, socket.AF_INET, socket.SOCK_STREAM, ("169.254.169.254", 80))
attempt("metadata by IPv6", connect, socket.AF_INET6, socket.SOCK_STREAM, ("fd00:ec2::254", 80))
attempt("memory by key", libc.shmget, given["key"], 0, 0)
attempt("message queue", libc.mq_open, given["queue"].encode(), os.O_RDONLY)
attempt("shared memory", os.open, f"/dev/shm/{given['queue'].strip('/')}", os.O_RDONLY)
attempt("user by number", pwd.getpwuid, given["uid"])
attempt("user by name", pwd.getpwnam, name)

# Every process there is, and every text that might tell of another.
alive = []
for pid in range(1, 65536):
    try:
        os.kill(pid, 0)
        alive.append(pid)
    except ProcessLookupError:
        pass
    except PermissionError:
        found[f"process {pid}"] = "possible"  # it is there, and somebody else's
texts = []
for folder, folders, files in os.walk("/proc"):
    folders[:] = [each for each in folders if each not in {"task", "map_files", "sys", "fd", "root", "cwd"}]
    for file in files:
        if file in {"kmsg", "kcore", "pagemap", "clear_refs", "mem", "kpagecgroup", "kpagecount", "kpageflags"}:
            continue
        try:
            with open(os.path.join(folder, file), "rb", buffering=0) as opened:
                os.set_blocking(opened.fileno(), False)
                if text := opened.read(1 << 16):
                    texts.append((os.path.join(folder, file), text))
        except OSError:
            pass
wanted = [project.encode(), name.encode(), b"lyceum-compute", b"lyceum-hub"]
found["tells of others"] = sorted(path for path, text in texts if any(word in text for word in wanted))
found["alive"] = len(alive)
found["seen"] = len([each for each in os.listdir("/proc") if each.isdigit()])
print(json.dumps(found))
