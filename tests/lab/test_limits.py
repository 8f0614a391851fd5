"""What a machine of the lab can do that projects rely on: limits that the kernel holds, namespaces, file systems."""

from __future__ import annotations

import time

import pytest
from lyceum_ops.lab import definition
from lyceum_ops.remote import Machines, of_lab

from tests.lab.conftest import Tiny

pytestmark = pytest.mark.lab

HOG = "x = bytearray(300 * 2**20)"
SPIN = "import time\nend = time.monotonic() + 4\nwhile time.monotonic() < end: pass\nprint(time.process_time())"


def unit(machines: Machines, *words: str, properties: tuple[str, ...] = (), check: bool = True):
    """Run a program in a unit of its own, to its end."""
    options = [f"--property={text}" for text in properties]
    command = ["systemd-run", "--quiet", "--wait", "--pipe", "--collect", *options, *words]
    return machines.find("m1").run(*command, check=check, timeout=60)


def test_memory_limit_kills(tiny: Tiny) -> None:
    machines = of_lab(tiny.name)
    assert unit(machines, "python3", "-c", HOG, properties=("MemoryMax=400M",)).code == 0
    killed = unit(machines, "python3", "-c", HOG, properties=("MemoryMax=50M", "MemorySwapMax=0"), check=False)
    assert killed.code != 0


def test_task_limit_refuses(tiny: Tiny) -> None:
    script = "for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done; wait"
    refused = unit(of_lab(tiny.name), "bash", "-c", script, properties=("TasksMax=5",), check=False)
    assert "Resource temporarily unavailable" in refused.stderr


def test_processor_quota_holds(tiny: Tiny) -> None:
    used = unit(of_lab(tiny.name), "python3", "-c", SPIN, properties=("CPUQuota=20%",))
    assert float(used.stdout) < 4 * 0.5


def test_private_network_is_real(tiny: Tiny) -> None:
    shown = unit(of_lab(tiny.name), "ip", "-brief", "link", properties=("PrivateNetwork=yes",)).stdout
    assert [line.split()[0] for line in shown.splitlines()] == ["lo"]


def test_private_processes_are_real(tiny: Tiny) -> None:
    shown = unit(of_lab(tiny.name), "ps", "-e", "-o", "comm=", properties=("PrivatePIDs=yes",)).stdout
    assert "systemd-journal" not in shown


def test_the_data_disk_takes_btrfs_with_quotas(tiny: Tiny) -> None:
    script = """
set -e
export DEBIAN_FRONTEND=noninteractive
command -v mkfs.btrfs >/dev/null || apt-get install -qq -y --no-install-recommends btrfs-progs >/dev/null
umount /mnt 2>/dev/null || true
mkfs.btrfs -q -f /dev/lyceum-projects
mount -o noatime /dev/lyceum-projects /mnt
btrfs quota enable --simple /mnt
btrfs subvolume create /mnt/a >/dev/null
btrfs qgroup limit 20M /mnt/a
head -c 60000000 /dev/zero > /mnt/a/file
"""
    written = of_lab(tiny.name).find("m1").run("bash", "-c", script, check=False, timeout=180)
    assert "Disk quota exceeded" in written.stderr


def test_packages_come_and_nothing_else_does(tiny: Tiny) -> None:
    machine = of_lab(tiny.name).find("m1")
    assert machine.run("apt-get", "update", timeout=120).code == 0
    ask = (
        "import urllib.request as u, sys\n"
        f"u.install_opener(u.build_opener(u.ProxyHandler({{'http': 'http://{definition.GATEWAY}:{definition.PROXY_PORT}'}})))\n"
        "try: u.urlopen('http://example.org/', timeout=10)\n"
        "except OSError as error: print(error)"
    )
    assert "403" in machine.run("python3", "-c", ask).stdout


def test_a_reboot_from_inside_keeps_limits_and_address(tiny: Tiny) -> None:
    machines = of_lab(tiny.name)
    before = machines.find("m1").run("cat", "/proc/sys/kernel/random/boot_id", "/proc/1/stat").stdout
    machines.find("m1").run("systemctl", "reboot", check=False)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer = machines.find("m1").run("cat", "/proc/sys/kernel/random/boot_id", "/proc/1/stat", check=False)
        if answer.code == 0 and answer.stdout != before:
            break
        time.sleep(0.5)  # nothing tells from outside when sshd listens again
    killed = unit(machines, "python3", "-c", HOG, properties=("MemoryMax=50M",), check=False)
    assert killed.code != 0
