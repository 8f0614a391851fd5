"""What a project's sandbox is made of, on the host: folders, account files and terminals, made before each start."""

from __future__ import annotations

import ctypes
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from lyceum_compute.network.addresses import resolv_conf
from lyceum_compute.network.settings import host_resolvers

from . import mirror, requests

if TYPE_CHECKING:
    from lyceum_compute.network.settings import Network

    from .layout import Layout

ROOT = Path("/var/lib/lyceum/compute/root")
#: What the root of every sandbox consists of: folders to mount on, and links as on any Debian.
FOLDERS = (
    *("dev", "etc/project", "home/user", "mnt", "proc", "root", "run", "srv", "sys", "tmp"),
    *(f"opt/lyceum/{distribution}" for distribution in ("compute", "jupyter", "sage")),
    *("usr", "var/cache", "var/lib/texmf", "var/log", "var/tmp"),
)
LINKS = {
    "bin": "usr/bin",
    "lib": "usr/lib",
    "lib64": "usr/lib64",
    "sbin": "usr/sbin",
    "var/run": "/run",
    **{f"etc/{name}": f"project/{name}" for name in ("group", "hostname", "hosts", "passwd")},
}
FILES = {
    "etc/nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files dns\n",
    "etc/lyceum-requests.bpf": requests.program(),  # lyceum-enter-project loads it
}
#: What of the host's ``/etc`` projects find in theirs, as far as everybody on the host may read it.
ETC = (
    *("alternatives", "ca-certificates", "debian_version", "fonts", "gitconfig", "java-21-openjdk", "jupyter", "R"),
    *("bash.bashrc", "bash_completion.d", "inputrc", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "locale.alias"),
    *("locale.conf", "localtime", "magic", "mime.types", "nanorc", "os-release", "profile", "profile.d", "protocols"),
    *("papersize", "paperspecs", "services", "ssl", "terminfo", "texmf", "timezone", "vim"),
)
TTY_GROUP = 5
#: Who gets to a project's sockets, besides root: the folder says so, as giving each socket a group takes a process.
GATEWAY = "lyceum-gateway"
TERMINALS = 256
_libc = ctypes.CDLL(None, use_errno=True)
_MS_NOSUID, _MS_NOEXEC, _MNT_DETACH = 2, 8, 2


def prepare(layout: Layout, uid: int) -> None:
    """Make all that ``lyceum-project@.service`` binds into the sandbox. Raises ``OSError``."""
    etc = layout.run / "etc"
    terminals = layout.run / "pts"
    for folder, mode in ((layout.run, 0o710), (etc, 0o755), (terminals, 0o755)):
        folder.mkdir(exist_ok=True)
        if not os.path.ismount(folder):
            folder.chmod(mode)
    shutil.chown(layout.run, group=GATEWAY)
    _link(layout.run / "home", layout.home)
    for name, content in account_files(layout.name, uid, os.uname().nodename).items():
        _write(etc / name, content.encode())
    if not os.path.ismount(terminals):
        options = f"newinstance,ptmxmode=0666,mode=0620,gid={TTY_GROUP},max={TERMINALS}"
        _mount("devpts", terminals, "devpts", _MS_NOSUID | _MS_NOEXEC, options)


def make_root(network: Network, root: Path = ROOT, etc: Path = Path("/etc")) -> None:
    """Make the root of all sandboxes, which is read-only inside, or bring it up to date. Raises ``OSError``."""
    for name in FOLDERS:
        folder = root / name
        folder.mkdir(parents=True, exist_ok=True)
        for made in (folder, *folder.parents):
            if made.is_relative_to(root):
                made.chmod(0o755)
    for name, target in LINKS.items():
        _link(root / name, Path(target))
    names = resolv_conf(network, host_resolvers())
    for name, content in {**FILES, "etc/resolv.conf": names.encode()}.items():
        _write(root / name, content)
    for name in ETC:
        mirror.copy(etc / name, root / "etc" / name)


def remove(layout: Layout) -> None:
    """Undo ``prepare``; that some or all is gone already is fine. Raises ``OSError``."""
    terminals = layout.run / "pts"
    if not layout.run.exists():
        return
    while os.path.ismount(terminals):
        _unmount(terminals)
    for path in (layout.run / "home", *(layout.run / "etc").glob("*")):
        path.unlink(missing_ok=True)
    for path in layout.run.glob("*.sock"):
        path.unlink(missing_ok=True)
    for folder in (layout.run / "etc", terminals, layout.run):
        if folder.exists():
            folder.rmdir()


def account_files(name: str, uid: int, host: str) -> dict[str, str]:
    """Return the files of ``/etc`` that, inside, name only the project's own user."""
    return {
        "passwd": (
            "root:x:0:0:root:/root:/usr/sbin/nologin\n"
            f"{name}::{uid}:{uid}::/home/user:/bin/bash\n"
            "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
        ),
        "group": f"root:x:0:\ntty:x:{TTY_GROUP}:\n{name}:x:{uid}:\nnogroup:x:65534:\n",
        "hosts": f"127.0.0.1 localhost {host}\n::1 localhost ip6-localhost ip6-loopback {host}\n",
        "hostname": f"{host}\n",
    }


def _write(path: Path, content: bytes) -> None:
    """Write a file in place: a running sandbox may have it bound."""
    if path.exists() and path.read_bytes() == content:
        return
    path.write_bytes(content)
    path.chmod(0o644)


def _link(path: Path, target: Path) -> None:
    if path.is_symlink() and path.readlink() == target:
        return
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def _mount(source: str, target: Path, kind: str, flags: int, options: str) -> None:
    if _libc.mount(source.encode(), os.fsencode(target), kind.encode(), flags, options.encode()) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(target))


def _unmount(target: Path) -> None:
    if _libc.umount2(os.fsencode(target), _MNT_DETACH) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(target))
