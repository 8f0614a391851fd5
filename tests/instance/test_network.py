"""The quota ``network``: where a project's programs get with it, and where they never do.

No internet is needed: beyond the compute machine the test makes a network namespace that plays it.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from testinfra.host import Host

from tests.deployment import Deployment
from tests.instance.client import Client, refused

pytestmark = pytest.mark.lab

#: Behind the namespace's end of a link (192.0.2.0/30) lies a piece of an internet.
OUTSIDE = "203.0.113.10"
SERVER = """
import socket, socketserver, threading

class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(b"outside saw " + self.client_address[0].encode() + b"\\n" if data == b"who\\n" else data)

class Names(socketserver.BaseRequestHandler):
    def handle(self):  # one answer for every question: 203.0.113.10
        data, sock = self.request
        head = data[:2] + b"\\x81\\x80" + data[4:6] + b"\\0\\1\\0\\0\\0\\0"
        question = data[12 : data.index(b"\\0", 12) + 5]
        if question[-4:-2] != b"\\0\\1":
            sock.sendto(data[:2] + b"\\x81\\x80" + data[4:6] + b"\\0\\0" * 3 + question, self.client_address)
            return
        answer = b"\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\x3c\\0\\4" + socket.inet_aton("203.0.113.10")
        sock.sendto(head + question + answer, self.client_address)

class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 1024

for port in (80, 25):
    threading.Thread(target=Server(("", port), Echo).serve_forever).start()
socketserver.ThreadingUDPServer(("203.0.113.53", 53), Names).serve_forever()
"""
SET_UP = """
set -e
ip netns add outside
ip link add to-outside type veth peer name home netns outside
ip address add 192.0.2.1/30 dev to-outside
ip link set to-outside up
for address in 203.0.113.10/32 203.0.113.53/32 10.77.0.10/32 100.64.7.7/32 169.254.169.254/32 172.16.9.9/32 192.168.9.9/32
do ip -n outside address add $address dev lo; done
ip -n outside address add 192.0.2.2/30 dev home
ip -n outside link set lo up
ip -n outside link set home up
ip -n outside route add default via 192.0.2.1
for network in 203.0.113.0/24 10.77.0.0/24 100.64.7.0/24 169.254.169.254/32 172.16.9.0/24 192.168.9.0/24
do ip route add $network via 192.0.2.2; done
test -e /etc/resolv.conf && cp -P /etc/resolv.conf /run/resolv.conf.before || true
printf 'nameserver 203.0.113.53\\n' > /etc/resolv.conf
systemctl reload-or-restart lyceum-compute
systemd-run --quiet --unit=outside --property=NetworkNamespacePath=/run/netns/outside python3 -c "$SERVER"
until ip netns exec outside ss -Hltn | grep -q ':25 '; do sleep 0.1; done
"""
TEAR_DOWN = """
systemctl stop outside
ip netns delete outside
ip link delete to-outside 2>/dev/null
rm /etc/resolv.conf
if test -e /run/resolv.conf.before; then mv /run/resolv.conf.before /etc/resolv.conf; fi
"""
#: Tries to connect to each HOST:PORT; prints what happened, one line each.
CONNECT = """
import concurrent.futures, socket, sys

def attempt(target):
    host, _, port = target.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=3):
            return f"{target} reached"
    except OSError as error:
        return f"{target} {type(error).__name__} {error.errno}"

with concurrent.futures.ThreadPoolExecutor(64) as pool:
    print("\\n".join(pool.map(attempt, sys.argv[1:])))
"""


@dataclass
class Place:
    """A running project, and who may change its quotas."""

    client: Client
    administrator: Client
    project: str
    machine: Host

    def connect(self, *targets: str) -> dict[str, str]:
        """Try to connect to each; gives what happened."""
        words = " ".join(targets)
        answer = self.client.run(self.project, f"python3 - {words} <<'EOF'\n{CONNECT}\nEOF")
        return dict(line.split(" ", 1) for line in answer["stdout"].splitlines())

    def allow(self, allowed: bool) -> None:
        """Change the quota; a hub that has just lost the host says that it follows later."""
        deadline = time.monotonic() + 60
        while not self.administrator.call("set_quotas", project_id=self.project, network=allowed)["applied"]:
            assert time.monotonic() < deadline, "the host is not told of its quota"


@pytest.fixture(scope="module")
def administrator(deployment: Deployment) -> Iterator[Client]:
    client = Client(deployment.url, ssl.create_default_context(cafile=deployment.ca_file))
    client.call("sign_in", email_address=deployment.administrator_email, password=deployment.administrator_password)
    yield client
    client.http.close()


@pytest.fixture(scope="module")
def place(deployment: Deployment, shared_client: Client, shared_project: str, administrator: Client) -> Iterator[Place]:
    """A project on a machine from which an outside is seen."""
    machine = deployment.host(shared_client.project(shared_project)["host"])
    machine.run(TEAR_DOWN)  # of a test that was killed
    made = machine.run(f"SERVER=$(cat <<'EOF'\n{SERVER}\nEOF\n)\n{SET_UP}")
    try:
        assert made.rc == 0, made.stderr
        yield Place(shared_client, administrator, shared_project, machine)
    finally:
        machine.run(TEAR_DOWN)


def test_without_the_quota_there_is_no_way_out(place: Place) -> None:
    assert set(place.connect(f"{OUTSIDE}:80").values()) == {"OSError 101"}  # no route
    assert place.machine.run("systemctl is-active lyceum-network").stdout.strip() == "inactive"


def test_with_the_quota_there_is_at_once_and_names_are_found(place: Place) -> None:
    place.allow(True)
    script = f"exec 3<>/dev/tcp/{OUTSIDE}/80; echo who >&3; head -1 <&3; getent ahostsv4 www.example.org; cat /etc/resolv.conf"
    answer = place.client.run(place.project, script)
    assert "outside saw 192.0.2.1\n" in answer["stdout"], answer  # the host's address, not the project's
    assert "203.0.113.10" in answer["stdout"]
    assert "203.0.113.53" not in answer["stdout"]  # where the names come from is not told


def test_nothing_inside_is_reached(place: Place, deployment: Deployment) -> None:
    """Each of these has a listener: it is the gate that refuses, at once and saying so."""
    place.allow(True)
    ports = (22, 443, 5001, 5432, 6000, 6001, 6002)
    machines = [str(deployment.variables[name]["ansible_host"]) for name in deployment.hosts]
    targets = [f"{address}:{port}" for address in (*machines, "198.18.0.0", "192.0.2.1") for port in ports]
    targets += [f"{address}:80" for address in (
        "169.254.169.254", "10.77.0.10", "100.64.7.7", "172.16.9.9", "192.168.9.9", "192.0.2.2"
    )]  # fmt: skip
    outcomes = place.connect(*targets, f"{OUTSIDE}:25", f"{OUTSIDE}:80", "203.0.113.53:80")
    assert outcomes.pop(f"{OUTSIDE}:80") == "reached"
    assert outcomes.pop("203.0.113.53:80") == "reached"
    assert {target: outcome for target, outcome in outcomes.items() if outcome != "OSError 113"} == {}


def test_projects_do_not_reach_each_other(place: Place) -> None:
    place.allow(True)
    other = place.client.running_project("Neighbour")
    place.administrator.call("set_quotas", project_id=other, network=True)
    script = "ip -4 -o address show dev eth0 | awk '{print $4}'; nohup python3 -m http.server 8000 >/dev/null 2>&1 &"
    address = place.client.run(other, script)["stdout"].partition("/")[0].strip()
    assert address.startswith("198.18.")
    assert place.connect(f"{address}:8000") == {f"{address}:8000": "OSError 113"}
    shown = place.machine.run("curl --silent --max-time 3 http://%s:8000/", address)
    assert shown.rc != 0  # nor does the host: what a project serves is reached through the hub's proxy
    place.client.call("stop_project", project_id=other, wait=60)
    links = place.machine.check_output("nsenter --net=/run/netns/lyceum-projects ip -brief link")
    assert len([line for line in links.splitlines() if line.startswith("p")]) == 1


def test_there_is_no_ipv6(place: Place) -> None:
    place.allow(True)
    answer = place.client.run(place.project, "ip -6 -o address show dev eth0; ip -6 route show dev eth0; echo END")
    assert answer["stdout"] == "END\n"


def test_connections_are_counted(place: Place) -> None:
    place.allow(True)
    script = f"""python3 - <<'EOF'
import resource, socket, time
resource.setrlimit(resource.RLIMIT_NOFILE, (3000, 3000))
held, refused = [], 0
for _ in range(1300):
    try:
        held.append(socket.create_connection(("{OUTSIDE}", 80), timeout=3))
    except OSError:
        refused += 1
        time.sleep(0.01)
    if refused > 10:
        break
print(len(held))
EOF"""
    assert 400 <= int(place.client.run(place.project, script)["stdout"]) <= 1000


def test_bandwidth_is_bounded(place: Place) -> None:
    place.allow(True)
    script = f"""python3 - <<'EOF'
import socket, threading, time
connection = socket.create_connection(("{OUTSIDE}", 80))
total = 12_500_000
threading.Thread(target=lambda: connection.sendall(bytes(total)), daemon=True).start()
begun, got = time.monotonic(), 0
while got < total:
    got += len(connection.recv(1 << 16))
print(got * 8 / (time.monotonic() - begun) / 1e6)
EOF"""
    assert 10 < float(place.client.run(place.project, script)["stdout"]) < 115


def test_it_stays_when_the_daemon_ends_and_goes_at_once_with_the_quota(place: Place) -> None:
    place.allow(True)
    script = f"""exec 3<>/dev/tcp/{OUTSIDE}/80; echo who >&3; head -1 <&3; touch connected
for i in $(seq 300); do echo who >&3 && timeout 1 head -1 <&3 >> seen || break; sleep 0.2; done; echo "$i" > ended"""
    begin = f"rm -f seen ended; nohup bash -c '{script}' >log 2>&1 & until test -s seen; do sleep 0.1; done"
    assert place.client.run(place.project, begin)["exit_code"] == 0
    place.machine.check_output("systemctl kill --signal=KILL lyceum-compute")
    place.machine.check_output("systemctl restart lyceum-compute")
    place.client.until_running(place.project)
    outcome = place.client.run(place.project, "rm seen; until test -s seen; do sleep 0.1; done; test ! -e ended")
    assert outcome["exit_code"] == 0, outcome
    place.allow(False)
    outcome = place.client.run(place.project, "until test -e ended; do sleep 0.1; done; cat /proc/net/dev", timeout=20)
    assert "eth0" not in outcome["stdout"]
    assert outcome["exit_code"] == 0, outcome
    assert place.connect(f"{OUTSIDE}:80") == {f"{OUTSIDE}:80": "OSError 101"}
    forwarding = "cat /proc/sys/net/ipv4/ip_forward; nft list tables; ls /run/netns; ip -brief link show lyceum-out"
    assert "lyceum" not in place.machine.run(forwarding).stdout


def test_only_administrators_raise_it(place: Place) -> None:
    with refused(403, "forbidden"):
        place.client.call("set_quotas", project_id=place.project, network=True)
