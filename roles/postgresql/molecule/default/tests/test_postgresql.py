"""What PostgreSQL does, seen from the machines that may and may not talk to it."""

from __future__ import annotations

import pytest
from testinfra.backend.base import CommandResult
from testinfra.host import Host

from tests.deployment import Deployment

UNIT = "postgresql@17-main.service"
SERVICES = {"lyceum_owner": "hub1", "lyceum_hub": "hub1", "lyceum_storage": "hub1", "lyceum_dump": "db1"}


@pytest.fixture
def database(deployment: Deployment) -> Host:
    return deployment.host("db1")


def password(deployment: Deployment, role: str) -> str:
    secrets = deployment.variables["db1"]["lyceum__secrets"]
    return str(secrets[f"postgresql_{role.removeprefix('lyceum_')}"])


def connect(
    host: Host, role: str, secret: str, *, database: str = "lyceum", tls: str = "sslmode=require"
) -> CommandResult:
    """Ask who one is; the password goes by a file, as services do it."""
    options = f"host=db1 dbname={database} user={role} connect_timeout=5 {tls}"
    ask = f"PGPASSFILE=$f psql -tAc 'select current_user' '{options}'"
    script = f"umask 077; f=$(mktemp); trap 'rm -f $f' EXIT; cat > $f; {ask}"
    return host.run("printf '*:*:*:*:%%s' %s | sh -c %s", secret, script)


@pytest.mark.parametrize(("role", "machine"), SERVICES.items())
def test_a_service_gets_in_from_its_machine_with_its_password(deployment: Deployment, role: str, machine: str) -> None:
    answer = connect(deployment.host(machine), role, password(deployment, role))
    assert (answer.rc, answer.stdout.strip()) == (0, role), answer.stderr


def test_a_wrong_password_is_refused(deployment: Deployment) -> None:
    answer = connect(deployment.host("hub1"), "lyceum_hub", password(deployment, "lyceum_storage"))
    assert answer.rc == 2
    assert "password authentication failed" in answer.stderr


def test_a_plain_connection_is_refused(deployment: Deployment) -> None:
    answer = connect(deployment.host("hub1"), "lyceum_hub", password(deployment, "lyceum_hub"), tls="sslmode=disable")
    assert answer.rc == 2
    assert "no encryption" in answer.stderr


def test_tls_before_1_3_is_refused(deployment: Deployment) -> None:
    old = "sslmode=require ssl_min_protocol_version=TLSv1.2 ssl_max_protocol_version=TLSv1.2"
    answer = connect(deployment.host("hub1"), "lyceum_hub", password(deployment, "lyceum_hub"), tls=old)
    assert answer.rc == 2
    assert "protocol version" in answer.stderr


def test_the_server_shows_the_instances_certificate(deployment: Deployment) -> None:
    named = "sslmode=verify-full sslrootcert=/etc/lyceum/pki/ca.crt"
    answer = connect(deployment.host("db1"), "lyceum_dump", password(deployment, "lyceum_dump"), tls=named)
    assert (answer.rc, answer.stdout.strip()) == (0, "lyceum_dump"), answer.stderr


@pytest.mark.parametrize("role", [*SERVICES, "postgres"])
def test_a_machine_that_needs_no_database_is_refused(deployment: Deployment, role: str) -> None:
    secret = password(deployment, role) if role in SERVICES else "none"
    answer = connect(deployment.host("compute1"), role, secret)
    assert answer.rc == 2
    assert "no pg_hba.conf entry" in answer.stderr


@pytest.mark.parametrize("other", ["postgres", "template1"])
def test_no_service_gets_into_another_database(deployment: Deployment, other: str) -> None:
    answer = connect(deployment.host("hub1"), "lyceum_hub", password(deployment, "lyceum_hub"), database=other)
    assert answer.rc == 2
    assert "no pg_hba.conf entry" in answer.stderr


def test_it_listens_on_the_machines_address_alone(database: Host, deployment: Deployment) -> None:
    listening = database.check_output("ss --no-header --listening --tcp --numeric 'sport = 5432'").split()[3::5]
    assert listening == [f"{deployment.variables['db1']['ansible_host']}:5432"]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("data_checksums", "on"),
        ("ssl_min_protocol_version", "TLSv1.3"),
        ("password_encryption", "scram-sha-256"),
        ("log_parameter_max_length", "0"),
        ("log_parameter_max_length_on_error", "0"),
    ],
)
def test_effective_setting(database: Host, setting: str, value: str) -> None:
    assert database.check_output("runuser -u postgres -- psql -tAc %s", f"show {setting}") == value


def test_the_server_keeps_verifiers_and_no_service_has_more_than_it_needs(database: Host) -> None:
    question = (
        "select rolname from pg_authid where rolname like 'lyceum%' and (rolpassword not like 'SCRAM-SHA-256$%'"
        " or rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls)"
    )
    assert database.check_output("cd / && runuser -u postgres -- psql -tAc %s", question) == ""


def test_no_password_is_in_an_argument_a_log_or_the_data(database: Host, deployment: Deployment) -> None:
    for role in SERVICES:
        secret = password(deployment, role)
        assert secret not in database.check_output("journalctl --no-pager --output=cat")
        found = database.run("grep --recursive --quiet --fixed-strings %s /var/lib/postgresql /etc/postgresql", secret)
        assert found.rc == 1


def test_the_unit_is_confined(database: Host) -> None:
    report = database.check_output("systemd-analyze security --no-pager %s | tail -1", UNIT)
    assert float(report.partition(": ")[2].split()[0]) <= 2.0
    assert "\npostgres" in f"\n{database.check_output('ps -o user= -C postgres | sort -u')}"


def test_it_comes_back_when_killed(database: Host) -> None:
    show = f"systemctl show --property=MainPID --value {UNIT}"
    before = database.check_output(show)
    database.check_output("systemctl kill --signal=KILL --kill-whom=main %s", UNIT)
    back = f"[ \"$({show})\" != {before} ] && runuser -u postgres -- psql --command ''"
    database.check_output("cd / && timeout 60 sh -c %s", f"until {back}; do sleep 1; done")
