"""Doors into the kernel: namespaces, mounts, devices, system calls of administrators, settings, strange sockets."""

import ctypes
import json
import os
import resource
import shutil
import signal
import socket
import stat
import subprocess

libc = ctypes.CDLL(None, use_errno=True)
found: dict[str, object] = {}
#: System calls by their numbers on x86-64 and, where they differ, on 64-bit ARM.
CALLS = {
    "acct": (163, 89), "add_key": (248, 217), "bpf": (321, 280), "chroot": (161, 51), "clock_settime": (227, 112),
    "delete_module": (176, 106), "fanotify_init": (300, 262), "finit_module": (313, 273), "fsmount": (432, 432),
    "fsopen": (430, 430), "init_module": (175, 105), "io_setup": (206, 0), "io_uring_setup": (425, 425), "kexec_load": (246, 104),
    "keyctl": (250, 219), "mount": (165, 40), "mount_setattr": (442, 442), "move_mount": (429, 429),
    "open_by_handle_at": (304, 265), "open_tree": (428, 428), "perf_event_open": (298, 241), "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41), "quotactl": (179, 60), "reboot": (169, 142), "request_key": (249, 218),
    "sethostname": (170, 161), "settimeofday": (164, 170), "swapon": (167, 224), "syslog": (103, 116), "umount2": (166, 39),
    "userfaultfd": (323, 282), "vhangup": (153, 58),
}  # fmt: skip
NAMESPACES = {
    "cgroup": 0x02000000, "ipc": 0x08000000, "mount": 0x00020000, "network": 0x40000000, "process": 0x20000000,
    "time": 0x00000080, "user": 0x10000000, "uts": 0x04000000,
}  # fmt: skip
arm = os.uname().machine == "aarch64"


def attempt(name: str, action: object, *arguments: object) -> None:
    """Note what an action did: the name of its error, or that it was possible."""
    try:
        result = action(*arguments)  # type: ignore[operator]
        refused = isinstance(result, int) and not isinstance(result, bool) and result < 0
        found[name] = os.strerror(ctypes.get_errno()) if refused else "possible"
    except (OSError, ValueError) as error:
        found[name] = type(error).__name__


def in_child(action: object) -> int:
    """Do something in a process of its own, which may be killed for it; 0 if it was possible."""
    child = os.fork()
    if child == 0:
        os._exit(0 if action() >= 0 else 1)  # type: ignore[operator]
    return -os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) or 0


for name, numbers in CALLS.items():
    attempt(f"call {name}", libc.syscall, numbers[arm], *([ctypes.c_long(0)] * 6))
    if found[f"call {name}"] in {"Bad address", "Invalid argument", "Bad file descriptor"}:
        found[f"call {name}"] = "possible"  # the kernel looked at the arguments
for name, flag in NAMESPACES.items():
    attempt(f"unshare {name}", lambda flag=flag: 0 if in_child(lambda: libc.unshare(flag)) == 0 else -1)
    own = {"mount": "mnt", "network": "net", "process": "pid"}.get(name, name)
    attempt(f"enter {name}", lambda own=own: libc.setns(os.open(f"/proc/1/ns/{own}", os.O_RDONLY), 0))
clone3 = (ctypes.c_uint64 * 11)(0x10000000)
attempt("clone3 user", lambda: libc.syscall(435, clone3, ctypes.sizeof(clone3)))
for target in ("/tmp", "/home/user", "/proc", "/sys"):
    attempt(f"mount on {target}", libc.mount, b"tmpfs", target.encode(), b"tmpfs", 0, None)
    attempt(f"bind /etc on {target}", libc.mount, b"/etc", target.encode(), None, 4096, None)
for target in ("/usr", "/etc", "/opt", "/var", "/"):
    attempt(f"write in {target}", os.open, f"{target}/x", os.O_WRONLY | os.O_CREAT)
for number, (name, major) in enumerate((("memory", 1), ("fuse", 10), ("disk", 259), ("loop", 7))):
    kind = stat.S_IFCHR if major < 11 and name != "loop" else stat.S_IFBLK
    attempt(
        f"device {name}",
        os.mknod,
        f"/tmp/device{number}",
        kind | 0o600,
        os.makedev(major, 229 if name == "fuse" else 1),
    )
for path in ("/dev/fuse", "/dev/kmsg", "/dev/mem", "/dev/kvm", "/dev/net/tun", "/dev/loop-control", "/dev/btrfs-control",
             "/dev/vsock", "/dev/vhost-net", "/proc/kcore", "/proc/kmsg", "/proc/sysrq-trigger", "/dev/mapper/control"):  # fmt: skip
    attempt(f"open {path}", os.open, path, os.O_RDONLY if path.startswith("/proc/k") else os.O_WRONLY)
found["devices"] = sorted(os.listdir("/dev"))
writable = []
for top in ("/proc/sys", "/sys"):
    for folder, _folders, files in os.walk(top):
        for file in files:
            try:
                os.close(os.open(os.path.join(folder, file), os.O_WRONLY | os.O_NONBLOCK))
                writable.append(os.path.join(folder, file))
            except OSError:
                pass
found["kernel settings open to be written"] = writable
found["/sys"] = sorted(
    each
    for each in ("fs", "kernel", "module", "firmware")
    if os.path.isdir(f"/sys/{each}") and os.access(f"/sys/{each}", os.R_OK)
)
families = []
for family in range(46):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        try:
            socket.socket(family, kind).close()
            families.append(family)
        except OSError:
            pass
found["families"] = sorted(set(families) - {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK})
for family in (socket.AF_INET, socket.AF_INET6):
    for protocol in (socket.IPPROTO_ICMP, socket.IPPROTO_RAW, socket.IPPROTO_TCP):
        attempt(f"raw {family}/{protocol}", socket.socket, family, socket.SOCK_RAW, protocol)
attempt("low port", lambda: socket.create_server(("127.0.0.1", 0)).close() or -1)
for command in (
    "ip link add x type dummy",
    "ip link set lo down",
    "nft list ruleset",
    "tc qdisc add dev lo root pfifo",
):
    ended = subprocess.run(command.split(), capture_output=True) if shutil.which(command.split()[0]) else None
    found[command] = "absent" if ended is None else "possible" if ended.returncode == 0 else "refused"

# More rights.
for name, action in {
    "setuid": lambda: os.setuid(0), "setgid": lambda: os.setgid(0), "setgroups": lambda: os.setgroups([0]),
    "nice": lambda: os.nice(-5), "own program with setuid": lambda: os.chmod("/tmp/program", 0o4755),
    "own program with setgid": lambda: os.chmod("/tmp/program", 0o2755), "give away": lambda: os.chown("/tmp/program", 0, 0),
    "core": lambda: resource.setrlimit(resource.RLIMIT_CORE, (1, 1)),
    "real time": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    "capability": lambda: libc.prctl(47, 2, 21, 0, 0), "new privileges": lambda: libc.prctl(38, 0, 0, 0, 0),
}.items():  # fmt: skip
    with open("/tmp/program", "wb"):
        pass
    attempt(name, action)
for program in ("su", "mount", "umount", "passwd", "chsh", "newgrp", "gpasswd", "ping", "fusermount3", "sudo"):
    ran = subprocess.run(
        ["sh", "-c", f"command -v {program} >/dev/null && {program} -c 'id -u' </dev/null"], capture_output=True
    )
    if ran.stdout.strip() == b"0":
        found[f"setuid {program}"] = "possible"

# A crash leaves no image of memory.
os.chdir("/tmp")
child = os.fork()
if child == 0:
    os.kill(os.getpid(), signal.SIGSEGV)
found["core dumped"] = os.WCOREDUMP(os.waitpid(child, 0)[1]) or any(each.startswith("core") for each in os.listdir("."))

# Links.
for source in ("/usr/bin/passwd", "/etc/project/passwd", "/etc/profile"):
    attempt(f"hard link to {source}", os.link, source, f"/home/user/link-{os.path.basename(source)}")
print(json.dumps(found))
