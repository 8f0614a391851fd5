"""Console servers are forked by a process of the host, which shows nowhere: not in their rights, nor when it is gone."""

from __future__ import annotations

import pytest
from testinfra.host import Host

from tests.deployment import Deployment
from tests.instance.client import Client
from tests.instance.test_failures import stopped
from tests.instance.test_terminal import view

pytestmark = pytest.mark.faults

NURSERY = "lyceum-nursery.*"
#: What the kernel says of a shell's parent, which is the console server in a terminal and the local hub elsewhere.
LOOK = """
cd /proc/$PPID
grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp:|CoreDumping)' status
readlink ns/* root exe
cat limits oom_score_adj coredump_filter
"""
#: What it has open, but for what any server needs.
OPEN = "ls -l /proc/$PPID/fd | grep -E -v 'socket:|anon_inode:|/dev/null|/dev/pts' | tail -n +2"
#: Tells whether a process holds some bytes anywhere in what it may write.
SEARCH = """
import sys
pid, wanted = sys.argv[1], sys.argv[2].encode()
held = False
with open(f"/proc/{pid}/mem", "rb", 0) as memory, open(f"/proc/{pid}/maps") as maps:
    for place, rights, *_ in map(str.split, maps):
        first, last = (int(number, 16) for number in place.split("-"))
        if rights.startswith("rw"):
            memory.seek(first)
            held = held or wanted in memory.read(last - first)
print(held)
"""


@pytest.fixture
def machine(deployment: Deployment, shared_client: Client, shared_project: str) -> Host:
    """The project's host."""
    return deployment.host(shared_client.project(shared_project)["host"])


def console(machine: Host, project: str) -> str:
    """The number of a project's console server on its host."""
    unit = f"lyceum-console@{project.replace('-', '')}"
    return str(machine.check_output(f"systemctl show --property=MainPID --value {unit}"))


async def run_in_terminal(client: Client, project: str, script: str) -> str:
    """Source a script in a terminal of a project; gives its output."""
    client.call("write_text_file", project_id=project, path="script", content=script)
    async with view(client, project, "main") as viewer:
        await viewer.type("(. ./script) >output 2>&1; echo do''ne\n")
        await viewer.until("done\r\n")
        await viewer.say(end=True)
        await viewer.closed()
    return str(client.call("read_text_file", project_id=project, path="output")["content"])


async def test_a_forked_server_has_no_other_rights_than_one_that_was_started(
    shared_client: Client, shared_project: str
) -> None:
    forked = await run_in_terminal(shared_client, shared_project, LOOK)
    assert "CapBnd:\t0000000000000000" in forked
    assert forked == shared_client.run(shared_project, LOOK)["stdout"]
    assert await run_in_terminal(shared_client, shared_project, OPEN) == ""
    made = await run_in_terminal(shared_client, shared_project, "/usr/bin/btrfs subvolume create inner; ls -d inner")
    assert "Operation not permitted" in made
    assert "cannot access 'inner'" in made


async def test_a_forked_server_knows_nothing_of_those_before_it(
    shared_client: Client, shared_project: str, client: Client, project: str, machine: Host
) -> None:
    await run_in_terminal(client, project, "true")
    await run_in_terminal(shared_client, shared_project, "true")
    own, other = (name.replace("-", "") for name in (shared_project, project))
    pid = console(machine, shared_project)
    assert machine.check_output("python3 -c %s %s %s", SEARCH, pid, own) == "True"
    assert machine.check_output("python3 -c %s %s %s", SEARCH, pid, other) == "False"


async def test_terminals_outlive_it_and_start_without_it(deployment: Deployment, client: Client, project: str) -> None:
    host = client.project(project)["host"]
    async with view(client, project, "before") as viewer:
        await viewer.type("echo be''fore\n")
        await viewer.until("before\r\n")
        with stopped(deployment, host, NURSERY):
            await viewer.type("echo with''out\n")
            await viewer.until("without\r\n")
            client.call("restart_project", project_id=project, wait=60)
            assert await run_in_terminal(client, project, "echo started") == "started\n"
