"""The main job, from outside: work in a project is saved, deleted by mistake, and brought back."""

from __future__ import annotations

from base64 import b64decode
from datetime import datetime, timedelta

from tests.deployment import Deployment
from tests.instance.client import Client
from tests.instance.conftest import ClientMaker

TEXT = "Eureka: α² + β² = γ²\n" * 20


def test_a_file_deleted_by_mistake_comes_back_from_a_snapshot(client: Client) -> None:
    project_id = client.running_project("Geometry")
    identity = client.call("project_exec", project_id=project_id, command="id")
    name = project_id.replace("-", "")
    assert f"({name})" in identity["stdout"]
    assert "uid=0(" not in identity["stdout"]
    client.call("write_text_file", project_id=project_id, path="notes/proof.txt", content=TEXT)
    saved = client.call("save_project", project_id=project_id, wait=120)
    assert saved["state"] == "running"
    client.call("delete_path", project_id=project_id, path="notes")
    snapshots = client.call("list_snapshots", project_id=project_id, path="notes/proof.txt")["snapshots"]
    assert snapshots, "a finished save must have left a snapshot that holds the file"
    times = [datetime.fromisoformat(each["time"]) for each in snapshots]
    assert times == sorted(times)
    assert all(each.utcoffset() == timedelta(0) for each in times)
    answer = client.call("restore_path", project_id=project_id, snapshot=snapshots[-1]["name"], path="notes/proof.txt")
    assert answer == {"restored": ["notes/proof.txt"], "set_aside": []}
    assert client.call("read_text_file", project_id=project_id, path="notes/proof.txt")["content"] == TEXT


def test_restoring_sets_aside_what_would_be_overwritten(client: Client, project: str) -> None:
    client.call("write_text_file", project_id=project, path="draft.txt", content="first")
    client.call("save_project", project_id=project, wait=120)
    client.call("write_text_file", project_id=project, path="draft.txt", content="second")
    snapshot = client.call("list_snapshots", project_id=project, path="draft.txt")["snapshots"][-1]["name"]
    answer = client.call("restore_path", project_id=project, snapshot=snapshot, path="draft.txt")
    assert client.call("read_text_file", project_id=project, path="draft.txt")["content"] == "first"
    (aside,) = answer["set_aside"]
    assert client.call("read_text_file", project_id=project, path=aside)["content"] == "second"


def test_snapshots_are_looked_into_while_the_project_is_stopped(client: Client) -> None:
    project_id = client.running_project("Topology")
    client.run(project_id, "mkdir old; printf '\\211PNG' > old/knot.png; ln -s /etc/passwd old/out")
    client.call("save_project", project_id=project_id, wait=120)
    client.call("stop_project", project_id=project_id, wait=60)
    (snapshot,) = client.call("list_snapshots", project_id=project_id, path="old/knot.png")["snapshots"][-1:]
    asked = {"project_id": project_id, "snapshot": snapshot["name"]}
    entries = client.call("list_snapshot_directory", path="old", **asked)["entries"]
    assert [(entry["name"], entry["type"]) for entry in entries] == [("knot.png", "file"), ("out", "link")]
    assert b64decode(client.call("read_snapshot_file", path="old/knot.png", **asked)["content"]) == b"\x89PNG"
    for path in ("old/out", "nothing"):
        response = client.post("read_snapshot_file", path=path, **asked)
        assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")


def test_each_call_may_go_to_another_hub(deployment: Deployment, client: Client, new_client: ClientMaker) -> None:
    """A project made on one hub is started, used and saved through the others, with the same session."""
    backends = deployment.hub_cookies()
    hubs = [new_client(backend=each) for each in backends]
    for hub in hubs:
        hub.share_session(client)
    first, last = hubs[0], hubs[-1]
    project_id = first.call("create_project", title="Between hubs")["project_id"]
    assert last.call("start_project", project_id=project_id, wait=60)["state"] == "running"
    first.call("write_text_file", project_id=project_id, path="a.txt", content="from the first")
    assert last.call("read_text_file", project_id=project_id, path="a.txt")["content"] == "from the first"
    last.call("save_project", project_id=project_id, wait=120)
    snapshots = first.call("list_snapshots", project_id=project_id)["snapshots"]
    first.call("delete_path", project_id=project_id, path="a.txt")
    last.call("restore_path", project_id=project_id, snapshot=snapshots[-1]["name"], path="a.txt")
    assert first.call("read_text_file", project_id=project_id, path="a.txt")["content"] == "from the first"
    assert last.call("stop_project", project_id=project_id, wait=60)["state"] == "opened"


def test_quotas_hold_in_the_kernel(client: Client, administrator: Client, project: str) -> None:
    quota = administrator.call("set_quotas", project_id=project, memory=200, disk=100)["quota"]
    assert (quota["memory"], quota["disk"]) == (200, 100)
    hog = client.run(project, "python3 -c 'x = bytearray(600_000_000)'; echo $?")
    assert hog["stdout"].strip() in {"137", "1"}
    filled = client.run(
        project, "head -c 300000000 /dev/urandom > big; echo $?; rm -f big; echo ok > small && cat small"
    )
    assert filled["stdout"].split() == ["1", "ok"], filled


def test_another_project_is_out_of_sight(client: Client, new_client: ClientMaker, project: str) -> None:
    client.call("write_text_file", project_id=project, path="secret.txt", content="mine alone")
    stranger = new_client()
    stranger.create_account("Mallory")
    other = stranger.running_project("Curious")
    seen = stranger.run(
        other,
        f"ls /projects /run/lyceum /home; cat /projects/{project}/home/secret.txt; ls -la /proc | wc -l; "
        "grep -c . /etc/passwd; ps axo user= | sort -u",
    )
    assert "mine alone" not in seen["stdout"]
    assert project.replace("-", "")[:8] not in seen["stdout"]
    assert project not in seen["stdout"]


def test_a_collaborator_works_in_the_project_until_removed(
    client: Client, new_client: ClientMaker, project: str
) -> None:
    friend = new_client()
    account_id = friend.create_account("Grace")
    client.call("invite_collaborator", project_id=project, email_address=friend.email_address)
    assert [each["project_id"] for each in friend.call("get_projects")["projects"]] == [project]
    friend.call("write_text_file", project_id=project, path="from-grace.txt", content="hello")
    assert client.call("read_text_file", project_id=project, path="from-grace.txt")["content"] == "hello"
    client.call("remove_collaborator", project_id=project, account_id=account_id)
    assert friend.call("get_projects")["projects"] == []
    assert friend.post("read_text_file", project_id=project, path="from-grace.txt").status_code == 404


def test_the_description_of_the_interface_is_complete(client: Client) -> None:
    document = client.http.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.")
    operations = {path.rsplit("/", 1)[-1] for path in document["paths"]}
    expected = """create_account sign_in sign_out create_project get_projects start_project stop_project restart_project
        save_project project_exec read_text_file write_text_file list_directory copy_path delete_path rename_path
        make_directory invite_collaborator remove_collaborator set_quotas list_snapshots restore_path"""
    assert set(expected.split()) <= operations
