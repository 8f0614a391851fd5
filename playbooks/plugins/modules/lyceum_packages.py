#!/usr/bin/python3
"""Installs Debian packages. When all are there, which is nearly always, it costs some milliseconds: only dpkg is asked.

ansible.builtin.apt opens apt's whole cache for that, half a second of processor time on each machine for each role,
and needs python3-apt before it can even say what it would do.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: lyceum_packages
short_description: Installs Debian packages that are missing
options:
  name: {description: Names of packages., type: list, elements: str, required: true}
  install_recommends: {description: Whether to install what they recommend., type: bool, default: false}
  cache_valid_time: {description: How old apt's lists may be, in seconds., type: int, default: 86400}
"""

NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+(:[a-z0-9]+)?")
LISTS = Path("/var/lib/apt/lists")
ENVIRONMENT = {
    "DEBIAN_FRONTEND": "noninteractive",
    "LANG": "C.UTF-8",
    "NEEDRESTART_SUSPEND": "1",  # what must restart is restarted by the roles
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
}
OPTIONS = (
    "--yes",
    "--quiet",
    "-oDPkg::Lock::Timeout=600",  # the nightly upgrade may be at work
    "-oDpkg::Options::=--force-confdef",
    "-oDpkg::Options::=--force-confold",
)


def missing(names: list[str]) -> list[str]:
    """Those of the packages that are not installed."""
    shown = subprocess.run(
        ["/usr/bin/dpkg-query", "--show", "--showformat=${Package} ${Architecture} ${db:Status-Status}\n", *names],
        check=False,  # it fails when dpkg has never heard of one
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    installed: set[str] = set()
    for line in shown.splitlines():
        package, architecture, status = line.split(" ")
        if status == "installed":
            installed.update((package, f"{package}:{architecture}"))
    return [name for name in names if name not in installed]


def apt(*arguments: str) -> str:
    """Run apt-get with the proxy that the machine's administrator may have set for root, and without questions."""
    proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    return subprocess.run(
        ["/usr/bin/apt-get", *OPTIONS, *arguments],
        check=True,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=3600,
        env=ENVIRONMENT | proxies,
    ).stdout


def lists_are_older_than(seconds: int) -> bool:
    """Whether apt's lists are older than this, or not there."""
    found = [path.stat().st_mtime for path in LISTS.glob("*_InRelease")] if LISTS.is_dir() else []
    return not found or time.time() - max([LISTS.stat().st_mtime, *found]) > seconds


def install(names: list[str], *, recommends: bool, valid: int) -> None:
    """Install packages; with lists that are too old, or that name what the mirror no longer has, after an update."""
    arguments = ["install", "--install-recommends" if recommends else "--no-install-recommends", *names]
    if lists_are_older_than(valid):
        apt("update")
        apt(*arguments)
        return
    try:
        apt(*arguments)
    except subprocess.CalledProcessError:
        apt("update")
        apt(*arguments)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "list", "elements": "str", "required": True},
            "install_recommends": {"type": "bool", "default": False},
            "cache_valid_time": {"type": "int", "default": 86400},
        },
        supports_check_mode=True,
    )
    names = module.params["name"]
    if bad := [name for name in names if not NAME.fullmatch(name)]:
        module.fail_json(msg=f"{', '.join(map(repr, bad))} is no name of a Debian package")
    wanted = missing(names) if names else []
    if wanted and not module.check_mode:
        try:
            recommends, valid = module.params["install_recommends"], module.params["cache_valid_time"]
            install(wanted, recommends=recommends, valid=valid)
        except subprocess.CalledProcessError as error:
            told = (error.stderr.strip() or error.stdout.strip())[-4000:]
            module.fail_json(msg=f"apt-get could not install {' '.join(wanted)}:\n{told}")
        except subprocess.TimeoutExpired:
            module.fail_json(msg=f"apt-get did not install {' '.join(wanted)} within an hour")
    module.exit_json(changed=bool(wanted), installed=wanted)


if __name__ == "__main__":
    main()
