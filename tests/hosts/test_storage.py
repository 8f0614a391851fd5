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
    keys = machine.check_output(
        "sshd -T -C user=lyceum-receive,host=x,addr=10.0.0.1 | grep -E '^(allowtcpforwarding|permittty|authorizedkeysfile)'"
    )
    assert "allowtcpforwarding no" in keys
    assert "permittty no" in keys


def test_each_key_of_a_sender_is_bound_to_one_command(machine: Host) -> None:
    for user in ("lyceum-receive", "lyceum-receive-dumps"):
        program = user.replace("lyceum-", "lyceum-storage-")
        effective = machine.check_output("sshd -T -C user=%s,host=x,addr=10.0.0.1", user).splitlines()
        files = next(line for line in effective if line.startswith("authorizedkeysfile ")).split()[1:]
        assert files
        for path in files:
            assert (machine.file(path).user, machine.file(path).mode) == ("root", 0o644)
            for line in machine.check_output("cat %s", path).splitlines():
                assert line.startswith(f'restrict,command="/opt/lyceum/storage/current/bin/{program} --host ')


def test_senders_can_neither_list_nor_change_what_lies_here(machine: Host) -> None:
    for user, path in (
        ("lyceum-receive", "/storage/copies"),
        ("lyceum-receive", "/storage/snapshots"),
        ("lyceum-receive", "/storage/dumps"),
        ("lyceum-receive-dumps", "/storage/copies"),
        ("lyceum-receive-dumps", "/storage/records"),
    ):
        assert machine.run("runuser -u %s -- ls %s", user, path).rc != 0
        assert machine.run("runuser -u %s -- mkdir %s/x", user, path).rc != 0 or path == "/storage/dumps"


def test_the_receivers_user_cannot_make_a_snapshot_writable(machine: Host) -> None:
    """Who owns the root folder of a subvolume may: so that is root's, even where all below it is the receiver's."""
    for path in machine.check_output("find /storage/snapshots -mindepth 2 -maxdepth 2 -type d").splitlines()[:5]:
        assert machine.check_output("stat -c %%U:%%a %s", path) == "root:710"
        assert machine.run("runuser -u lyceum-receive -- btrfs property set -ts %s ro false", path).rc != 0
        assert machine.run("runuser -u lyceum-receive -- touch %s/home/x", path).rc != 0


def test_the_daemon_holds_three_capabilities(machine: Host) -> None:
    pid = machine.check_output("systemctl show --property=MainPID --value lyceum-storage")
    held = machine.check_output("grep CapEff /proc/%s/status", pid).split()[1]
    assert int(held, 16) == (1 << 0) + (1 << 2) + (1 << 21)  # CHOWN, DAC_READ_SEARCH, SYS_ADMIN
