"""The life of a lab: it comes back with its data, whatever ended it, and leaves nothing behind."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
from collections.abc import Iterable
from contextlib import suppress

import pytest
from lyceum_ops import checkout, programs
from lyceum_ops.commands import lab as commands
from lyceum_ops.errors import Failure
from lyceum_ops.lab import definition, machines, manager, network, supervision
from lyceum_ops.progress import Progress
from lyceum_ops.remote import of_lab

from tests.lab.conftest import PORT, Tiny

pytestmark = pytest.mark.lab


def boot_id(tiny: Tiny, machine: str = "m1") -> str:
    """Something that differs from one boot of a machine to the next."""
    return of_lab(tiny.name).find(machine).run("systemctl", "show", "--property=UserspaceTimestampMonotonic").stdout


def names_of_namespaces() -> list[str]:
    """Network namespaces of this host."""
    return [path.name for path in network.NAMESPACES.iterdir()] if network.NAMESPACES.is_dir() else []


def leave_a_mark(tiny: Tiny) -> None:
    of_lab(tiny.name).find("m1").run("sh", "-c", "echo kept > /root/mark; sync")


def mark(tiny: Tiny) -> str:
    return of_lab(tiny.name).find("m1").run("cat", "/root/mark").stdout.strip()


def test_down_leaves_nothing_and_the_data_come_back(tiny: Tiny) -> None:
    leave_a_mark(tiny)
    namespaces = set(names_of_namespaces())
    tiny.down()
    assert manager.traces(tiny.name) == []
    assert not any(name.startswith(f"lyceum-{tiny.name}") for name in names_of_namespaces())
    assert f"/labs/{tiny.name}" not in programs.run(["mount"]).stdout
    assert f"/labs/{tiny.name}" not in programs.run(["losetup", "--all"]).stdout
    assert f"/labs/{tiny.name}" not in programs.run(["ps", "-eo", "args"]).stdout
    tiny.boot()
    assert mark(tiny) == "kept"
    assert {name for name in names_of_namespaces() if tiny.name in name} <= namespaces


def test_booting_what_is_up_changes_nothing(tiny: Tiny) -> None:
    before = boot_id(tiny)
    tiny.boot()
    assert boot_id(tiny) == before


def test_a_machine_is_added_beside_those_that_run(tiny: Tiny) -> None:
    before = boot_id(tiny)
    tiny.boot("m2=storage")
    assert boot_id(tiny) == before
    assert machines.running(tiny.name) == {"m1", "m2"}
    of_lab(tiny.name).find("m2").run("test", "-b", "/dev/lyceum-storage")


def test_machines_see_one_another_and_no_other_network(tiny: Tiny) -> None:
    lab = definition.load(tiny.name)
    assert lab is not None
    script = f"import socket; socket.create_connection(('{lab.machine('m1').address}', 22), 5).close()"
    of_lab(tiny.name).find("m2").run("python3", "-c", script)
    assert of_lab(tiny.name).find("m2").run("ip", "route").stdout.count("\n") == 1


def hardware_addresses(tiny: Tiny) -> list[str]:
    """MAC addresses of the lab's switch and of its first machine."""
    places = definition.Places(tiny.name)
    shown = {places.switch: network.BRIDGE, places.namespace("m1"): "eth0"}
    return [
        programs.run(["ip", "-n", where, "-brief", "link", "show", name]).stdout.split()[2]
        for where, name in shown.items()
    ]


def kill(pids: Iterable[int]) -> None:
    """Kill processes; the end of one may have ended another already."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("what", ["one machine", "everything"])
def test_after_being_killed_it_comes_back(tiny: Tiny, what: str) -> None:
    leave_a_mark(tiny)
    network_cards = hardware_addresses(tiny)
    unit = machines.unit_of("m1") if what == "one machine" else None
    doomed = supervision.pids(tiny.name, unit)
    kill(doomed)
    for pid in doomed:
        supervision.wait_for_end(pid, 10)
    tiny.boot()
    assert hardware_addresses(tiny) == network_cards, "others would not find it for as long as they remember the old"
    assert mark(tiny) == "kept"


def test_down_clears_what_a_kill_left(tiny: Tiny) -> None:
    kill(supervision.pids(tiny.name))
    tiny.down()
    assert manager.traces(tiny.name) == []
    tiny.boot()


def booting(tiny: Tiny) -> subprocess.Popen[bytes]:
    """A command that boots the lab, to be killed."""
    command = [checkout.ROOT / "lyceum", "lab", "boot", "--name", tiny.name]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command


@pytest.mark.parametrize("seconds", [0.3, 0.8, 1.5, 2.5])
def test_a_boot_killed_at_any_point_is_completed_by_the_next(tiny: Tiny, seconds: float) -> None:
    tiny.down()
    with booting(tiny) as process:
        try:
            assert process.wait(timeout=seconds) == 0
        except subprocess.TimeoutExpired:
            process.kill()
    tiny.boot()
    assert mark(tiny) == "kept"


def test_a_machine_left_on_its_way_up_is_booted_anew(tiny: Tiny) -> None:
    """It has processes already, but its sshd may not answer for long, or never."""
    tiny.down()
    with booting(tiny) as process:
        while not machines.running(tiny.name) and process.poll() is None:
            pass
        process.kill()
    assert machines.running(tiny.name)
    assert not machines.booted(definition.Places(tiny.name))
    tiny.boot()
    assert mark(tiny) == "kept"


def test_one_command_at_a_time(tiny: Tiny) -> None:
    with (
        manager.locked(tiny.name),
        pytest.raises(Failure, match=f"at work on the lab {tiny.name} .process {os.getpid()}"),
    ):
        tiny.boot()


def test_the_edge_is_published_on_this_machine_alone(tiny: Tiny) -> None:
    server = (
        "import http.server; http.server.HTTPServer(('', 80), http.server.SimpleHTTPRequestHandler).serve_forever()"
    )
    machine = of_lab(tiny.name).find("m1")
    machine.run("systemd-run", "--quiet", "--unit=try", "python3", "-c", server)
    machine.run("sh", "-c", "until ss -ltn | grep -q ':80 '; do sleep 0.1; done")
    with socket.create_connection(("127.0.0.1", PORT - 363), 10) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.0 200")
    listening = programs.run(["ss", "-ltnH"]).stdout.splitlines()
    addresses = {
        line.split()[3]
        for line in listening
        if line.split()[3].endswith((f":{PORT}", f":{PORT - 363}", f":{PORT - 421}"))
    }
    assert addresses == {f"127.0.0.1:{port}" for port in (PORT, PORT - 363, PORT - 421)}


def test_a_taken_port_is_told_before_anything_is_changed(tiny: Tiny) -> None:
    tiny.down()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", PORT - 363))
        other.listen()
        with pytest.raises(Failure, match=f"Port {PORT - 363} of 127.0.0.1 is taken") as caught:
            tiny.boot()
    assert "--port" in (caught.value.hint or "")
    assert manager.traces(tiny.name) == []
    tiny.boot()


def test_another_host_key_is_refused(tiny: Tiny) -> None:
    lab = definition.load(tiny.name)
    assert lab is not None
    known = lab.places.ssh / "known_hosts"
    right = known.read_text()
    other = (lab.places.ssh / "hosts" / "m2.pub").read_text()
    known.write_text(f"m1,{lab.machine('m1').address} {other}")
    try:
        refused = of_lab(tiny.name).find("m1").run("true", check=False)
        assert refused.code == 255
        assert "REMOTE HOST IDENTIFICATION HAS CHANGED" in refused.stderr or "verification failed" in refused.stderr
    finally:
        known.write_text(right)


def test_destroy_asks_and_without_an_answer_does_nothing(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(Failure, match="Nobody is there to be asked"):
        commands.destroy(tiny.name, sure=False, progress=Progress())
    assert machines.running(tiny.name)
