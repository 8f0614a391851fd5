#!/usr/bin/python3
"""Gathers the few facts that roles use, under Ansible's own names.

A role stands as well with those that Ansible gathers; but its `hardware` subset, needed for the memory's size alone,
looks at every disk, mount and bus: seconds on a small machine.
"""

from __future__ import annotations

import os
import platform
import shlex
import socket
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: lyceum_facts
short_description: Gathers the few facts that roles use
description:
  - Sets distribution, distribution_version, distribution_major_version, distribution_release, hostname,
    memtotal_mb, processor_vcpus and architecture.
"""


def read_assignments(text: str) -> dict[str, str]:
    """The variables of a file such as /etc/os-release."""
    words = (shlex.split(line, comments=True) for line in text.splitlines())
    return dict(word.split("=", 1) for line in words for word in line if "=" in word)


def memory_mb(meminfo: str) -> int:
    """The size of the memory in MiB, from the text of /proc/meminfo."""
    line = next(line for line in meminfo.splitlines() if line.startswith("MemTotal:"))
    return int(line.split()[1]) // 1024


def main() -> None:
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    release = read_assignments(Path("/etc/os-release").read_text())
    version = release.get("VERSION_ID", "")
    facts = {
        "distribution": release.get("ID", "").capitalize(),
        "distribution_version": version,
        "distribution_major_version": version.partition(".")[0],
        "distribution_release": release.get("VERSION_CODENAME", ""),
        "hostname": socket.gethostname(),
        "memtotal_mb": memory_mb(Path("/proc/meminfo").read_text()),
        "processor_vcpus": len(os.sched_getaffinity(0)),
        "architecture": platform.machine(),
    }
    module.exit_json(changed=False, ansible_facts=facts)


if __name__ == "__main__":
    main()
