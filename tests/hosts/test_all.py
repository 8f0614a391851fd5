"""What holds on every machine."""

from __future__ import annotations

import json

import pytest
from testinfra.host import Host

from tests.deployment import Deployment

#: TCP ports that a group's machines listen on beyond loopback. Hub n of a host listens on 5000 + 2n.
PORTS = {
    "edge": {80, 443},
    "hub": {5001},
    "database": {5432},
    "compute": {6000, 6001},
    "storage": {6002},
}


def test_it_listens_on_the_ports_of_its_groups_and_no_other(machine: Host, groups: set[str]) -> None:
    lines = machine.check_output("ss --no-header --listening --tcp --numeric").splitlines()
    addresses = [line.split()[3].rsplit(":", 1) for line in lines]
    listening = {int(port) for address, port in addresses if not address.startswith(("127.", "[::1]", "127.0.0.54"))}
    expected = {22}.union(*(PORTS[group] for group in groups))
    if "hub" in groups:
        units = machine.check_output("systemctl list-units --plain --no-legend 'lyceum-hub@*.service'").splitlines()
        expected |= {5000 + 2 * number for number in range(len(units))}
    assert listening == expected


def test_its_units_are_all_well(machine: Host) -> None:
    assert machine.check_output("systemctl list-units --failed --plain --no-legend") == ""


def test_it_knows_the_others_by_name(machine: Host, deployment: Deployment) -> None:
    for name in deployment.hosts:
        assert machine.run("getent hosts %s", name).rc == 0, name


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("passwordauthentication", "no"),
        ("kbdinteractiveauthentication", "no"),
        ("permitrootlogin", "without-password"),
        ("x11forwarding", "no"),
        ("permitemptypasswords", "no"),
    ],
)
def test_ssh_takes_keys_only(machine: Host, setting: str, value: str) -> None:
    effective = dict(line.split(" ", 1) for line in machine.check_output("sshd -T").splitlines() if " " in line)
    assert effective[setting] == value


def test_security_updates_install_themselves_and_never_reboot(machine: Host) -> None:
    settings = machine.check_output("apt-config dump")
    assert 'APT::Periodic::Unattended-Upgrade "1";' in settings
    assert 'Unattended-Upgrade::Automatic-Reboot "true";' not in settings


def test_the_journal_is_bounded(machine: Host) -> None:
    assert "SystemMaxUse=" in machine.check_output("systemd-analyze cat-config systemd/journald.conf | grep -v '^#'")


def test_no_key_is_readable_by_others(machine: Host) -> None:
    assert (
        machine.check_output(
            "find /etc/lyceum \\( -name '*.key' -o -path '*secret*' -o -name '*password*' \\) -type f -perm /007"
        )
        == ""
    )


def test_certificates_are_valid_and_name_service_and_host(machine: Host) -> None:
    files = machine.check_output("find /etc/lyceum/pki -name '*.crt' ! -name ca.crt").split()
    name = machine.check_output("hostname")
    for file in files:
        machine.check_output("openssl verify -x509_strict -CAfile /etc/lyceum/pki/ca.crt %s", file)
        machine.check_output("openssl x509 -noout -checkend 2592000 -in %s", file)
        service = file.rsplit("/", 1)[-1].removesuffix(".crt")
        if service != "public":
            text = machine.check_output("openssl x509 -noout -ext subjectAltName -in %s", file)
            assert f"URI:lyceum://{service}/{name}" in text


def test_no_secret_is_in_an_argument_or_the_journal(machine: Host, deployment: Deployment) -> None:
    secrets = [str(value) for value in next(iter(deployment.variables.values()))["lyceum__secrets"].values()]
    arguments = machine.check_output("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; true")
    journal = machine.check_output("journalctl --no-pager --output=cat")
    for secret in secrets:
        assert secret not in arguments
        assert secret not in journal


#: Highest exposure (``systemd-analyze security``) that a unit may have, and why where it is over 4.0.
CEILINGS = {
    "lyceum-hub@0.service": 2.0,
    "lyceum-gateway.service": 2.5,
    "lyceum-dialler.service": 4.0,
    "lyceum-storage.service": 4.0,
    "lyceum-compute.service": 9.0,  # root by its job: it makes users, mounts and units, and enters projects' namespaces
    "haproxy.service": 4.0,
    "nginx.service": 4.0,
    "postgresql@17-main.service": 4.0,
}


def test_units_are_confined(machine: Host) -> None:
    checked = 0
    for unit, ceiling in CEILINGS.items():
        if machine.run("systemctl is-active %s", unit).rc == 0:
            report = machine.check_output("systemd-analyze security --no-pager %s | tail -1", unit)
            exposure = float(report.partition(": ")[2].split()[0])
            assert exposure <= ceiling, f"{unit}: {exposure}"
            checked += 1
    assert checked, "every machine runs at least one of these"


def test_what_is_not_for_this_machine_is_not_on_it(machine: Host, groups: set[str]) -> None:
    installed = set(machine.check_output("ls /opt/lyceum 2>/dev/null || true").split())
    wanted = {group for group in ("hub", "compute", "storage") if group in groups}
    assert installed == wanted | ({"jupyter"} if "compute" in groups else set())


def test_its_services_log_structured_records(machine: Host, groups: set[str]) -> None:
    for group in ("compute", "storage"):
        if group in groups:
            line = machine.check_output(f"journalctl --unit=lyceum-{group} --output=json --lines=1")
            assert json.loads(line)["MESSAGE"]
