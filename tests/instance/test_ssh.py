"""SSH into projects, with OpenSSH's own client: what works, what is refused, and that it is the same sandbox."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pty
import select
import socket
import struct
import subprocess
import termios
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.deployment import Deployment
from tests.instance.client import Client, refused
from tests.instance.conftest import ClientMaker

Completed = subprocess.CompletedProcess[bytes]
LARGE = 32 * 1024 * 1024


@dataclass
class Ssh:
    """OpenSSH's client with a key, nobody's settings, and the host key as the instance tells it."""

    folder: Path
    port: int
    key: Path
    host: str = "localhost"

    def options(self, *, port_flag: str = "-p") -> list[str]:
        settings = {
            "UserKnownHostsFile": self.folder / "known_hosts",
            "StrictHostKeyChecking": "yes",
            "IdentitiesOnly": "yes",
            "BatchMode": "yes",
            "ConnectTimeout": 20,
        }
        words = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
        return ["-F", "none", "-i", str(self.key), *words, port_flag, str(self.port)]

    def command(self, project: str, *arguments: str, options: tuple[str, ...] = ()) -> list[str]:
        return ["ssh", *self.options(), *options, f"{project}@{self.host}", *arguments]

    def run(self, project: str, *arguments: str, options: tuple[str, ...] = (), stdin: bytes = b"") -> Completed:
        command = self.command(project, *arguments, options=options)
        return subprocess.run(command, check=False, capture_output=True, input=stdin, timeout=120)  # noqa: S603

    def out(self, project: str, script: str, **more: Any) -> str:
        done = self.run(project, script, **more)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode().strip()

    def with_key(self, key: Path) -> Ssh:
        return Ssh(self.folder, self.port, key, self.host)


def make_key(folder: Path, name: str) -> Path:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)]
    subprocess.run(command, check=True, timeout=30)  # noqa: S603
    return folder / name


def public(key: Path) -> str:
    return key.with_name(f"{key.name}.pub").read_text()


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory, deployment: Deployment, shared_client: Client) -> Ssh:
    """The client of ``shared_client``, whose account has its key."""
    folder = tmp_path_factory.mktemp("ssh")
    site = shared_client.call("get_site")["ssh"]
    host = deployment.url.split("//")[1].rsplit(":", 1)[0]
    (folder / "known_hosts").write_text(f"[{host}]:{site['port']} {site['host_key']}\n")
    key = make_key(folder, "account")
    shared_client.call("add_ssh_key", title="laptop", key=public(key))
    return Ssh(folder, site["port"], key, host)


@pytest.fixture(scope="module")
def project(shared_project: str) -> str:
    return shared_project


def until(reached: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"not reached within {seconds} s"
        time.sleep(0.05)


# What works


def test_commands_with_their_streams_and_exit_codes(ssh: Ssh, project: str) -> None:
    done = ssh.run(project, "cat; echo aside >&2; exit 7", stdin=b"\x00\xffbytes")
    assert (done.returncode, done.stdout) == (7, b"\x00\xffbytes")
    assert done.stderr == b"aside\n"
    assert (
        ssh.run(project.replace("-", ""), "kill -TERM $$").returncode == 255
    )  # ended by a signal, as OpenSSH tells it
    assert ssh.out(project, "echo $ANSWER $LANG; pwd", options=("-o", "SetEnv=ANSWER=42")) == "42 C.UTF-8\n/home/user"


def test_same_sandbox_and_limits(ssh: Ssh, project: str, shared_client: Client, deployment: Deployment) -> None:
    look = "id -u; for n in mnt pid net ipc uts; do readlink /proc/self/ns/$n; done; grep -E 'NoNewPrivs|CapBnd|Seccomp:' /proc/self/status"
    assert ssh.out(project, look) == shared_client.run(project, look)["stdout"].strip()
    host = deployment.host(shared_client.project(project)["host"])
    name = project.replace("-", "")
    sleeping = subprocess.Popen(ssh.command(project, "exec -a seen-by-the-host sleep 60"))  # noqa: S603
    try:
        find = f"pgrep -u {name} -f seen-by-the-host"
        until(lambda: host.run(find).succeeded, 15)
        (number,) = host.check_output(find).split()
        assert f"lyceum-projects-{name}.slice" in host.check_output(f"cat /proc/{number}/cgroup")
    finally:
        sleeping.terminate()
        sleeping.wait(10)


def test_memory_limit_counts(ssh: Ssh, project: str) -> None:
    hog = "python3 -c 'x = bytearray(3_000_000_000)'"
    done = ssh.run(project, hog)
    assert done.returncode != 0
    assert ssh.out(project, "echo still here") == "still here"


class Terminal:
    """A terminal of ours, with ``ssh -tt`` in it."""

    def __init__(self, command: list[str]) -> None:
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.execvp(command[0], command)  # noqa: S606
        self.seen = b""

    def expect(self, text: bytes, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.seen:
            left = deadline - time.monotonic()
            assert left > 0, self.seen
            assert select.select([self.descriptor], [], [], left)[0], self.seen
            self.seen += os.read(self.descriptor, 65536)
        self.seen = self.seen.partition(text)[2]

    def type(self, text: str) -> None:
        os.write(self.descriptor, text.encode())

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))

    def ended(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_terminal_with_its_size_and_signals(ssh: Ssh, project: str) -> None:
    terminal = Terminal(ssh.command(project, options=("-tt",)))
    terminal.type("stty size; tty; echo $TERM-is-set\r")
    terminal.expect(b"/dev/pts/")
    terminal.expect(b"-is-set\r\n")
    terminal.type("until [ \"$(stty size)\" = '33 99' ]; do sleep 0.1; done; echo resized $((1+1))\r")
    terminal.resize(33, 99)  # ssh may send what is typed after it before it
    terminal.expect(b"resized 2")
    terminal.type("sh -c 'echo begun $((1+1)); exec sleep 1000'\r")
    terminal.expect(b"begun 2")  # before that bash itself would get the signal, and go on to the command
    terminal.type("\x03")
    terminal.expect(b"$ ")  # what is typed before bash is back may be thrown away
    terminal.type("echo $((6*7)) answered\r")
    terminal.expect(b"42 answered")
    terminal.type("exit 3\r")
    assert terminal.ended() == 3
    os.close(terminal.descriptor)


@pytest.fixture(scope="module")
def large(ssh: Ssh) -> Path:
    path = ssh.folder / "large"
    with path.open("wb") as file:
        for _ in range(LARGE // 2**20):
            file.write(os.urandom(2**20))
    return path


def test_scp_sftp_and_rsync(ssh: Ssh, project: str, large: Path, tmp_path: Path) -> None:
    digest = hashlib.sha256(large.read_bytes()).hexdigest()
    remote = f"{project}@{ssh.host}"

    def check(*command: str, stdin: bytes = b"") -> None:
        done = subprocess.run(command, check=False, capture_output=True, input=stdin, timeout=120)  # noqa: S603
        assert done.returncode == 0, done.stderr

    check("scp", "-q", *ssh.options(port_flag="-P"), str(large), f"{remote}:by-scp")
    check("scp", "-q", "-O", *ssh.options(port_flag="-P"), f"{remote}:by-scp", str(tmp_path / "back"))
    check("sftp", "-b", "-", *ssh.options(port_flag="-P"), remote, stdin=b"rename by-scp by-sftp\nmkdir d\nls d\n")
    over = f"ssh {' '.join(ssh.options())}"
    (tmp_path / "tree/sub").mkdir(parents=True)
    (tmp_path / "tree/sub/naïve \n name").write_text("x")
    check("rsync", "-a", "-e", over, f"{large}", f"{tmp_path}/tree", f"{remote}:by-rsync/")
    sums = ssh.out(project, "sha256sum by-sftp by-rsync/large | cut -d' ' -f1; find by-rsync/tree -type f | wc -l")
    assert sums.split() == [digest, digest, "2"]  # a name with a line break counts twice
    assert hashlib.sha256((tmp_path / "back").read_bytes()).hexdigest() == digest
    ssh.out(project, "rm -rf by-sftp by-rsync d")


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as sock:
        return int(sock.getsockname()[1])


@pytest.fixture
def forwarding(ssh: Ssh, project: str) -> Iterator[Callable[[str], int]]:
    """Forwards a port of ours to a target, by ``ssh -N -L``."""
    running = []

    def forward(target: str) -> int:
        port = free_port()
        command = ssh.command(project, options=("-N", "-o", "ExitOnForwardFailure=yes", "-L", f"{port}:{target}"))
        running.append(subprocess.Popen(command, stderr=subprocess.PIPE))  # noqa: S603
        until(lambda: _connects(port), 20)
        return port

    yield forward
    for process in running:
        process.terminate()
        process.communicate(timeout=10)


def _connects(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def test_forwarding_to_a_port_of_the_project(ssh: Ssh, project: str, forwarding: Callable[[str], int]) -> None:
    serve = "nohup python3 -m http.server --bind 127.0.0.1 8765 >/dev/null 2>&1 & sleep 1; echo started"
    assert ssh.out(project, f"echo from-the-project > page; {serve}") == "started"
    port = forwarding("localhost:8765")
    with closing(socket.create_connection(("127.0.0.1", port), 20)) as sock:
        sock.sendall(b"GET /page HTTP/1.0\r\n\r\n")
        answer = b""
        while data := sock.recv(65536):
            answer += data
    assert b"from-the-project" in answer
    ssh.run(project, "pkill -f 'http.server --bind'; rm page")


# What is refused


@pytest.mark.parametrize("target", ["example.org:80", "10.163.0.1:22", "169.254.169.254:80"])
def test_forwarding_to_another_host_is_refused(project: str, ssh: Ssh, target: str) -> None:
    done = ssh.run(project, options=("-W", target))
    assert done.returncode != 0
    assert b"the project's own ports (localhost), and to no other host" in done.stderr


def test_other_doors_are_closed(ssh: Ssh, project: str, forwarding: Callable[[str], int]) -> None:
    done = ssh.run(project, "true", options=("-o", "ExitOnForwardFailure=yes", "-R", "0:localhost:22"))
    assert done.returncode != 0
    assert b"remote port forwarding failed" in done.stderr
    done = ssh.run(project, "true", options=("-R", "/home/user/x.sock:localhost:22", "-o", "ExitOnForwardFailure=yes"))
    assert done.returncode != 0
    with closing(socket.create_connection(("127.0.0.1", forwarding("/run/dbus/system_bus_socket")), 20)) as sock:
        assert sock.recv(1) == b""
    assert ssh.out(project, "echo agent=$SSH_AUTH_SOCK display=$DISPLAY", options=("-A", "-X")) == "agent= display="
    done = ssh.run(project, options=("-N", "-w", "any:any", "-o", "ExitOnForwardFailure=yes"))
    assert done.returncode != 0


def test_who_does_not_get_in(ssh: Ssh, project: str, tmp_path: Path, new_client: ClientMaker) -> None:
    stranger = new_client()
    stranger.create_account()
    other = make_key(tmp_path, "stranger")
    stranger.call("add_ssh_key", title="mine", key=public(other))
    tried = [
        ssh.with_key(other).run(project, "id"),  # somebody's, but of nobody in the project
        ssh.with_key(make_key(tmp_path, "unknown")).run(project, "id"),
        ssh.run(str(uuid.uuid4()), "id"),
        ssh.run("root", "id"),
        ssh.run(project, "id", options=("-o", "PubkeyAuthentication=no")),
    ]
    for done in tried:
        assert (done.returncode, done.stdout) == (255, b"")
        assert b"Permission denied (publickey)" in done.stderr
    with refused(404, "not_found"):
        stranger.call("add_ssh_key", title="x", key=public(other), project_id=project)


def test_removed_people_and_keys_are_out_within_seconds(
    ssh: Ssh, project: str, tmp_path: Path, shared_client: Client, new_client: ClientMaker
) -> None:
    colleague = new_client()
    account_id = colleague.create_account("Grace")
    shared_client.call("invite_collaborator", project_id=project, account_id=account_id)
    theirs, projects, mine = (make_key(tmp_path, name) for name in ("account", "project", "own"))
    colleague.call("add_ssh_key", title="theirs", key=public(theirs))
    colleague.call("add_ssh_key", title="for this project", key=public(projects), project_id=project)
    own = shared_client.call("add_ssh_key", title="second", key=public(mine))["ssh_key_id"]
    opened = {
        key: subprocess.Popen(ssh.with_key(key).command(project, "echo in; sleep 600"), stdout=-1, stderr=-1)  # noqa: S603
        for key in (theirs, projects, mine)
    }
    try:
        for process in opened.values():
            assert process.stdout is not None
            assert process.stdout.readline() == b"in\n"
        shared_client.call("remove_collaborator", project_id=project, account_id=account_id)
        for key in (theirs, projects):
            assert b"removed from it" in opened[key].communicate(timeout=30)[1]
        assert opened[mine].poll() is None
        shared_client.call("delete_ssh_key", ssh_key_id=own)
        assert b"removed from it" in opened[mine].communicate(timeout=30)[1]
    finally:
        for process in opened.values():
            process.kill()
            process.wait(10)
    for key in opened:
        assert b"Permission denied" in ssh.with_key(key).run(project, "id").stderr
    assert ssh.out(project, "echo $((1+1))") == "2"  # everybody else's are as they were


def test_stopped_project_starts_for_who_comes(ssh: Ssh, shared_client: Client) -> None:
    project_id = shared_client.call("create_project", title="asleep")["project_id"]
    assert ssh.out(project_id, "echo awake") == "awake"
    assert shared_client.project(project_id)["state"] == "running"
    sleeping = subprocess.Popen(ssh.command(project_id, "echo in; sleep 600"), stdout=-1, stderr=-1)  # noqa: S603
    try:
        assert sleeping.stdout is not None
        assert sleeping.stdout.readline() == b"in\n"
        shared_client.call("stop_project", project_id=project_id, wait=60)
        assert b"it was stopped" in sleeping.communicate(timeout=30)[1]
    finally:
        sleeping.kill()
        sleeping.wait(10)
    assert ssh.out(project_id, "echo again") == "again"
    shared_client.call("stop_project", project_id=project_id)


def test_keys_are_listed_and_checked(ssh: Ssh, shared_client: Client, project: str) -> None:
    (listed,) = [key for key in shared_client.call("list_ssh_keys")["ssh_keys"] if key["title"] == "laptop"]
    command = ["ssh-keygen", "-lf", f"{ssh.key}.pub"]
    shown = subprocess.run(command, check=True, capture_output=True)  # noqa: S603
    assert listed["fingerprint"] in shown.stdout.decode()
    assert listed["used"] is not None
    with refused(409, "conflict"):
        shared_client.call("add_ssh_key", title="again", key=public(ssh.key))
    with refused(422, "invalid"):
        shared_client.call("add_ssh_key", title="secret", key=ssh.key.read_text())
    with refused(404, "not_found"):
        shared_client.call("delete_ssh_key", ssh_key_id=str(uuid.uuid4()))
    added = shared_client.call("add_ssh_key", title="robot", key=public(ssh.key), project_id=project)
    assert [key["title"] for key in shared_client.call("list_ssh_keys", project_id=project)["ssh_keys"]] == ["robot"]
    shared_client.call("delete_ssh_key", ssh_key_id=added["ssh_key_id"])
