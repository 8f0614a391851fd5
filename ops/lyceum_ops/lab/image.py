"""The Debian image that every machine of a lab is a copy-on-write copy of; made once for each recipe."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shlex
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from lyceum_ops import programs
from lyceum_ops.lab import definition, mirror
from lyceum_ops.lab.definition import GATEWAY, PROXY_PORT, write_file

CACHE = Path("/var/cache/lyceum/images")
SUITE = "trixie"
KEPT_SECONDS = 7 * 86400
INIT = "/usr/lib/lyceum-lab/init"
# What a machine needs before anything can be deployed on it, and what Debian's own cloud images bring along.
INCLUDED = (
    "ca-certificates", "dbus", "iproute2", "kmod", "libpam-systemd", "openssh-client", "openssh-server", "openssl",
    "procps", "python3", "python3-apt", "sudo", "systemd", "systemd-sysv", "systemd-timesyncd", "unattended-upgrades",
)  # fmt: skip
# Version 1 control groups come read-only into a machine: opened for systemd, so that it can enforce limits.
INIT_SCRIPT = """\
#!/bin/sh
for controller in memory pids cpu cpuacct; do
  if [ -d "/sys/fs/cgroup/$controller" ]; then
    mount -o remount,bind,rw "/sys/fs/cgroup/$controller"
  fi
done
exec /usr/lib/systemd/systemd "$@"
"""
FILES = {
    "etc/apt/apt.conf.d/90lyceum-lab": f"""\
// The lab's machines reach package mirrors, and nothing else, through the switch.
Acquire::http::Proxy "http://{GATEWAY}:{PROXY_PORT}";
Acquire::https::Proxy "http://{GATEWAY}:{PROXY_PORT}";
APT::Keep-Downloaded-Packages "true";
""",
    "etc/dpkg/dpkg.cfg.d/90lyceum-lab": """\
# A lab machine's system can be made anew: no need to wait for the disk after each file.
force-unsafe-io
path-exclude=/usr/share/man/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/doc/*
path-include=/usr/share/doc/*/copyright
""",
    "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
    INIT.lstrip("/"): INIT_SCRIPT,
}


def packages() -> list[str]:
    """Packages whose files the image holds ready to install."""
    text = (Path(__file__).parent / "packages.txt").read_text(encoding="utf-8")
    return sorted({word for line in text.splitlines() if (word := line.split("#")[0].strip())})


def identity(source: mirror.Mirror) -> str:
    """A name for the image that changes with anything in its recipe."""
    recipe = [SUITE, source.sources(SUITE), INCLUDED, packages(), FILES, 1]
    return hashlib.sha256(msgspec.json.encode(recipe)).hexdigest()[:16]


def path_of(image: str) -> Path:
    """Where an image lives."""
    return CACHE / image


def ready(image: str) -> bool:
    """Tell whether an image is there, whole."""
    return path_of(image).is_dir()


def build(source: mirror.Mirror) -> str:
    """Build the image unless it is there; returns its name. An interrupted build leaves no half image."""
    name = identity(source)
    with _lock():
        if ready(name):
            return name
        _remove_unused()
        partial = CACHE / f"{name}.partial"
        hooks = partial.with_suffix(".files")
        _write_files(hooks)
        # A mount namespace of its own: what mmdebstrap mounts goes away with it, however it ends.
        programs.run(
            ["unshare", "--mount", "--propagation", "private", "mmdebstrap", *_arguments(source, partial, hooks)],
            timeout=1200,
        )
        shutil.rmtree(hooks)
        os.utime(partial)
        partial.rename(path_of(name))
    return name


def _arguments(source: mirror.Mirror, target: Path, hooks: Path) -> list[str]:
    download = ["apt-get", "install", "--download-only", "--yes", "--no-install-recommends", *packages()]
    return [
        "--mode=root",
        "--variant=minbase",
        "--format=directory",
        "--skip=cleanup/apt",
        f"--include={','.join(INCLUDED)}",
        f'--customize-hook=chroot "$1" apt-get clean && chroot "$1" {shlex.join(download)}',
        '--customize-hook=rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/machine-id "$1"/etc/hostname',
        f"--customize-hook=copy-in {hooks}/etc {hooks}/usr /",
        SUITE,
        str(target),
        *source.sources(SUITE),
    ]


def _write_files(folder: Path) -> None:
    """Lay out the files that are copied into the image."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in FILES.items():
        write_file(folder / name, text, mode=0o755 if name == INIT.lstrip("/") else 0o644)


def _remove_unused() -> None:
    """Remove half images, and those that no lab's machine stands on and nobody made of late."""
    used = {
        machine.image
        for name in definition.names()
        if (lab := definition.load(name)) is not None
        for machine in lab.machines
    }
    for path in CACHE.iterdir():
        half = path.suffix in {".partial", ".files"}
        old = time.time() - path.stat().st_mtime > KEPT_SECONDS
        if path.is_dir() and path.name not in used and (half or old):
            programs.run(["rm", "--recursive", "--force", "--one-file-system", str(path)])


@contextmanager
def _lock() -> Iterator[None]:
    """Hold the cache: one builds, others wait and find it built."""
    CACHE.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(CACHE.parent / "images.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
