"""What the edge does with requests, seen from a machine beside it.

Hub and hub proxy are stand-ins that tell back what reached them.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from testinfra.host import Host

from tests.deployment import ROOT, Deployment

PROJECT = "/01234567-89ab-cdef-0123-456789abcdef/terminal/one"
FORGED = [
    *("X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: gopher", "X-Forwarded-Host: evil.example", "X-Real-IP: 6.6.6.6"),
    *("Forwarded: for=6.6.6.6", "X-Lyceum-Account: 1", "X_Lyceum_Account: 1", "Proxy: evil.example"),
]
#: How many servers of a backend HAProxy counts as up.
COUNT = """
import socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect("/run/haproxy/admin.sock")
connection.sendall(b"show stat\\n")
print(sum(line.startswith(sys.argv[1] + ",hub1") and ",UP," in line for line in connection.makefile()))
"""
#: Sends the beginning of a request, and prints the status of the answer.
SLOW = """
import socket, ssl, sys
connection = ssl._create_unverified_context().wrap_socket(socket.create_connection((sys.argv[1], 443), timeout=40))
connection.sendall(b"GET / HTTP/1.1\\r\\nHost: localhost\\r\\n")
print(connection.recv(100).split()[1].decode())
"""


@dataclass(frozen=True)
class Answer:
    """What curl got."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def told(self) -> dict[str, Any]:
        """What a stand-in says of the request."""
        return dict(json.loads(self.body))

    def asked(self, name: str) -> list[str]:
        """The values of a header as they reached the stand-in."""
        return [value for key, value in self.told["headers"] if key == name]


@dataclass(frozen=True)
class Browser:
    """curl on another machine."""

    machine: Host
    edge: str

    def ask(self, path: str, *options: str, port: int = 443, data: int | None = None) -> Answer:
        """Ask the edge; data: how many bytes to send as a body."""
        scheme = {443: "https", 80: "http"}[port]
        body = ["--data-binary", "@-"] if data is not None else []
        words = [
            *("curl", "--silent", "--insecure", "--include", "--path-as-is", "--max-time", "60"),
            *("--resolve", f"localhost:{port}:{self.edge}", *body, *options, f"{scheme}://localhost{path}"),
        ]
        got = self.machine.check_output(f"head -c {data or 0} /dev/zero | {' '.join(['%s'] * len(words))}", *words)
        head, _, text = got.replace("\r\n", "\n").partition("\n\n")
        first, *lines = head.splitlines()
        return Answer(int(first.split()[1]), {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}, text)


@pytest.fixture(scope="session")
def edge(deployment: Deployment) -> Host:
    return deployment.host("edge1")


@pytest.fixture(scope="session")
def hub(deployment: Deployment) -> Host:
    return deployment.host("hub1")


@pytest.fixture(scope="session")
def address(deployment: Deployment) -> str:
    return str(deployment.variables["edge1"]["ansible_host"])


@pytest.fixture(scope="session")
def browser(hub: Host, address: str) -> Browser:
    return Browser(hub, address)


def wait_for_servers(edge: Host, backend: str, up: int) -> None:
    """Wait until HAProxy counts so many servers of a backend as up."""
    wait = f"until [ $(python3 -c {shlex.quote(COUNT)} {backend}) = {up} ]; do sleep 0.2; done"
    edge.check_output("timeout 30 sh -c %s", wait)


@contextmanager
def without(edge: Host, hub: Host, *ports: int) -> Iterator[None]:
    """Let stand-ins be gone, and HAProxy know it."""
    units = " ".join(f"fake-hub@{port}" for port in ports)
    hub.check_output(f"systemctl stop {units}")
    try:
        wait_for_servers(edge, "hub", 2 - len(ports))
        yield
    finally:
        hub.check_output(f"systemctl start {units}")
        wait_for_servers(edge, "hub", 2)


@pytest.mark.parametrize(("version", "good"), [("tls1", False), ("tls1_1", False), ("tls1_2", True), ("tls1_3", True)])
def test_versions_of_tls(hub: Host, address: str, version: str, good: bool) -> None:
    done = hub.run(f"openssl s_client -connect {address}:443 -{version} -cipher ALL:@SECLEVEL=0 < /dev/null")
    assert (done.rc == 0) is good, done.stderr


@pytest.mark.parametrize("cipher", ["AES128-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA"])
def test_ciphers_without_secrecy_for_the_future_are_refused(hub: Host, address: str, cipher: str) -> None:
    done = hub.run(f"openssl s_client -connect {address}:443 -tls1_2 -cipher {cipher}:@SECLEVEL=0 < /dev/null")
    assert done.rc != 0


@pytest.mark.parametrize(
    ("path", "options", "status", "code"),
    [
        ("/api/v1/../x", (), 400, "malformed"),
        ("/api/v1/get_site", ("--header", "Host: evil.example"), 421, "unknown_name"),
        ("/api/v1/get_site", ("--request", "BREW"), 405, "method_not_allowed"),
    ],
)
def test_what_the_edge_refuses_itself_has_the_form_of_the_hubs_errors(
    browser: Browser, path: str, options: tuple[str, ...], status: int, code: str
) -> None:
    answer = browser.ask(path, *options)
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (status, code)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_http_leads_to_https_under_the_same_name(browser: Browser, name: str) -> None:
    answer = browser.ask("/a/b?c=d", "--header", f"Host: {name}", port=80)
    assert (answer.status, answer.headers["location"]) == (308, f"https://{name}/a/b?c=d")


@pytest.mark.parametrize("port", [80, 443])
def test_a_strange_name_gets_nothing(browser: Browser, port: int) -> None:
    answer = browser.ask("/", "--header", "Host: evil.example", port=port)
    assert answer.status == 421
    assert "location" not in answer.headers


@pytest.mark.parametrize("path", ["/api/v1/get_site", "/hub/", "/auth/x", PROJECT])
def test_forged_headers_are_overwritten(browser: Browser, hub: Host, path: str) -> None:
    answer = browser.ask(path, *(word for header in FORGED for word in ("--header", header)))
    own = hub.check_output("hostname --all-ip-addresses").split()
    assert answer.asked("x-forwarded-for")[0] in own
    assert len(answer.asked("x-forwarded-for")) == 1
    assert answer.asked("x-forwarded-proto") == ["https"]
    assert answer.asked("x-forwarded-host") == ["localhost"]
    names = {name for name, _ in answer.told["headers"]}
    assert not names & {"x-real-ip", "forwarded", "proxy", "x-lyceum-account", "x_lyceum_account"}


def test_project_paths_go_to_the_hub_proxy_and_others_to_the_web_client(browser: Browser) -> None:
    assert browser.ask(PROJECT).told["port"] == "5001"
    assert browser.ask("/api/v1/get_site").told["port"] in {"5000", "5002"}
    assert "<title>Web client</title>" in browser.ask("/projects/anything").body
    assert "<title>Web client</title>" in browser.ask(PROJECT.upper()).body


@pytest.mark.parametrize("path", ["/api/../x", "/a/%2e%2e/x", "/a/%2E%2E%2fx", "/a\\..\\x", "/..", "/a/.", "/a%00b"])
def test_a_path_that_two_readers_could_read_differently_is_refused(browser: Browser, path: str) -> None:
    assert browser.ask(path).status == 400


def test_the_web_client_comes_with_its_rules(browser: Browser) -> None:
    page, script = browser.ask("/"), browser.ask("/assets/main-1234abcd.js")
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "wss://localhost" in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cache-control"] == "no-cache"
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert browser.ask("/assets/gone-00000000.js").status == 404
    assert browser.ask("/", "--request", "POST").status == 405


def test_the_cookie_leads_to_the_same_hub_and_is_closed_to_scripts(browser: Browser) -> None:
    first = browser.ask("/api/v1/get_site")
    cookie, *attributes = first.headers["set-cookie"].split("; ")
    assert {"HttpOnly", "Secure", "SameSite=Lax"} <= set(attributes)
    for _ in range(4):
        again = browser.ask("/api/v1/get_site", "--cookie", cookie)
        assert again.told["port"] == first.told["port"]
        assert "set-cookie" not in again.headers
        assert not again.asked("cookie"), "the cookie is the edge's own affair"
    assert "set-cookie" not in browser.ask(PROJECT, "--cookie", cookie).headers, "hub and hub proxy share it"


@pytest.mark.parametrize("how", [[], ["--request", "POST"]])
def test_what_only_reads_is_asked_of_another_hub(browser: Browser, how: list[str]) -> None:
    answer = browser.ask("/api/v1/get_projects", "--cookie", "lyceum_backend=hub1-0", "--header", "X-End: 5000", *how)
    assert (answer.status, answer.told["port"]) == (200, "5002")


def test_what_changes_something_is_never_asked_twice(browser: Browser) -> None:
    answer = browser.ask(
        "/api/v1/create_project", "--cookie", "lyceum_backend=hub1-0", "--header", "X-End: 5000", "--request", "POST"
    )
    assert answer.status == 502
    assert answer.told["error"]["code"] == "interrupted"


def test_a_machine_that_is_gone_in_the_middle_of_a_call_is_noticed(browser: Browser, edge: Host) -> None:
    """Whoever waited for its answer would have waited for the longest time-out: a machine that is off says nothing."""
    browser.ask("/api/v1/get_site")
    connections = edge.check_output("ss -Htno 'dport = :5000 or dport = :5002'")
    asked_after = re.findall(r"keepalive,([0-9.]+)(ms|sec|min)", connections)
    assert asked_after
    assert [time for time in asked_after if time[1] == "min" or (time[1] == "sec" and float(time[0]) > 10)] == []


def test_a_hub_that_is_gone_costs_no_request(browser: Browser, hub: Host) -> None:
    hub.check_output("systemctl stop fake-hub@5000")
    try:
        for _ in range(8):
            answer = browser.ask("/api/v1/create_project", "--cookie", "lyceum_backend=hub1-0", "--request", "POST")
            assert answer.told["port"] == "5002"
    finally:
        hub.check_output("systemctl start fake-hub@5000")


def test_without_hubs_the_answer_says_so_and_the_web_client_is_there(browser: Browser, edge: Host, hub: Host) -> None:
    with without(edge, hub, 5000, 5002):
        answer = browser.ask("/api/v1/get_site")
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert answer.told["error"]["code"] == "unavailable"
        assert browser.ask("/alive").status == 503
        assert browser.ask("/").status == 200
    assert browser.ask("/alive").status == 200


def test_a_server_with_another_services_certificate_gets_no_request(browser: Browser, edge: Host, hub: Host) -> None:
    """What listens on a hub's port, on a hub's machine, with a certificate of our authority, but a gateway's."""
    drop_in = "/run/systemd/system/fake-hub@5000.service.d"
    with without(edge, hub, 5002):
        try:
            hub.check_output(
                f"mkdir -p {drop_in} && printf '[Service]\\nEnvironment=CERTIFICATE=gateway\\n' > {drop_in}/x.conf"
                " && systemctl daemon-reload && systemctl restart fake-hub@5000"
            )
            wait_for_servers(edge, "hub", 0)
            assert browser.ask("/api/v1/get_site").status == 503
        finally:
            hub.check_output(f"rm -r {drop_in} && systemctl daemon-reload && systemctl restart fake-hub@5000")


@pytest.mark.parametrize("protocol", ["h1", "h2"])
def test_an_open_websocket_survives_a_reload(deployment: Deployment, edge: Host, address: str, protocol: str) -> None:
    variables = deployment.variables["hub1"]
    program = ["python3", "/usr/local/bin/websocket.py", address, protocol]
    words = ["ssh", *variables["ansible_ssh_common_args"].split(), "hub1", *program]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        assert client.stdout.readline() == "open\n"
        for text in ("before\n", "after\n"):
            client.stdin.write(text)
            client.stdin.flush()
            assert client.stdout.readline() == text
            edge.check_output("systemctl reload haproxy")
        client.stdin.close()


def test_limits_of_body_and_headers(browser: Browser) -> None:
    assert browser.ask("/api/v1/write_text_file", data=17_825_792).told["length"] == 17_825_792
    refused = browser.ask("/api/v1/write_text_file", data=17_825_793)
    assert (refused.status, refused.told["error"]["code"]) == (413, "too_large")
    assert browser.ask("/", "--http1.1", "--header", f"X-Long: {'a' * 40_000}").status == 400


def test_who_sends_slowly_is_cut_off(hub: Host, address: str) -> None:
    """A client that never ends its headers gets 408 when the time for them is up."""
    assert hub.check_output("python3 -c %s %s", SLOW, address) == "408"


def test_secrets_are_not_logged(browser: Browser, edge: Host) -> None:
    secret = ["--header", "Cookie: __Host-lyceum_session=hunter3", "--header", "Authorization: Bearer hunter4"]
    browser.ask("/api/v1/get_site?ticket=hunter2", *secret)
    browser.ask(f"{PROJECT}?ticket=hunter5")
    log = edge.check_output("journalctl --unit=haproxy --no-pager --output=cat")
    assert PROJECT in log
    assert "hunter" not in log


def test_records_are_json(browser: Browser, edge: Host) -> None:
    browser.ask("/api/v1/of_this_test")
    lines = edge.check_output("journalctl --unit=haproxy --no-pager --output=cat | grep of_this_test").splitlines()
    record = json.loads(lines[-1])
    assert (record["path"], record["status"], record["backend"]) == ("/api/v1/of_this_test", 200, "hub")


def test_the_administrators_socket_is_closed_to_others(edge: Host) -> None:
    assert edge.check_output("stat -c '%a %U' /run/haproxy /run/haproxy/admin.sock") == "750 haproxy\n660 haproxy"


def test_the_processes_are_not_roots(edge: Host) -> None:
    assert edge.check_output("ps -o user= -C haproxy | sort -u") == "haproxy"
    assert edge.check_output("ps -o user= -C nginx | sort -u") == "www-data"


@pytest.mark.parametrize("unit", ["haproxy.service", "nginx.service"])
def test_units_are_confined(edge: Host, unit: str) -> None:
    report = edge.check_output("systemd-analyze security --no-pager %s | tail -1", unit)
    assert float(report.partition(": ")[2].split()[0]) <= 2.0
