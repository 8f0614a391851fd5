"""The program that dumps, on the database host, with programs of the test's own in place of ssh and PostgreSQL's."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = [pytest.mark.process("ssh"), pytest.mark.process("pg_dump")]

PROGRAM = Path(__file__).parents[3] / "roles/dump/files/lyceum_dump.py"
CONTENT = b"PGDMP" + b"x" * 3_000_000

#: `ssh ... lyceum-receive-dumps@<host> <command>`: the storage host's own program, on a folder per host.
SSH = """#!{python} -I
import os, sys
sys.path[:] = {path!r}
at = next(n for n, word in enumerate(sys.argv) if "@" in word)
folder = {folder!r} + "/" + sys.argv[at].split("@")[1]
if not os.path.isdir(folder):
    sys.exit("ssh: no route to host")
os.environ["SSH_ORIGINAL_COMMAND"] = " ".join(sys.argv[at + 1:])
sys.argv[1:] = ["--host", "db1", "--folder", folder]
from lyceum_storage.dumps import main
main()
"""
PG_DUMP = """#!{python} -I
import os, sys
assert os.environ["PGPASSWORD"] == "secret" and "secret" not in " ".join(sys.argv)
assert "sslmode=verify-full" in " ".join(sys.argv)
sys.stdout.buffer.write(b"PGDMP" + b"x" * 3_000_000)
sys.stdout.flush()
sys.exit({code})
"""
PG_RESTORE = """#!{python} -I
import sys
sys.exit("not a dump") if sys.stdin.buffer.read(5) != b"PGDMP" else print("3; 0 1 TABLE DATA public accounts")
"""


@pytest.fixture(scope="module")
def program() -> ModuleType:
    specification = importlib.util.spec_from_file_location("lyceum_dump", PROGRAM)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["lyceum_dump"] = module
    specification.loader.exec_module(module)
    return module


class Host:
    """A database host and its storage hosts."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        (folder / "bin").mkdir()
        for name in ("storage1", "storage2"):
            (folder / name).mkdir()
        (folder / "password").write_text("secret\n")
        self.put("ssh", SSH)
        self.put("pg_dump", PG_DUMP)
        self.put("pg_restore", PG_RESTORE)
        monkeypatch.setenv("PATH", str(folder / "bin"))

    def put(self, name: str, text: str, code: int = 0) -> None:
        """Write one of the programs."""
        path = self.folder / "bin" / name
        path.write_text(text.format(python=sys.executable, path=sys.path, folder=str(self.folder), code=code))
        path.chmod(0o755)

    def settings(self, program: ModuleType, storage: tuple[str, ...] = ("storage1", "storage2")) -> Any:
        """Settings of the program; PATH of pg_dump is the test's."""
        return program.Settings(
            host="db1", port=5432, name="lyceum", user="lyceum_dump", ca="ca", storage=list(storage),
            password_file=str(self.folder / "password"), ssh_key="key", ssh_known_hosts="known_hosts",
        )  # fmt: skip

    def kept(self, name: str) -> list[str]:
        """Names of the dumps on a storage host."""
        return sorted(path.name for path in (self.folder / name).glob("*.dump"))


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


def test_a_dump_is_on_every_storage_host_and_comes_back(program: ModuleType, host: Host, tmp_path: Path) -> None:
    settings = host.settings(program)
    made = program.dump(settings)
    assert made["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert set(made["names"]) == {"storage1", "storage2"}
    assert len(program.dumps(settings)) == 2
    program.fetch(settings, "latest", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == CONTENT
    program.fetch(settings, made["names"]["storage1"], tmp_path / "back")


def test_a_dump_that_broke_off_is_kept_nowhere(program: ModuleType, host: Host) -> None:
    host.put("pg_dump", PG_DUMP, code=1)
    with pytest.raises(program.DumpError, match="pg_dump failed"):
        program.dump(host.settings(program))
    assert host.kept("storage1") == host.kept("storage2") == []


def test_a_dump_that_cannot_be_read_is_kept_nowhere(program: ModuleType, host: Host) -> None:
    host.put("pg_dump", PG_DUMP.replace('b"PGDMP"', 'b"other"'))
    with pytest.raises(program.DumpError, match="pg_restore --list failed"):
        program.dump(host.settings(program))
    assert host.kept("storage1") == host.kept("storage2") == []


def test_a_storage_host_that_is_away_fails_the_dump_but_not_the_list(program: ModuleType, host: Host) -> None:
    program.dump(host.settings(program, ("storage1",)))
    settings = host.settings(program, ("storage1", "gone"))
    with pytest.raises(program.DumpError, match="storing the dump on gone failed"):
        program.dump(settings)
    assert {each["host"] for each in program.dumps(settings)} == {"storage1"}
    with pytest.raises(program.DumpError, match="no storage host answered"):
        program.dumps(host.settings(program, ("gone",)))


def test_a_dump_that_is_not_there_names_those_that_are(program: ModuleType, host: Host, tmp_path: Path) -> None:
    settings = host.settings(program, ("storage1",))
    name = program.dump(settings)["names"]["storage1"]
    with pytest.raises(program.DumpError, match=name):
        program.fetch(settings, "2020-01-01T00:00:00Z", tmp_path / "back")


def test_a_dump_that_rotted_is_refused(program: ModuleType, host: Host, tmp_path: Path) -> None:
    settings = host.settings(program, ("storage1",))
    name = program.dump(settings)["names"]["storage1"]
    (tmp_path / f"storage1/{name}.dump").write_bytes(b"rot")
    with pytest.raises(program.DumpError, match="another checksum"):
        program.fetch(settings, name, tmp_path / "back")


def test_settings_come_from_the_file_and_the_units_credentials(
    program: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {
        "host": "db1", "port": 5432, "name": "lyceum", "user": "lyceum_dump", "ca": "ca", "password_file": "p",
        "ssh_key": "k", "ssh_known_hosts": "h",
    }  # fmt: skip
    path = tmp_path / "dump.toml"
    path.write_text(
        'storage = ["storage1"]\n' + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
    )
    assert program.Settings.read(path).ssh_key == "k"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x")
    assert program.Settings.read(path).ssh_key == "/run/credentials/x/ssh_key"
    path.write_text("host = 1")
    with pytest.raises(program.DumpError, match=r"dump\.toml cannot be used"):
        program.Settings.read(path)
