"""A PostgreSQL of the test run's own, with TLS and the roles that the role ``postgresql`` makes."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from pathlib import Path

from .pki import Authority

OWNER_PASSWORD = "owner-password"
HUB_PASSWORD = "hub-password"

ROLES = f"""
create role lyceum_owner login password '{OWNER_PASSWORD}';
create role lyceum_hub login password '{HUB_PASSWORD}';
create role lyceum_storage login password 'storage-password';
create role lyceum_dump login password 'dump-password';
"""


def programs() -> Path:
    """Return the folder of PostgreSQL's programs, the latest there is."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    anywhere = shutil.which("initdb")
    if anywhere is None:
        raise RuntimeError("PostgreSQL's programs are not on this machine (Debian: postgresql)")
    return Path(anywhere).parent


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
    return port


class Cluster:
    """Starts, stops and asks. PostgreSQL refuses to run as root, so root gives it to an unprivileged user."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.folder = folder / "postgresql"
        self.port = free_port()
        self.bin = programs()
        crt, key = authority.issue("postgresql", "localhost")
        self.folder.mkdir()
        self._user = None
        if os.getuid() == 0:
            self._user = pwd.getpwnam("postgres" if _exists("postgres") else "nobody")
            folder.chmod(0o711)  # for that user to pass through
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        self._run(
            "initdb",
            "-D",
            str(self.data),
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--no-sync",
            "--locale=C.UTF-8",
        )
        for source, name in ((crt, "server.crt"), (key, "server.key")):
            target = self.data / name
            target.write_bytes(source.read_bytes())
            target.chmod(0o600)
            if self._user is not None:
                os.chown(target, self._user.pw_uid, self._user.pw_gid)
        (self.data / "pg_hba.conf").write_text("local all all trust\nhostssl all all 127.0.0.0/8 scram-sha-256\n")
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(
                f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{self.folder}'\n"
                "ssl = on\nfsync = off\nfull_page_writes = off\nshared_buffers = 32MB\nmax_connections = 100\n"
            )

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "data"

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._run("pg_ctl", "-D", str(self.data), "-w", "-t", "30", "-l", str(self.folder / "log"), "start")

    def stop(self) -> None:
        """Stop at once."""
        self._run("pg_ctl", "-D", str(self.data), "-w", "-t", "30", "-m", "immediate", "stop")

    def sql(self, statements: str, database: str = "lyceum") -> str:
        """Run statements as the superuser; return what they print, unaligned."""
        return self._run(
            "psql", "-h", str(self.folder), "-p", str(self.port), "-U", "postgres", "-d", database,
            "-v", "ON_ERROR_STOP=1", "-qAtX", "-c", statements,
        )  # fmt: skip

    def as_role(self, role: str, password: str, statement: str, ca: Path) -> subprocess.CompletedProcess[str]:
        """Run a statement as a service does: over TLS, with its password."""
        connection = f"host=localhost port={self.port} user={role} dbname=lyceum sslmode=verify-full sslrootcert={ca}"
        return subprocess.run(  # noqa: S603 psql, fixed arguments
            [self.bin / "psql", "-qAtX", "-c", statement, connection],
            env={"PGPASSWORD": password},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def _run(self, program: str, *arguments: str) -> str:
        identity = {} if self._user is None else {
            "user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": [],
        }  # fmt: skip
        done = subprocess.run(  # noqa: S603 programs of the machine, fixed arguments
            [self.bin / program, *arguments],
            cwd="/",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
            **identity,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stderr}")
        return done.stdout.strip()


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
