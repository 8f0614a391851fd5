"""Bad input: the right status, a clear message, nothing leaked."""

from __future__ import annotations

import contextlib
import socket
import uuid

import httpx
import pytest

from .site import ORIGIN, Person, Site


def code(response: httpx.Response) -> tuple[int, str]:
    assert "Traceback" not in response.text
    return response.status_code, response.json()["error"]["code"]


def test_malformed_json(ada: Person) -> None:
    assert code(ada.raw("create_project", b'{"title": ')) == (400, "malformed")
    assert code(ada.raw("create_project", b"\xff\xfe")) == (400, "malformed")
    assert code(ada.raw("create_project", b'{"title": "\\ud800"}')) == (400, "malformed")
    assert code(ada.raw("create_project", b"[" * 100_000)) == (400, "malformed")
    assert code(ada.raw("create_project", b"[1]")) == (422, "invalid")


def test_an_unknown_event(ada: Person) -> None:
    assert code(ada.raw("make_coffee", b"{}")) == (404, "unknown_event")
    assert code(ada.raw("__class__", b"{}")) == (404, "unknown_event")


def test_an_oversized_message(ada: Person) -> None:
    big = b'{"title": "' + b"x" * (16 * 1024 * 1024) + b'"}'
    assert code(ada.raw("create_project", big)) == (413, "too_large")


def test_another_content_type(ada: Person) -> None:
    assert code(ada.raw("create_project", b"title=x", {"content-type": "application/x-www-form-urlencoded"})) == (
        415,
        "wrong_media_type",
    )


def test_invalid_fields_are_named(ada: Person) -> None:
    assert ada.refused("create_project", 422, "invalid")["field"] == "title"
    assert ada.refused("create_project", 422, "invalid", title=3)["field"] == "title"
    assert ada.refused("create_project", 422, "invalid", title="x", colour="red")["field"] == "colour"
    assert ada.refused("create_project", 422, "invalid", title="a\0b")["field"] == "title"
    assert ada.refused("create_project", 422, "invalid", title="")["field"] == "title"
    assert ada.refused("start_project", 422, "invalid", project_id="nonsense")["field"] == "project_id"
    assert ada.refused("start_project", 422, "invalid")["field"] == "project_id"


def test_who_may_call_comes_before_what_is_asked(site: Site, ada: Person) -> None:
    stranger = Person(site)
    assert code(stranger.raw("create_project", b"nonsense")) == (401, "not_signed_in")
    assert code(ada.raw("set_quotas", b"nonsense")) == (403, "forbidden")
    foreign = site.person().project()
    ada.refused("write_text_file", 404, "not_found", project_id=foreign, path=7)


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd", "a\0b", "x" * 5000])
def test_paths_that_lead_out_are_refused(ada: Person, path: str) -> None:
    project_id = ada.project()
    for event in ("read_text_file", "delete_path", "make_directory", "list_directory"):
        assert ada.refused(event, 422, "invalid", project_id=project_id, path=path)["field"] == "path"
    ada.refused("restore_path", 422, "invalid", project_id=project_id, snapshot="x", path=path)
    moved = ada.refused("rename_path", 422, "invalid", project_id=project_id, source="a", destination=path)
    assert moved["field"] == "destination"


def test_limits_of_a_command(ada: Person) -> None:
    project_id = ada.project()
    error = ada.refused("project_exec", 422, "invalid", project_id=project_id, command="id", timeout=601)
    assert error["field"] == "timeout"


def test_a_foreign_origin_is_refused(ada: Person) -> None:
    ada.headers["origin"] = ORIGIN
    ada.ok("get_account")
    for origin in ("https://evil.example", "null", f"{ORIGIN}:444", "http://lyceum.test", f"{ORIGIN}.evil.example"):
        ada.headers["origin"] = origin
        ada.refused("get_account", 403, "foreign_origin")
        ada.refused("sign_in", 403, "foreign_origin", email_address="a@b.example", password="x")


def test_only_the_edge_is_served(site: Site) -> None:
    url = site.hubs[0].url
    with httpx.Client(verify=site.proxy) as proxy:
        assert proxy.post(f"{url}/api/v1/get_site", json={}).status_code == 403
        assert proxy.get(f"{url}/alive").status_code == 200  # the proxy is as alive as its hubs
        assert proxy.get(f"{url}/hub/?EIO=4&transport=polling").status_code == 403
    with httpx.Client(verify=site.edge) as edge:
        assert edge.get(f"{url}/internal/authorise").status_code == 403
        assert edge.post(f"{url}/api/v1/get_site", json={}).status_code == 200
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{url}/alive", verify=site.authority.client("compute"))
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{url}/alive", verify=site.authority.client(None))


def test_a_failure_inside_leaves_an_incident_in_the_log_and_nothing_to_the_caller(site: Site, ada: Person) -> None:
    project_id = ada.running()
    error = ada.refused("read_text_file", 500, "internal", project_id=project_id, path="broken")
    assert "secret" not in error["message"]
    incident = error["message"].split("say ")[1].split(":")[0]
    assert incident in site.hubs[0].log.read_text()


def test_other_paths_and_methods(site: Site) -> None:
    url = site.hubs[0].url
    with httpx.Client(verify=site.edge) as edge:
        wrong = edge.get(f"{url}/api/v1/get_site")
        assert (*code(wrong), wrong.headers["allow"]) == (405, "method_not_allowed", "POST")
        assert code(edge.get(f"{url}/api/v2/x")) == (404, "not_found")
        assert code(edge.post(f"{url}/alive")) == (405, "method_not_allowed")
        document = edge.get(f"{url}/api/v1/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert "/create_project" in document["paths"]


def test_get_site_needs_no_session(site: Site) -> None:
    found = Person(site).ok("get_site")
    ssh = found.pop("ssh")
    assert found == {"site_name": "Lyceum", "sign_up": "open", "version": "0.1.0"}
    assert set(ssh) == {"port", "host_key", "fingerprint"}


def test_broken_http_does_no_harm(site: Site) -> None:
    for garbage in (b"\x16\x03\x01" * 50, b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", b"\0" * 1000):
        with (
            socket.create_connection(("127.0.0.1", site.first_port), timeout=5) as plain,
            site.edge.wrap_socket(plain, server_hostname="localhost") as sock,
        ):
            sock.sendall(garbage)
            with contextlib.suppress(OSError):
                assert b"Traceback" not in sock.recv(4096)
    assert Person(site).post("get_site").status_code == 200


def test_a_project_that_is_not_there_is_as_one_of_others(site: Site, ada: Person) -> None:
    foreign = site.person().project()
    for event in ("start_project", "stop_project", "save_project", "list_snapshots", "update_project"):
        first = ada.refused(event, 404, "not_found", project_id=foreign)
        assert first == ada.refused(event, 404, "not_found", project_id=str(uuid.uuid4()))
