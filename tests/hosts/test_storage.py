"""Storage machines."""

from __future__ import annotations

from testinfra.host import Host


def test_what_is_received_can_do_nothing_here(machine: Host) -> None:
    options = set(machine.check_output("findmnt -no OPTIONS /storage").split(","))
    assert {"nosuid", "nodev", "noexec"} <= options


def test_snapshots_are_read_only_and_roots(machine: Host) -> None:
    for path in machine.check_output("find /storage/snapshots -mindepth 2 -maxdepth 2 -type d").splitlines()[:20]:
        assert machine.check_output("btrfs property get -ts %s ro", path) == "ro=true"
    assert machine.check_output("stat -c %U /storage/snapshots") == "root"


def test_the_receiver_gets_no_shell(machine: Host) -> None:
    assert machine.user("lyceum-receive").shell in {"/bin/sh", "/usr/sbin/nologin", "/bin/false"}
    keys = machine.check_output("sshd -T -C user=lyceum-receive,host=x,addr=10.0.0.1 | grep -E '^(allowtcpforwarding|permittty|authorizedkeysfile)'")
    assert "allowtcpforwarding no" in keys
    assert "permittty no" in keys
