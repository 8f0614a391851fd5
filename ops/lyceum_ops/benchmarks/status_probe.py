"""Runs on a compute machine with the hub's certificate: asks the daemon for its status, and prints what that took.

Printed as JSON: `milliseconds` (one figure for each answer), `cpu` (share of one core that the daemon used while nobody
asked it anything), `running` (projects).
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from lyceum_compute.protocol.client import Connection, TlsAddress
from lyceum_compute.protocol.identity import Identity, TlsSettings
from lyceum_compute.protocol.messages import Empty, HostStatus

PKI = Path("/etc/lyceum/pki")
PORT = 6000


async def ask(host: str, times: int) -> tuple[list[float], int]:
    """Ask so often, one after the other; milliseconds of each, and how many projects run."""
    files = TlsSettings(ca=f"{PKI}/ca.crt", certificate=f"{PKI}/hub.crt", key=f"{PKI}/hub.key")
    identity = Identity(files)
    address = TlsAddress("compute", host, PORT, identity)
    # The daemon tells every hub what happens: taken in, and not looked at.
    connection = Connection(address, *await address.open(), on_event=lambda _: None)
    reading = asyncio.create_task(connection.run())
    took, running = [], 0
    for _ in range(times):
        began = time.perf_counter()
        status = await connection.request("host_status", Empty(), HostStatus, timeout=30)
        took.append(1000 * (time.perf_counter() - began))
        running = status.running
    reading.cancel()
    return took, running


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(host: str, times: int, rest: float) -> None:
    """Measure and print."""
    question = ["systemctl", "show", "--property=MainPID", "--value", "lyceum-compute"]
    pid = int(subprocess.run(question, check=True, capture_output=True, text=True).stdout)
    before = cpu_seconds(pid)
    time.sleep(rest)
    idle = (cpu_seconds(pid) - before) / rest
    took, running = asyncio.run(ask(host, times))
    print(json.dumps({"milliseconds": took, "cpu": idle, "running": running}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
