"""The database's machines."""

from __future__ import annotations

import json
import tomllib

import pytest
from testinfra.host import Host


def ask(machine: Host, question: str) -> str:
    return str(machine.check_output("runuser -u postgres -- psql -d lyceum -tAc %s", question))


@pytest.mark.parametrize(
    ("setting", "value"), [("ssl", "on"), ("password_encryption", "scram-sha-256"), ("data_checksums", "on")]
)
def test_effective_settings(machine: Host, setting: str, value: str) -> None:
    assert ask(machine, f"show {setting}") == value


def test_nobody_comes_over_the_network_without_tls_and_a_password(machine: Host) -> None:
    rows = ask(machine, "select type, auth_method from pg_hba_file_rules where type like 'host%'").split()
    assert rows
    assert set(rows) == {"hostssl|scram-sha-256"}


def test_no_service_is_a_superuser(machine: Host) -> None:
    assert ask(machine, "select rolname from pg_roles where rolsuper and rolname like 'lyceum%'") == ""


def test_storage_hosts_may_read_two_views_and_nothing_else(machine: Host) -> None:
    readable = ask(
        machine,
        "select relname from pg_class c join pg_namespace n on n.oid = relnamespace where relkind in ('r', 'v', 'm', 'p') "
        "and nspname not in ('pg_catalog', 'information_schema') and has_table_privilege('lyceum_storage', c.oid, 'select') order by 1",
    )
    assert readable.split() == ["project_placement", "project_records"]


def test_shared_memory_fits_the_machine(machine: Host) -> None:
    total_kb = int(machine.check_output("awk '/^MemTotal/ {print $2}' /proc/meminfo"))
    shared = int(ask(machine, "select setting::bigint * 8 from pg_settings where name = 'shared_buffers'"))
    assert 0.01 * total_kb <= shared <= 0.4 * total_kb


def test_the_database_is_dumped_every_night(machine: Host) -> None:
    assert machine.check_output("systemctl show --property=UnitFileState --value lyceum-dump.timer") == "enabled"
    assert "02:30:00" in machine.check_output("systemctl show --property=TimersCalendar --value lyceum-dump.timer")
    for path in ("/etc/lyceum/dump-database-password", "/etc/lyceum/ssh/dump_ed25519"):
        assert (machine.file(path).user, machine.file(path).mode) == ("root", 0o600)


def test_a_dump_is_made_verified_and_listed(machine: Host) -> None:
    before = {dump["name"] for dump in json.loads(machine.check_output("lyceum-dump list"))}
    machine.check_output("systemctl start lyceum-dump")
    made = [dump for dump in json.loads(machine.check_output("lyceum-dump list")) if dump["name"] not in before]
    assert made
    assert all(dump["size"] > 1000 for dump in made)


def test_the_key_for_dumps_opens_nothing_else(machine: Host) -> None:
    """No shell, no forwarding, no command but its own: and none that deletes."""
    settings = tomllib.loads(machine.check_output("cat /etc/lyceum/dump.toml"))
    ssh = (
        "ssh -F none -T -o BatchMode=yes -o IdentitiesOnly=yes -i /etc/lyceum/ssh/dump_ed25519 "
        f"-o UserKnownHostsFile=/etc/lyceum/ssh/dump_known_hosts lyceum-receive-dumps@{settings['storage'][0]}"
    )
    for command in ("", "id", "sh", "list; id", "delete 2026-11-22T02:30:00Z", "fetch ../../etc/passwd"):
        refused = machine.run(f"{ssh} %s < /dev/null", command)
        assert refused.rc == 1
        assert refused.stdout == ""
        assert refused.stderr.startswith("lyceum-storage: ")
