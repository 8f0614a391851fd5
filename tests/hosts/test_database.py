"""The database's machines."""

from __future__ import annotations

import pytest
from testinfra.host import Host


def ask(machine: Host, question: str) -> str:
    return str(machine.check_output("runuser -u postgres -- psql -d lyceum -tAc %s", question))


@pytest.mark.parametrize(("setting", "value"), [("ssl", "on"), ("password_encryption", "scram-sha-256"), ("data_checksums", "on")])
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
