"""Taking connections from the project's socket, and giving each to an OpenSSH server of its own.

Who may come in was decided before a connection gets here: the socket is open to the host's gateway alone. So the server
asks for no password, and its key, which guards nothing, is made when the first connection comes and lives in memory.

It is started while somebody waits: no more of the library is loaded than needed.
"""

from __future__ import annotations

import os
import select
import socket

SSHD = "/usr/sbin/sshd"
KEYGEN = "/usr/bin/ssh-keygen"
#: Seconds without a new connection after which this ends; the connections live on.
IDLE = 120.0

OPTIONS = (
    "AuthenticationMethods none",
    "PermitEmptyPasswords yes",
    "UsePAM no",
    "StrictModes no",
    "KexAlgorithms curve25519-sha256",
    "Ciphers aes128-gcm@openssh.com",
    "Compression no",
    "AllowAgentForwarding no",
    "AllowStreamLocalForwarding no",
    "AllowTcpForwarding local",
    "PermitListen none",
    "PermitOpen localhost:* 127.0.0.1:* [::1]:* ip6-localhost:* ip6-loopback:*",
    "PermitTunnel no",
    "X11Forwarding no",
    "AcceptEnv *",
    "SetEnv LANG=C.UTF-8 PATH=/home/user/.local/bin:/home/user/bin:/usr/local/bin:/usr/bin:/bin",
    "PermitUserEnvironment yes",
    "PrintMotd no",
    "PrintLastLog no",
    "UseDNS no",
    "PidFile none",
    "MaxSessions 64",
    "LogLevel ERROR",
    "Subsystem sftp /usr/lib/openssh/sftp-server",
)


def make_key() -> int:
    """Return a descriptor of a new host key, which is in memory only. Raises ``OSError``."""
    folder = f"/tmp/.lyceum-ssh-{os.getpid()}-{os.urandom(8).hex()}"  # noqa: S108 nobody can foresee it, and it is made here
    path = f"{folder}/key"
    os.mkdir(folder, 0o700)  # noqa: PTH102
    try:
        command = [KEYGEN, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path]
        _, status = os.waitpid(os.posix_spawn(KEYGEN, command, os.environ), 0)
        if status != 0:
            raise OSError(f"{KEYGEN} failed")
        with open(path, "rb") as file:  # noqa: PTH123 loading pathlib takes longer than all of this
            content = file.read()
    finally:
        for name in (path, f"{path}.pub"):
            if os.path.exists(name):  # noqa: PTH110
                os.unlink(name)  # noqa: PTH108
        os.rmdir(folder)  # noqa: PTH106
    key = os.memfd_create("host-key", os.MFD_CLOEXEC)
    os.fchmod(key, 0o600)
    os.write(key, content)
    return key


def command_for(key: int) -> list[str]:
    """Return the command that serves one connection on its standard input and output."""
    host_key = f"HostKey /proc/{os.getpid()}/fd/{key}"
    return [SSHD, "-i", "-f", "/dev/null", *(word for option in (host_key, *OPTIONS) for word in ("-o", option))]


def serve(listener: socket.socket, *, idle: float = IDLE) -> None:
    """Give each connection to a server of its own, until none has come for a while. Raises ``OSError``."""
    key = make_key()
    command = command_for(key)
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while poll.poll(idle * 1000):
        _reap()
        connection, _ = listener.accept()
        with connection:
            number = connection.fileno()
            actions = [(os.POSIX_SPAWN_DUP2, number, 0), (os.POSIX_SPAWN_DUP2, number, 1)]
            os.posix_spawn(command[0], command, os.environ, file_actions=actions)


def _reap() -> None:
    """Forget servers that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
