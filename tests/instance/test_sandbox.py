"""What a project's own programs see and may, through both ways in: a command, and a terminal."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import pytest

from tests.instance.client import Client
from tests.instance.test_terminal import view

pytestmark = pytest.mark.lab

Run = Callable[[str], str]


QUIET = "PS1= PS2= PROMPT_COMMAND=; stty -echo; bind 'set enable-bracketed-paste off'"


async def _in_terminal(client: Client, project: str, script: str) -> str:
    async with view(client, project, "sandbox", query="?columns=1000") as viewer:
        await viewer.type(f"{QUIET}; echo THE-''BEGINNING\n")
        await viewer.until("THE-BEGINNING\r\n")
        await viewer.type(f"{{ {script}; }} 2>&1; echo THE-''END; exit\n")
        await viewer.until("THE-END\r\n")
        await viewer.closed()  # the next script gets a shell of its own
        printed = viewer.output.decode().replace("\r\n", "\n")
        return printed.partition("THE-BEGINNING\n")[2].rpartition("THE-END\n")[0]


@pytest.fixture
def client(shared_client: Client) -> Client:
    return shared_client


@pytest.fixture
def project(shared_project: str) -> str:
    return shared_project


@pytest.fixture(params=["command", "terminal"])
def run(request: pytest.FixtureRequest, client: Client, project: str) -> Run:
    """Runs a script in the project and gives what it printed."""

    def run(script: str) -> str:
        if request.param == "terminal":
            return asyncio.run(_in_terminal(client, project, script))
        return str(client.run(project, f"{{ {script}; }} 2>&1")["stdout"])

    return run


def test_no_privileges(run: Run) -> None:
    status = run("cat /proc/self/status")
    fields = dict(re.findall(r"^(\w+):[ \t]*(.*)$", status, re.MULTILINE))
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(fields[name], 16) == 0, name
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"
    assert fields["Groups"].strip() == ""
    assert len(set(fields["Uid"].split())) == 1
    assert int(fields["Uid"].split()[0]) >= 100_000


@pytest.mark.parametrize(
    "command", ["unshare -U true", "unshare -n true", "mount -t tmpfs none /tmp", "nsenter -t 1 -m true", "su -c true"]
)
def test_no_way_to_more(run: Run, command: str) -> None:
    assert run(f"{command} && echo POSS''IBLE").count("POSSIBLE") == 0


def test_nothing_of_the_host_or_of_others(run: Run, client: Client) -> None:
    other = client.running_project("Other")
    client.call("write_text_file", project_id=other, path="secret.txt", content="secret")
    seen = run(
        "ls /home; ls -d /projects /storage /etc/lyceum /run/lyceum /var/lib/lyceum /root/*; cut -d: -f1 /etc/passwd; "
        "ps -eo args; cat /proc/self/mountinfo /proc/net/unix; ls /sys/fs/cgroup; env"
    )
    assert other not in seen
    assert other.replace("-", "") not in seen
    for path in ("/projects", "/storage", "/etc/lyceum", "/run/lyceum", "/var/lib/lyceum"):
        assert f"cannot access '{path}'" in seen
    tried = run(
        f"cat /projects/{other}/home/secret.txt ../{other}/secret.txt; find / -name secret.txt -exec cat {{}} +"
    )
    assert "secret" not in {line.strip() for line in tried.splitlines()}


def test_only_its_own_loopback(run: Run) -> None:
    assert re.findall(r"^\s*(\w+):", run("cat /proc/net/dev"), re.MULTILINE) == ["lo"]
    assert "REACHED" not in run("timeout 3 bash -c '</dev/tcp/127.0.0.1/22' && echo REACH''ED")


def test_environment(run: Run) -> None:
    names = set(re.findall(r"^(\w+)=", run("env"), re.MULTILINE))
    assert {"HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "PATH"} <= names
    assert not {name for name in names if re.search(r"SYSTEMD|NOTIFY|LISTEN|JOURNAL|INVOCATION|SSH|SUDO", name)}


def test_both_ways_lead_into_the_same_namespaces(client: Client, project: str) -> None:
    script = "for n in mnt pid net ipc uts cgroup user; do readlink /proc/self/ns/$n; done"
    by_command = client.run(project, script)["stdout"].split()
    assert len(by_command) == 7
    assert asyncio.run(_in_terminal(client, project, script)).split()[-7:] == by_command


def test_no_descriptor_is_left_open(run: Run) -> None:
    assert set(run("command ls /proc/self/fd").split()) <= {"0", "1", "2", "3", "255"}
